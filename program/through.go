package program

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"tenfour/explain"
	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/site"
	"tenfour/value/address"
	"tenfour/value/secret"
)

// through is what messages become on their way through a tenfour that a configuration describes. It has all parts of that, and no
// socket.
type through struct {
	lot     *lot.Lot
	workers *pool.Pool
	builder *site.Builder
	site    *site.Site
	buffer  bool               // chunked bodies are held, or go to a file, so that they go out with a length
	secrets []string           // names of fields that have credentials, in lower case
	served  map[int]string     // which routes serve the files of which directory
	asked   []*forward.Request // requests without a response so far; nil for one that no backend gets
	last    *forward.Request   // the one that was answered last; nil for none yet
}

// anyBackend stands for the backends that tenfour starts by itself for a route without any: they are not started.
var anyBackend = address.Backend{Host: "127.0.0.1", Port: 9001}

// anyClient is the address of the client that sends what is explained.
var anyClient = netip.MustParseAddr("127.0.0.1")

// newThrough builds what the configuration describes that tenfour would read; file is named on the command line, or "".
func newThrough(ctx context.Context, file string) (*through, error) {
	var args []string
	if file != "" {
		args = []string{"--config", file}
	}
	e, err := read(ctx, args)
	if err != nil {
		return nil, err
	}
	c := e.Config()
	c.Routes = slices.Clone(c.Routes)
	t := &through{buffer: c.SpoolMax > 0, served: map[int]string{}}
	for _, name := range c.SecretFields {
		t.secrets = append(t.secrets, strings.ToLower(name))
	}
	for i := range c.Routes {
		r := &c.Routes[i]
		if len(r.Backends) > 0 {
			continue
		}
		r.Backends = []address.Backend{anyBackend}
		if r.Serve != "" {
			t.served[i] = r.Serve
		}
	}
	if t.lot, err = lot.New(); err != nil {
		return nil, err
	}
	t.workers = pool.New(t.lot, func(any, []byte) {})
	log := zerolog.Nop()
	t.builder = site.NewBuilder(t.workers, &log)
	t.site, err = within(ctx, func() (*site.Site, error) { return t.builder.Prepare(&c) })
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *through) close() {
	if t.site != nil {
		t.builder.Drop(t.site)
	}
	t.workers.Close()
	t.lot.Close()
}

// sent returns what a message becomes: of a request what a backend gets, of a response what clients of HTTP/1.1 and 1.0 get. It is
// nothing for a message whose head is refused, or not all there.
func (t *through) sent(r *explain.Report) []*explain.Sent {
	switch {
	case r.Head == 0:
		return nil
	case r.What == explain.Request:
		s, req := t.request(r)
		t.asked = append(t.asked, req)
		return []*explain.Sent{s}
	}
	req := t.answered(!r.Interim())
	return []*explain.Sent{t.response(r, req, 1), t.response(r, req, 0)}
}

// request is what a backend gets of a request, and the request itself; nil if no backend gets it.
func (t *through) request(r *explain.Report) (*explain.Sent, *forward.Request) {
	s := &explain.Sent{To: "a backend"}
	head := r.Bytes[:r.Head]
	req, answer, err := t.site.Front.Preview(head, anyClient)
	switch {
	case err != nil:
		s.Instead = err.Error()
		return s, nil
	case answer != "":
		s.Instead = "tenfour answers by itself: " + answer
		return s, nil
	case r.Refusal != nil:
		s.Instead = fmt.Sprintf("its body is refused with %d: the backend never sees the end of it", r.Refusal.Status)
		return s, nil
	}
	origin := req.Route.Origins[0]
	content := r.Content()
	req.BodyWhole = req.Head.Framing == httpparse.Chunked && (t.buffer || content <= req.Route.Settings.Buffer)
	held := 0
	if req.BodyWhole {
		held = content
	}
	s.To = "the backend " + origin.Name
	if dir := t.filesOf(req.Route); dir != "" {
		s.To = "tenfour's own backend, which serves the files of " + dir
	}
	s.Head = t.masked(head, req.Preview(origin, held))
	s.Changes = explain.Changes(head, s.Head)
	s.Body = explain.BodyOf(s.Head, req.Head.Verb, content)
	return s, req
}

// filesOf returns the directory whose files a route serves; "" for none.
func (t *through) filesOf(route *forward.Route) string {
	for i := range t.site.Front.Routes {
		if t.site.Front.Routes[i].Route == route {
			return t.served[i]
		}
	}
	return ""
}

// masked is the head that goes out for in, without the credentials that the configuration has put into it: what is printed is shown to others, or
// pasted somewhere. Those that came in are shown.
func (t *through) masked(in, out []byte) []byte {
	parts := slices.DeleteFunc(secret.InHead(out, t.secrets), func(p [2]int) bool { return bytes.Contains(in, out[p[0]:p[1]]) })
	return secret.Without(out, parts)
}

// response is what a client of HTTP/1.minor gets of a response.
func (t *through) response(r *explain.Report, req *forward.Request, minor uint8) *explain.Sent {
	s := &explain.Sent{To: fmt.Sprintf("a client of HTTP/1.%d", minor)}
	if req == nil {
		s.Instead = "no route has the path /, so no request is known that it could answer: put one in front of it"
		return s
	}
	head := r.Bytes[:r.Head]
	out, err := req.PreviewResponse(req.Route.Origins[0], head, minor, minor == 1)
	switch {
	case err != nil:
		s.Instead = "502: the backend's response is malformed: " + err.Error()
	case len(out) == 0:
		s.Instead = "this interim response is not passed on"
	default:
		s.Head = t.masked(head, out)
		s.Changes = explain.Changes(head, s.Head)
		s.Body = explain.BodyOf(s.Head, req.Head.Verb, r.Content())
	}
	return s
}

// answered returns the request that a response answers, and counts it as answered if the response is its final one. Without any it is the
// last one, or else a plain GET.
func (t *through) answered(final bool) *forward.Request {
	req := t.last
	if len(t.asked) > 0 {
		req = t.asked[0]
	}
	if req == nil {
		req, _, _ = t.site.Front.Preview([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), anyClient)
	}
	if final {
		t.asked, t.last = t.asked[min(1, len(t.asked)):], req
	}
	return req
}
