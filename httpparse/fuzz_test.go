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
		"\n\nPOST /a HTTP/1.1\nHost: a:\nContent-Length: 5\nX:y \n\nhello",
		"POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5\r\nhello\r\n0\r\n\r\n",
		"GET / HTTP/1.1\nHost: a\r\nX: y\n\n",
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
			oneMeaning(t, &r, in[:n])
		}
	})
}

// oneMeaning checks that a request's head means the same when it is written anew, and with line ends of the other kind: that its
// lines end in LF is all that can be odd about it.
func oneMeaning(t *testing.T, r *Request, head []byte) {
	var anew strings.Builder
	version := map[uint8]string{0: "HTTP/1.0", 1: "HTTP/1.1"}[r.Minor]
	anew.WriteString(string(r.Method.In(head)) + " " + string(r.Target.In(head)) + " " + version + "\r\n")
	for _, f := range r.Fields {
		anew.WriteString(string(f.Name.In(head)) + ": " + string(f.Value.In(head)) + "\r\n")
	}
	anew.WriteString("\r\n")
	toggled := strings.ReplaceAll(string(head), "\r\n", "\n")
	if toggled == string(head) {
		toggled = strings.ReplaceAll(string(head), "\n", "\r\n")
	}
	want := describeRequest(r, head)
	for what, raw := range map[string]string{"written anew": anew.String(), "with other line ends": toggled} {
		var again Request
		n, err := again.Parse([]byte(raw), &Limits{Head: 1 << 20})
		if err != nil || n != len(raw) || describeRequest(&again, []byte(raw)) != want {
			t.Errorf("%s: got %v, %d of %d bytes, %s\nwant %s\ninput: %q", what, err, n, len(raw), describeRequest(&again, []byte(raw)), want, head)
		}
	}
}

// likeNetHTTPRequest checks that net/http reads head as the same request as this package does.
//
// It differs in these things, none of which is a danger:
//   - Empty lines before the request-line: net/http refuses them. It gets the head without them.
//   - Targets: net/http parses URLs and refuses some that tenfour forwards byte by byte (a bad %-escape, bytes of 0x80
//     and more in a host). It gets "/" instead of an origin-form.
//   - Methods: net/http takes the target of CONNECT for an authority. This package refuses CONNECT.
//   - HTTP/1.2 to 1.9: net/http keeps the minor version. Here it becomes 1.
//   - Host: net/http takes the field out of the header. With absolute-form both prefer the target. net/http keeps an empty port.
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
	lineEnd := int(r.Target.End) + 1 + strings.IndexByte(raw[r.Target.End:], '\n')
	b.WriteString(string(r.Method.In(head)) + " " + target + " " + knownVersion(strings.TrimRight(raw[r.Target.End+1:lineEnd], "\r\n")) + "\r\n")
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
	if host := string(r.Host.In(head)); strings.TrimSuffix(req.Host, ":") != host && !(r.Form == AbsoluteForm && strings.Contains(host, "%")) {
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
		"\r\n\nHTTP/1.0  200   OK\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5   \r\n",
		"HTTP/1.1 200 OK\r\nX : a\x01b\x7f\nDate\t:c\r\n\x02d\r\nTransfer-Encoding: identity\r\n\r\n",
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
		in = slices.Clone(in) // because Parse may rewrite it
		if n, err := r.Parse(in, verb, lim); err == nil {
			likeNetHTTPResponse(t, &r, verb, in[:n])
			strictlyTheSame(t, &r, in[:n])
		}
	})
}

// linesAnew returns r's field lines as a proxy writes them: in canonical form, and with one field that says where the body ends.
func linesAnew(r *Response, head []byte) string {
	var b strings.Builder
	lengths := 0
	for _, f := range r.Fields {
		name, value := string(f.Name.In(head)), string(f.Value.In(head))
		switch f.ID {
		case FieldTrailer:
			name = "X" + name[1:]
		case FieldContentLength:
			if lengths++; r.ContentLength < 0 || lengths > 1 || r.Status < 200 {
				continue
			}
			value = strconv.FormatInt(r.ContentLength, 10)
		case FieldTransferEncoding:
			if r.Status < 200 || isWord([]byte(value), "identity") {
				continue
			}
		}
		b.WriteString(name + ": " + value + "\r\n")
	}
	return b.String()
}

// strictlyTheSame checks that r's field lines, written anew, have the same meaning to the strict parser, which is that of requests:
// whatever was odd about the head, nothing odd is left.
func strictlyTheSame(t *testing.T, r *Response, head []byte) {
	raw := "POST / HTTP/1.1\r\nHost: a\r\n"
	var want []string
	for line := range strings.Lines(linesAnew(r, head)) {
		if id := FieldNamed(line[:strings.IndexByte(line, ':')]); id == FieldHost || id == FieldExpect {
			line = "X-" + line // they mean something else in a request
		}
		raw += line
		want = append(want, strings.TrimSuffix(line, "\r\n"))
	}
	raw += "\r\n"
	var strict Request
	if n, err := strict.Parse([]byte(raw), &Limits{Head: 1 << 20, Fields: 1 << 16}); err != nil || n != len(raw) {
		t.Fatalf("the strict parser: %v, %d of %d bytes\nours: %s\ninput: %q", err, n, len(raw), describeResponse(r, head), head)
	}
	var got []string
	for _, f := range strict.Fields[1:] {
		got = append(got, string(f.Name.In([]byte(raw)))+": "+string(f.Value.In([]byte(raw))))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the strict parser has %q, want %q, input %q", got, want, head)
	}
	if r.Framing == Chunked != (strict.Framing == Chunked) && r.Framing != NoBody || r.Framing == Length && strict.ContentLength != r.ContentLength {
		t.Errorf("the strict parser: %s %d, ours %s %d, input %q", framingNames[strict.Framing], strict.ContentLength, framingNames[r.Framing], r.ContentLength, head)
	}
}

