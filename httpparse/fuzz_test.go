package httpparse

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// randomCuts returns up to five places in n bytes, in order. It depends on seed alone.
func randomCuts(n int, seed uint64) (cuts []int) {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	for at := 0; len(cuts) < 5; {
		at += rng.IntN(n/3 + 2)
		if at >= n {
			break
		}
		cuts = append(cuts, at)
	}
	return cuts
}

// everyCut returns every place in n bytes.
func everyCut(n int) []int {
	cuts := make([]int, n)
	for i := range cuts {
		cuts[i] = i
	}
	return cuts
}

// sameHoweverCut parses raw whole, byte by byte and cut at random, checks that the results are equal, and returns it.
func sameHoweverCut(t *testing.T, fresh func() parser, raw string, seed uint64) string {
	whole := parseCut(t, fresh(), raw)
	for _, cuts := range [][]int{randomCuts(len(raw), seed), everyCut(len(raw))} {
		if got := parseCut(t, fresh(), raw, cuts...); got != whole {
			t.Fatalf("cut at %v: %s\nwhole: %s\ninput: %q", cuts, got, whole, raw)
		}
	}
	return whole
}

// smallLimits returns limits that small inputs reach, for half of the seeds.
func smallLimits(seed uint64) *Limits {
	if seed%2 == 0 {
		return nil
	}
	return &Limits{Head: 90, Fields: 5, Method: 7, EmptyLines: 1, ResponseHead: 90, ChunkLine: 8, ChunkExt: 12, Trailer: 20}
}

func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		abHead, browserHead,
		"\r\nPOST http://a:80/x?y HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close, x\r\nX: 1\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nMax-Forwards: 3\r\nVia: 1.1 tenfour (a,b)\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\nAccept: application/json\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
	} {
		f.Add([]byte(seed), uint64(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		raw := string(in)
		lim := smallLimits(seed)
		sameHoweverCut(t, freshRequest(lim), raw, seed)
		var r Request
		if n, err := r.Parse(in, lim); err == nil {
			likeNetHTTPRequest(t, &r, in[:n])
		}
	})
}

// likeNetHTTPRequest checks that net/http reads head as the same request as this package does.
//
// It differs in these things, none of which is a danger:
//   - Empty lines before the request-line: net/http refuses them. It gets the head without them.
//   - Targets: net/http parses URLs and refuses some that tenfour forwards byte by byte (a bad %-escape, bytes of 0x80
//     and more in a host). It gets "/" instead of an origin-form.
//   - Methods: net/http takes the target of CONNECT for an authority. This package refuses CONNECT.
//   - HTTP/1.2 to 1.9: net/http keeps the minor version. Here it becomes 1.
//   - Host: net/http takes the field out of the header. With absolute-form both prefer the target.
//   - Transfer-Encoding, Content-Length and Trailer: net/http removes or rewrites the first two, and refuses a Trailer
//     that names them; tenfour drops Trailer. It gets "X-Trailer" instead.
//   - Connection: net/http only knows close. Both read keep-alive in 1.0 the same way.
//   - Pragma: net/http adds a Cache-Control for "no-cache".
//   - Content-Length of a request with leading zeros: both read the same number.
func likeNetHTTPRequest(t *testing.T, r *Request, head []byte) {
	raw := string(head)
	var b strings.Builder
	target := string(r.Target.In(head))
	if r.Form == OriginForm {
		target = "/"
	}
	lineEnd := int(r.Target.End) + len(" HTTP/1.1\r\n")
	b.WriteString(string(r.Method.In(head)) + " " + target + " " + knownVersion(raw[r.Target.End+1:lineEnd-2]) + "\r\n")
	section := raw[lineEnd:]
	for _, f := range r.Fields {
		if f.ID == FieldTrailer {
			at := int(f.Name.Start) - lineEnd
			section = section[:at] + "X" + section[at+1:]
		}
	}
	b.WriteString(section)

	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(b.String())))
	if err != nil {
		if r.Form == AbsoluteForm {
			return // net/url is stricter, see above
		}
		t.Fatalf("net/http: %v\nours: %s\ninput: %q", err, describeRequest(r, head), raw)
	}
	if host := string(r.Host.In(head)); req.Host != host && !(r.Form == AbsoluteForm && strings.Contains(host, "%")) {
		t.Errorf("Host: net/http %q, ours %q, input %q", req.Host, host, raw)
	}
	wantLength := int64(0)
	switch r.Framing {
	case Length:
		wantLength = r.ContentLength
	case Chunked:
		wantLength = -1
	}
	if req.ContentLength != wantLength || len(req.TransferEncoding) > 0 != (r.Framing == Chunked) {
		t.Errorf("framing: net/http %d %v, ours %s %d, input %q", req.ContentLength, req.TransferEncoding, framingNames[r.Framing], r.ContentLength, raw)
	}
	if req.Close == r.KeepAlive {
		t.Errorf("close: net/http %t, ours %t, input %q", req.Close, !r.KeepAlive, raw)
	}
	sameFields(t, r.Fields, head, req.Header)
}

