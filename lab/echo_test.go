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

func TestEcho_showsEachLineOfARequest(t *testing.T) {
	for raw, want := range map[string]string{
		"GET /a?b HTTP/1.1\r\nHost: a\r\nX-Odd:\t\\\xff\r\n\r\n": `41 bytes came, as request 1 of connection 1:

GET /a?b HTTP/1.1\r\n
Host: a\r\n
X-Odd:\t\\\xff\r\n
\r\n
`,
		"POST / HTTP/1.0\nContent-Length: 4\n\na\r\nb": `39 bytes came, as request 1 of connection 1:

POST / HTTP/1.0\n
Content-Length: 4\n
\n
a\r\n
b
`,
		"GET  / HTTP/1.1\r\n\r\n": `19 bytes came, as request 1 of connection 1:

GET  / HTTP/1.1\r\n
\r\n

This is no whole request: malformed HTTP version "/ HTTP/1.1".
`,
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc": `50 bytes came, as request 1 of connection 1:

POST / HTTP/1.1\r\n
Host: a\r\n
Content-Length: 9\r\n
\r\n
abc

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
	b := explaining(t, func(raw []byte) Explanation {
		return Explanation{Lines: []Line{{raw[:len(raw)-2], "a head"}, {raw[len(raw)-2:], "content"}}, Value: len(raw)}
	})
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
	if last := got.Lines[len(got.Lines)-1]; joined != got.Bytes || last.Is != "content" {
		t.Errorf("got lines %+v, want all the bytes, the last of them content", got.Lines)
	}
}

// explaining starts an echo with a Plan.Explain.
func explaining(t *testing.T, explain func(raw []byte) Explanation) *Faulty {
	t.Helper()
	p, err := Parse("echo")
	if err != nil {
		t.Fatal(err)
	}
	p.Explain = explain
	b, err := p.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestEcho_showsWhatExplainSays(t *testing.T) {
	b := explaining(t, func(raw []byte) Explanation {
		return Explanation{Lines: []Line{{raw[:3], "a method"}, {raw[3:16], "more"}, {raw[16:], ""}}, Note: "This is a note."}
	})
	want := "connection 1:\n\nGET" + strings.Repeat(" ", 14) + "a method\n / HTTP/1.1\\r\\n  more\nHost: a\\r\\n\\r\\n\n\nThis is a note.\n"
	if got := sendAll(t, b, plainGet); !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want %q at its end", got, want)
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