// likeNetHTTPResponse checks that net/http reads head as the same response as this package does. net/http gets a head
// that is written anew from the parsed one: see linesAnew.
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
//   - Chunked in HTTP/1.0: net/http does not read it. It gets HTTP/1.1.
//   - Doubt about the end (chunked in HTTP/1.0, or beside a length): net/http keeps the connection.
func likeNetHTTPResponse(t *testing.T, r *Response, verb Verb, head []byte) {
	var b bytes.Buffer
	version := "HTTP/1.0 "
	doubt := r.Minor == 0
	for _, f := range r.Fields {
		doubt = doubt || f.ID == FieldContentLength
	}
	doubt = doubt && r.private.chunked
	if r.Minor == 1 || r.private.chunked {
		version = "HTTP/1.1 "
	}
	b.WriteString(version + strconv.Itoa(r.Status) + " ")
	b.Write(r.AppendReason(nil, head))
	b.WriteString("\r\n" + linesAnew(r, head) + "\r\n")
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
	if doubt && r.KeepAlive {
		t.Errorf("the connection would be used again, input %q", head)
	}
	if r.Framing != UntilClose && !doubt && resp.Close == r.KeepAlive {
		t.Errorf("close: net/http %t, ours %t, input %q", resp.Close, !r.KeepAlive, head)
	}
}

// TestParse_everyByteReplaced puts every byte in every place of a head.
func TestParse_everyByteReplaced(t *testing.T) {
	accepted := 0
	for _, raw := range []string{
		"GET /x HTTP/1.1\r\nHost: a:80\r\nContent-Length: 10\r\nX: y\r\n\r\n",
		"POST http://[::1]/ HTTP/1.1\r\nHost: a.b\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
		"\nPOST /x HTTP/1.1\nHost: a:\nContent-Length: 10\nX: y\n\n",
	} {
		for i := range raw {
			for c := range 256 {
				in := []byte(raw)
				in[i] = byte(c)
				var r Request
				if n, err := r.Parse(in, nil); err == nil {
					likeNetHTTPRequest(t, &r, in[:n])
					oneMeaning(t, &r, in[:n])
					accepted++
				}
			}
		}
	}
	for _, raw := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 10\r\n\r\n",
		"HTTP/1.1 200 OK\nX: y\r\n z\r\nTransfer-Encoding: chunked\r\n\r\n",
		"\nHTTP/1.0  200  OK\nX : y\x01z\nContent-Length: 5\nTransfer-Encoding: chunked\n\n",
	} {
		for i := range raw {
			for c := range 256 {
				in := []byte(raw)
				in[i] = byte(c)
				var r Response
				if n, err := r.Parse(in, Get, nil); err == nil {
					likeNetHTTPResponse(t, &r, Get, in[:n])
					strictlyTheSame(t, &r, in[:n])
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
		"5   \r\nhello\r\n0 \t\r\nX : y\x01\r\n z\r\n\r\n",
	} {
		f.Add([]byte(seed), uint64(0))
		f.Add([]byte(seed), uint64(2))
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		raw := string(in)
		lim := smallLimits(seed)
		c := &Chunks{Patient: seed/2%2 == 1}
		whole := decodeCut(t, c, lim, raw)
		for _, cuts := range [][]int{randomCuts(len(raw), seed), everyCut(len(raw))} {
			c.Reset()
			if got := decodeCut(t, c, lim, raw, cuts...); got != whole {
				t.Fatalf("cut at %v: %s\nwhole: %s\ninput: %q", cuts, got, whole, raw)
			}
		}
		c.Reset()
		likeNetHTTPChunks(t, c, in, lim)
	})
}

// likeNetHTTPChunks checks that net/http reads a body that this package accepts in the same way, if in ends with the body, and that
// the strict parser does when it was written anew.
//
// net/http differs in these things, none of which is a danger:
//   - It refuses bodies whose framing is many times their data ("too much overhead"). Here Limits.ChunkExt bounds it.
//   - White space before an extension: it refuses it, although BWS is allowed there (RFC 9112 §7.1.1).
//   - White space after a size: it trims SP, HTAB, CR and LF, in every body.
//   - It does not read the trailer section here, only up to the last-chunk's line.
func likeNetHTTPChunks(t *testing.T, c *Chunks, in []byte, lim *Limits) {
	var body, anew []byte
	for src, done := in, false; !done; {
		n, data, d, err := c.Next(src, lim)
		if err != nil || n == 0 && !d {
			return // refused, or incomplete
		}
		body = append(body, data...)
		if len(data) > 0 {
			anew = append(append(AppendChunkSize(anew, len(data)), data...), "\r\n"...)
		}
		src, done = src[n:], d
	}
	anew = append(anew, LastChunk...)
	if got, want := decodeCut(t, new(Chunks), nil, string(anew)), strconv.Quote(string(body))+" in "+strconv.Itoa(len(anew))+" bytes"; got != want {
		t.Errorf("written anew: got %s, want %s, input %q", got, want, in)
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