// knownVersion returns version, but HTTP/1.1 for HTTP/1.2 to 1.9.
func knownVersion(version string) string {
	if strings.HasPrefix(version, "HTTP/1.") && version[7] >= '2' && version[7] <= '9' {
		return "HTTP/1.1"
	}
	return version
}

// sameFields checks that net/http has read the same field lines. net/http collects the values of one name, in order.
func sameFields(t *testing.T, fields []Field, head []byte, got http.Header) {
	want := http.Header{}
	for _, f := range fields {
		name := http.CanonicalHeaderKey(string(f.Name.In(head)))
		switch f.ID {
		case FieldHost, FieldTransferEncoding, FieldContentLength:
			continue
		case FieldTrailer:
			name = http.CanonicalHeaderKey("X" + name[1:])
		}
		if name == "Pragma" || name == "Cache-Control" {
			continue
		}
		want[name] = append(want[name], string(f.Value.In(head)))
	}
	for _, name := range []string{"Host", "Transfer-Encoding", "Content-Length", "Pragma", "Cache-Control"} {
		got.Del(name)
	}
	if len(got) != len(want) {
		t.Errorf("fields: net/http %q, ours %q, input %q", got, want, head)
	}
	for name, values := range want {
		if strings.Join(got[name], "\n") != strings.Join(values, "\n") {
			t.Errorf("%s: net/http %q, ours %q, input %q", name, got[name], values, head)
		}
	}
}

func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		backendHead,
		"HTTP/1.0 200\nX: a\n b\n\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\ncontent-length: 5\r\n\r\nhello",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x,\r\n\tclose\r\nX: 1\r\n\r\n5\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX: a\r\n \r\n  b \r\n\r\n",
	} {
		f.Add([]byte(seed), uint64(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		lim := smallLimits(seed)
		verb := Get
		if seed%3 == 0 {
			verb = Head
		}
		sameHoweverCut(t, freshResponse(verb, lim), string(in), seed)
		var r Response
		if n, err := r.Parse(in, verb, lim); err == nil {
			likeNetHTTPResponse(t, &r, verb, in[:n])
		}
	})
}

// likeNetHTTPResponse checks that net/http reads head as the same response as this package does. net/http gets a head
// that is written anew from the parsed one: folds in one line, CRLF at each line's end.
//
// It differs in these things, none of which is a danger:
//   - HTTP/1.2 to 1.9: net/http keeps the minor version. Here it becomes 1.
//   - 101: net/http takes the rest of the connection for the body.
//   - Equal Content-Lengths in a list: net/http refuses the list, this package collapses it (RFC 9110 §8.6). It gets the
//     number.
//   - Responses without a body: net/http reports the length of HEAD and 304, and none for 1xx and 204.
//   - Trailer, Pragma: as in requests.
//   - 1xx: net/http judges their Content-Length and Transfer-Encoding. This package does not, because a 1xx has no body and
//     the fields are not forwarded.
//   - Connection: net/http takes a field with close out of the header. A response up to the close also counts as close.
func likeNetHTTPResponse(t *testing.T, r *Response, verb Verb, head []byte) {
	var b bytes.Buffer
	b.WriteString(knownVersion(string(head[:8])) + string(head[8:12]) + " ")
	b.Write(r.AppendReason(nil, head))
	b.WriteString("\r\n")
	for _, f := range r.Fields {
		name, value := string(f.Name.In(head)), string(f.Value.In(head))
		switch f.ID {
		case FieldTrailer:
			name = "X" + name[1:]
		case FieldContentLength:
			value = strconv.FormatInt(r.ContentLength, 10)
			if r.Status < 200 {
				value = "0"
			}
		case FieldTransferEncoding:
			if r.Status < 200 {
				continue
			}
		}
		b.WriteString(name + ": " + value + "\r\n")
	}
	b.WriteString("\r\n")
	req := &http.Request{Method: "GET"}
	if verb == Head {
		req.Method = "HEAD"
	}
	resp, err := http.ReadResponse(bufio.NewReader(&b), req)
	if err != nil {
		t.Fatalf("net/http: %v\nours: %s\ninput: %q", err, describeResponse(r, head), head)
	}
	if resp.StatusCode != r.Status {
		t.Errorf("status: net/http %d, ours %d, input %q", resp.StatusCode, r.Status, head)
	}
	fields := slices.DeleteFunc(slices.Clone(r.Fields), func(f Field) bool { return f.ID == FieldConnection })
	resp.Header.Del("Connection")
	sameFields(t, fields, head, resp.Header)
	wantLength := int64(-1)
	switch r.Framing {
	case NoBody:
		return
	case Length:
		wantLength = r.ContentLength
	}
	if resp.ContentLength != wantLength || len(resp.TransferEncoding) > 0 != (r.Framing == Chunked) {
		t.Errorf("framing: net/http %d %v, ours %s %d, input %q", resp.ContentLength, resp.TransferEncoding, framingNames[r.Framing], r.ContentLength, head)
	}
	if r.Framing != UntilClose && resp.Close == r.KeepAlive {
		t.Errorf("close: net/http %t, ours %t, input %q", resp.Close, !r.KeepAlive, head)
	}
}

