package lab

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// sendAll sends raw, ends the sending side, and returns all that comes back.
func sendAll(t testing.TB, b *Faulty, raw string) string {
	t.Helper()
	g := b.visitedBy(t)
	io.WriteString(g, raw)
	g.Conn.(*net.TCPConn).CloseWrite()
	got, err := io.ReadAll(g.in)
	if err != nil {
		t.Fatalf("%q: got error %v after %q", raw, err, got)
	}
	return string(got)
}

func TestEcho_namesEachLineOfARequest(t *testing.T) {
	for raw, want := range map[string]string{
		"GET /a?b HTTP/1.1\r\nHost: a\r\nX-Odd:\t\\\xff\r\n\r\n": `41 bytes came, as request 1 of connection 1:

GET /a?b HTTP/1.1\r\n  the request line: method GET, target /a?b, version HTTP/1.1
Host: a\r\n            the field Host
X-Odd:\t\\\xff\r\n     the field X-Odd
\r\n                   an empty line: the head ends
`,
		"POST / HTTP/1.0\nContent-Length: 4\n\na\r\nb": `39 bytes came, as request 1 of connection 1:

POST / HTTP/1.0\n    the request line: method POST, target /, version HTTP/1.0
Content-Length: 4\n  the field Content-Length
\n                   an empty line: the head ends
a\r\nb               content: 4 bytes
`,
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na;x=y\r\n0123456789\r\n0\r\nA: b\r\n\r\n": `86 bytes came, as request 1 of connection 1:

POST / HTTP/1.1\r\n             the request line: method POST, target /, version HTTP/1.1
Host: a\r\n                     the field Host
Transfer-Encoding: chunked\r\n  the field Transfer-Encoding
\r\n                            an empty line: the head ends
a;x=y\r\n                       the size of a chunk: a in hexadecimal is 10
0123456789                      content: 10 bytes
\r\n                            the end of the chunk
0\r\n                           the size 0: the last chunk
A: b\r\n                        a field of the trailer
\r\n                            an empty line: the body ends
`,
		"GET  / HTTP/1.1\r\n\r\n": `19 bytes came, as request 1 of connection 1:

GET  / HTTP/1.1\r\n  the request line, which should be three words: method, target, version
\r\n                 an empty line: the head ends

This is no whole request: malformed HTTP version "/ HTTP/1.1".
`,
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc": `50 bytes came, as request 1 of connection 1:

POST / HTTP/1.1\r\n    the request line: method POST, target /, version HTTP/1.1
Host: a\r\n            the field Host
Content-Length: 9\r\n  the field Content-Length
\r\n                   an empty line: the head ends
abc                    content: 3 bytes

This is no whole request: the connection ended before the request was complete.
`,
	} {
		got := sendAll(t, startFaulty(t, "echo"), raw)
		if _, content, _ := strings.Cut(got, "\r\n\r\n"); content != want {
			t.Errorf("%q: got\n%s\nwant\n%s", raw, content, want)
		}
	}
}

func TestEcho_countsTheRequestsOfAConnection(t *testing.T) {
	b := startFaulty(t, "echo")
	got := sendAll(t, b, plainGet+plainGet) // the second comes with the first: each answer has its own bytes
	for _, want := range []string{"27 bytes came, as request 1 of connection 1:", "27 bytes came, as request 2 of connection 1:"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("got\n%s\nwant once: %s", got, want)
		}
	}
	if got := sendAll(t, b, plainGet); !strings.Contains(got, "as request 1 of connection 2:") {
		t.Errorf("got\n%s\nwant connection 2", got)
	}
}

func TestEcho_answersWithTheExactBytesWhenAsked(t *testing.T) {
	raw := "POST / HTTP/1.0\r\nAccept: message/http\r\nContent-Length: 3\r\n\r\n\x00\xffa"
	got := sendAll(t, startFaulty(t, "echo"), raw)
	head, content, _ := strings.Cut(got, "\r\n\r\n")
	if content != raw || !strings.Contains(head, "Content-Type: message/http\r\n") {
		t.Errorf("got %q, want %q as message/http", got, raw)
	}
}

func TestEcho_answersInJSONWhenAsked(t *testing.T) {
	p, err := Parse("echo")
	if err != nil {
		t.Fatal(err)
	}
	p.Explain = func(raw []byte) (string, any) { return "", len(raw) }
	b, err := p.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	raw := "POST / HTTP/1.0\r\nAccept: application/json\r\nContent-Length: 2\r\n\r\n\xff\n"
	_, content, _ := strings.Cut(sendAll(t, b, raw), "\r\n\r\n")
	var got struct {
		Connection, Request, Size, Meaning int
		Bytes                              string
		Lines                              []struct{ Bytes, Is string }
	}
	if err := json.Unmarshal([]byte(content), &got); err != nil {
		t.Fatalf("%v in %s", err, content)
	}
	if got.Connection != 1 || got.Request != 1 || got.Size != len(raw) || got.Meaning != len(raw) || got.Bytes != latin1([]byte(raw)) {
		t.Errorf("got %+v", got)
	}
	joined := ""
	for _, l := range got.Lines {
		joined += l.Bytes
	}
	if last := got.Lines[len(got.Lines)-1]; joined != got.Bytes || last.Is != "content: 2 bytes" {
		t.Errorf("got lines %+v, want all the bytes, the last of them content", got.Lines)
	}
}

func TestEcho_showsWhatExplainSays(t *testing.T) {
	p, err := Parse("echo")
	if err != nil {
		t.Fatal(err)
	}
	p.Explain = func(raw []byte) (string, any) { return "explained: " + string(raw[:3]) + "\n", nil }
	b, err := p.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got := sendAll(t, b, plainGet); !strings.HasSuffix(got, "connection 1:\n\nexplained: GET\n") {
		t.Errorf("got %q", got)
	}
}

func TestEcho_showsTheFirstBytesOfALargeRequest(t *testing.T) {
	raw := "POST / HTTP/1.0\r\nContent-Length: 100\r\n\r\n" + strings.Repeat("x", 100)
	for size, more := range map[string]string{"139": "1 byte", "40": "100 bytes"} {
		got := sendAll(t, startFaulty(t, "echo:size="+size), raw)
		if want := "… and " + more + " more, which are not shown (size=)\n"; !strings.HasSuffix(got, want) || !strings.Contains(got, "140 bytes came") {
			t.Errorf("got\n%s\nwant %s", got, want)
		}
	}
	if got := sendAll(t, startFaulty(t, "echo:size=140"), raw); strings.Contains(got, "more") {
		t.Errorf("got\n%s\nwant all shown", got)
	}
}

func TestEcho_sendsNoContentToHEAD(t *testing.T) {
	g := startFaulty(t, "echo").visitedBy(t)
	for range 2 {
		io.WriteString(g, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
		r, err := http.ReadResponse(g.in, &http.Request{Method: "HEAD"})
		if err != nil || r.StatusCode != 200 || r.ContentLength == 0 {
			t.Fatalf("got %v, error %v", r, err)
		}
	}
}

func TestRuns_haveEachByteOnce(t *testing.T) {
	whole := "POST / HTTP/1.1\r\nHost: a\nno colon\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nfffffff\r\nab\nc\r\n0\r\nA: b\r\n\r\nrest"
	for n := range len(whole) + 1 {
		for _, raw := range []string{whole[:n], whole[n:]} {
			joined := ""
			for _, r := range runs([]byte(raw)) {
				if len(r.bytes) == 0 || r.is == "" {
					t.Errorf("%q: got an empty run or name: %q %q", raw, r.bytes, r.is)
				}
				joined += string(r.bytes)
			}
			if joined != raw {
				t.Errorf("%q: got %q", raw, joined)
			}
		}
	}
}
