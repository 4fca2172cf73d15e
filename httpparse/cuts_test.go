package httpparse

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// parser is a Request or a Response.
type parser interface {
	Parse(buf []byte) (n int, err error)
	String(buf []byte) string
}

type requestParser struct {
	*Request
	lim *Limits
}

func (p requestParser) Parse(buf []byte) (int, error) { return p.Request.Parse(buf, p.lim) }
func (p requestParser) String(buf []byte) string      { return describeRequest(p.Request, buf) }

type responseParser struct {
	*Response
	verb Verb
	lim  *Limits
}

func (p responseParser) Parse(buf []byte) (int, error) { return p.Response.Parse(buf, p.verb, p.lim) }
func (p responseParser) String(buf []byte) string      { return describeResponse(p.Response, buf) }

// parseCut gives raw to p in prefixes that end at cuts, then whole, each at another place in memory. It describes the
// result.
func parseCut(t testing.TB, p parser, raw string, cuts ...int) string {
	t.Helper()
	bytes := []byte(raw) // including the bytes that p has rewritten
	for _, cut := range append(cuts, len(raw)) {
		buf := atEdge(bytes[:cut])
		n, err := p.Parse(buf)
		copy(bytes, buf)
		var refusal *Refusal
		switch {
		case err == ErrPartial && n == 0:
			continue
		case errors.As(err, &refusal) && n == 0:
			if again, err := p.Parse(buf); again != 0 || err != error(refusal) {
				t.Fatalf("refused, then %d, %v", again, err)
			}
			return fmt.Sprintf("refused at %d: %d %s", refusal.Offset, refusal.Status, refusal.Rule)
		case err != nil || n <= 0 || n > cut:
			t.Fatalf("n = %d, err = %v of %d bytes %q", n, err, cut, bytes)
		}
		if again, err := p.Parse(buf); again != n || err != nil {
			t.Fatalf("parsed %d, then %d, %v", n, again, err)
		}
		return fmt.Sprintf("%d bytes: %s", n, p.String(buf))
	}
	return "incomplete"
}

// parseEveryCut parses raw whole, byte by byte and in two parts cut at every byte. It checks that the results are equal, and
// returns it.
func parseEveryCut(t testing.TB, fresh func() parser, raw string) string {
	t.Helper()
	want := parseCut(t, fresh(), raw)
	step := 1 + len(raw)/2000
	var all []int
	for cut := 0; cut < len(raw); cut += step {
		all = append(all, cut)
		if got := parseCut(t, fresh(), raw, cut); got != want {
			t.Errorf("cut at %d: %s\nwhole: %s\ninput: %q", cut, got, want, raw)
		}
	}
	if got := parseCut(t, fresh(), raw, all...); got != want {
		t.Errorf("byte by byte: %s\nwhole: %s\ninput: %q", got, want, raw)
	}
	return want
}

func freshRequest(lim *Limits) func() parser {
	r := new(Request)
	return func() parser {
		r.Reset()
		return requestParser{r, lim}
	}
}

func freshResponse(verb Verb, lim *Limits) func() parser {
	r := new(Response)
	return func() parser {
		r.Reset()
		return responseParser{r, verb, lim}
	}
}

// wantRefused checks that raw is refused for f however it is cut.
func wantRefused(t *testing.T, fresh func() parser, raw string, f *flaw) {
	t.Helper()
	got := parseEveryCut(t, fresh, raw)
	if want := fmt.Sprintf(": %d %s", f.status, f.rule); !strings.HasPrefix(got, "refused") || !strings.HasSuffix(got, want) {
		t.Errorf("got %s\nwant refused%s\ninput: %q", got, want, raw)
	}
}

func describeFields(fields []Field, buf []byte) string {
	var b strings.Builder
	for _, f := range fields {
		hop := ""
		if f.Hop {
			hop = "*" // not forwarded
		}
		fmt.Fprintf(&b, " [%s%s=%s]", f.Name.In(buf), hop, f.Value.In(buf))
	}
	return b.String()
}

var framingNames = [...]string{"no body", "length", "chunked", "until close"}

func describeRequest(r *Request, buf []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s(%d) %s", r.Method.In(buf), r.Verb, r.Target.In(buf))
	switch r.Form {
	case AbsoluteForm:
		fmt.Fprintf(&b, " absolute, origin %q", r.Origin.In(buf))
	case AsteriskForm:
		b.WriteString(" asterisk")
	}
	fmt.Fprintf(&b, " 1.%d", r.Minor)
	if r.HasHost {
		fmt.Fprintf(&b, " host %q", r.Host.In(buf))
	}
	fmt.Fprintf(&b, ", %s", framingNames[r.Framing])
	if r.Framing == Length {
		fmt.Fprintf(&b, " %d", r.ContentLength)
	}
	if r.MaxForwards != -1 {
		fmt.Fprintf(&b, ", max-forwards %d", r.MaxForwards)
	}
	if r.ViaSelf != 0 {
		fmt.Fprintf(&b, ", via self %d", r.ViaSelf)
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{r.KeepAlive, "keep-alive"}, {r.Expect100, "expects 100"}, {r.WebSocket, "websocket"}, {r.AcceptsJSON, "json"}} {
		if flag.set {
			b.WriteString(", " + flag.name)
		}
	}
	return b.String() + ";" + describeFields(r.Fields, buf)
}

func describeResponse(r *Response, buf []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %q 1.%d, %s", r.Status, r.AppendReason(nil, buf), r.Minor, framingNames[r.Framing])
	if r.ContentLength != -1 {
		fmt.Fprintf(&b, " %d", r.ContentLength)
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{r.KeepAlive, "keep-alive"}, {r.HasDate, "dated"}, {r.WebSocket, "websocket"}, {r.EventStream, "events"}} {
		if flag.set {
			b.WriteString(", " + flag.name)
		}
	}
	return b.String() + ";" + describeFields(r.Fields, buf)
}