// TestParse_everyByteReplaced puts every byte in every place of a head.
func TestParse_everyByteReplaced(t *testing.T) {
	accepted := 0
	for _, raw := range []string{
		"GET /x HTTP/1.1\r\nHost: a:80\r\nContent-Length: 10\r\nX: y\r\n\r\n",
		"POST http://[::1]/ HTTP/1.1\r\nHost: a.b\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
	} {
		for i := range raw {
			for c := range 256 {
				in := []byte(raw)
				in[i] = byte(c)
				var r Request
				if n, err := r.Parse(in, nil); err == nil {
					likeNetHTTPRequest(t, &r, in[:n])
					accepted++
				}
			}
		}
	}
	for _, raw := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 10\r\n\r\n",
		"HTTP/1.1 200 OK\nX: y\r\n z\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		for i := range raw {
			for c := range 256 {
				in := []byte(raw)
				in[i] = byte(c)
				var r Response
				if n, err := r.Parse(in, Get, nil); err == nil {
					likeNetHTTPResponse(t, &r, Get, in[:n])
					accepted++
				}
			}
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d heads were accepted", accepted)
	}
}

func FuzzChunks(f *testing.F) {
	for _, seed := range []string{
		"0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5;a=\"b\"\r\nhello\r\n00 ;c\r\nX: y\r\nZ:\r\n\r\nrest", "7fffffffffffffff\r\nabc", "A\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n",
	} {
		f.Add([]byte(seed), uint64(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		raw := string(in)
		lim := smallLimits(seed)
		whole := decodeCut(t, new(Chunks), lim, raw)
		for _, cuts := range [][]int{randomCuts(len(raw), seed), everyCut(len(raw))} {
			if got := decodeCut(t, new(Chunks), lim, raw, cuts...); got != whole {
				t.Fatalf("cut at %v: %s\nwhole: %s\ninput: %q", cuts, got, whole, raw)
			}
		}
		likeNetHTTPChunks(t, in, lim)
	})
}

// likeNetHTTPChunks checks that net/http reads a body that this package accepts in the same way, if in ends with the body.
//
// It differs in these things, none of which is a danger:
//   - net/http refuses bodies whose framing is many times their data ("too much overhead"). Here Limits.ChunkExt bounds it.
//   - White space before an extension: net/http refuses it, although BWS is allowed there (RFC 9112 §7.1.1).
//   - net/http does not read the trailer section here, only up to the last-chunk's line.
func likeNetHTTPChunks(t *testing.T, in []byte, lim *Limits) {
	var c Chunks
	var body []byte
	for src, done := in, false; !done; {
		n, data, d, err := c.Next(src, lim)
		if err != nil || n == 0 && !d {
			return // refused, or incomplete
		}
		body = append(body, data...)
		src, done = src[n:], d
	}
	got, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(in)))
	if err != nil && strings.Contains(err.Error(), "too much overhead") {
		return
	}
	if err != nil && (bytes.Contains(in, []byte(" ;")) || bytes.Contains(in, []byte("\t;"))) {
		return
	}
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("net/http %q, %v, ours %q, input %q", got, err, body, in)
	}
}

func FuzzChunksRoundTrip(f *testing.F) {
	f.Add([]byte("hello world"), uint64(1))
	f.Add([]byte(""), uint64(2))
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var raw []byte
		for rest := body; len(rest) > 0; {
			n := 1 + rng.IntN(len(rest))
			raw = AppendChunkSize(raw, n)
			raw = append(append(raw, rest[:n]...), "\r\n"...)
			rest = rest[n:]
		}
		raw = append(raw, LastChunk...)
		want := strconv.Quote(string(body)) + " in " + strconv.Itoa(len(raw)) + " bytes"
		if got := decodeCut(t, new(Chunks), nil, string(raw)+"GET", randomCuts(len(raw), seed)...); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(raw))); err != nil || !bytes.Equal(got, body) {
			t.Errorf("net/http reads %q, %v, want %q", got, err, body)
		}
	})
}

func FuzzIPv6(f *testing.F) {
	for _, seed := range []string{"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8", "::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "::ffff:1.2.3.04", "1:::2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		addr, err := netip.ParseAddr(s)
		if want := err == nil && addr.Is6() && addr.Zone() == ""; isIPv6([]byte(s)) != want {
			t.Errorf("%q: got %t, net/netip says %t", s, !want, want)
		}
	})
}
