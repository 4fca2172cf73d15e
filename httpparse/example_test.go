package httpparse_test

import (
	"errors"
	"fmt"

	"tenfour/httpparse"
)

// A head may arrive in parts. Parse is called again with the longer buffer, and goes on where it has stopped.
func ExampleRequest() {
	const wire = "GET /a?b=1 HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"
	var req httpparse.Request
	for _, arrived := range []int{10, 30, len(wire)} {
		buf := []byte(wire[:arrived])
		n, err := req.Parse(buf, nil)
		switch {
		case errors.Is(err, httpparse.ErrPartial):
			fmt.Println(arrived, "bytes: incomplete")
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Printf("%d bytes: %s %s for %s, keep-alive %t\n", n, req.Method.In(buf), req.Origin.In(buf), req.Host.In(buf), req.KeepAlive)
			for _, f := range req.Fields {
				fmt.Printf("%s = %s, connection-specific %t\n", f.Name.In(buf), f.Value.In(buf), f.Hop)
			}
		}
	}
	// Output:
	// 10 bytes: incomplete
	// 30 bytes: incomplete
	// 61 bytes: GET /a?b=1 for example.org, keep-alive false
	// Host = example.org, connection-specific false
	// Connection = close, connection-specific true
}

// A head that two servers could read differently is refused, with the status for its client and the rule that it breaks.
func ExampleRefusal() {
	var req httpparse.Request
	_, err := req.Parse([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), nil)
	var refusal *httpparse.Refusal
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Status, refusal.Rule, refusal.Place())
	}
	// Output:
	// 400 RFC 9112 §6.1: both Content-Length and Transfer-Encoding at byte 45, in line 4
}

// The excerpt shows a student, or an operator, which byte it is.
func ExampleRefusal_Excerpt() {
	buf := []byte("GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello")
	var req httpparse.Request
	_, err := req.Parse(buf, nil)
	if refusal, ok := err.(*httpparse.Refusal); ok {
		line, caret := refusal.Excerpt(buf, nil)
		fmt.Println(refusal)
		fmt.Println(line)
		fmt.Println(caret)
	}
	// Output:
	// RFC 9112 §5.1: white space before the colon
	// Content-Length : 5\r\n
	//               ^
}

// Old backends may end lines in a bare LF and fold them; framing is never read leniently.
func ExampleResponse() {
	buf := []byte("HTTP/1.0 200 OK\nX-Long: one\n two\nContent-Length: 5\n\nhello")
	var resp httpparse.Response
	n, err := resp.Parse(buf, httpparse.Get, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d %s, %d bytes of body: %s\n", resp.Status, resp.AppendReason(nil, buf), resp.ContentLength, buf[n:])
	fmt.Printf("%s = %s\n", resp.Fields[0].Name.In(buf), resp.Fields[0].Value.In(buf))
	// Output:
	// 200 OK, 5 bytes of body: hello
	// X-Long = one two
}

// Next takes the chunked coding off, however the bytes are split, and stops at the end of the body.
func ExampleChunks() {
	var c httpparse.Chunks
	var body []byte
	for _, part := range []string{"5\r\nhel", "lo\r\n6;ext=1\r\n wor", "ld\r\n0\r\n\r\nGET / HTTP/1.1\r\n"} {
		src := []byte(part)
		for len(src) > 0 {
			n, data, done, err := c.Next(src, nil)
			if err != nil {
				fmt.Println(err)
				return
			}
			body = append(body, data...)
			src = src[n:]
			if done {
				fmt.Printf("%s, and after the body: %q\n", body, src)
				break
			}
		}
	}
	// Output:
	// hello world, and after the body: "GET / HTTP/1.1\r\n"
}

// A server that gives fields to its programs as CGI variables cannot tell these two names apart.
func ExampleAlias() {
	for _, name := range []string{"X-Forwarded-For", "X_Forwarded_For"} {
		fmt.Println(name, "passes for another field:", httpparse.Alias([]byte(name)) != httpparse.FieldOther)
	}
	// Output:
	// X-Forwarded-For passes for another field: false
	// X_Forwarded_For passes for another field: true
}

// The chunked coding of one piece of data: its size, the data, a line end, and the last chunk.
func ExampleAppendChunkSize() {
	data := "hello, world"
	body := httpparse.AppendChunkSize(nil, len(data))
	body = append(body, data+"\r\n"+httpparse.LastChunk...)
	fmt.Printf("%q\n", body)
	// Output:
	// "c\r\nhello, world\r\n0\r\n\r\n"
}
