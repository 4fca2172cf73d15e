package lab

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func fileWith(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bytes")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRaw_sendsExactlyTheBytesOfItsFile(t *testing.T) {
	for _, raw := range []string{"", "x", "HTTP/1.1 200 OK\nA : b\r\n\r\n\x00\xff", string(filling)} {
		for _, options := range []string{"", ",delay=1ms,rate=100MiB,hold=1ms"} {
			b := startFaulty(t, "raw:file="+fileWith(t, raw)+options)
			if got := sendAll(t, b, plainGet+plainGet); got != raw { // the second request is left unread, which must reset nothing
				t.Errorf("%s: got %d bytes, want %d: %.80q", options, len(got), len(raw), got)
			}
		}
	}
}

func TestRaw_withoutAFileSendsAResponse(t *testing.T) {
	r, body, err := startFaulty(t, "raw").visitedBy(t).get()
	if err != nil || r.StatusCode != 200 || body != "OK\n" {
		t.Errorf("got %v with %q, error %v", r, body, err)
	}
}

func TestRaw_answersTheNextRequestOfAKeptConnectionWithTheNextFile(t *testing.T) {
	one, two := fileWith(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), fileWith(t, "junk")
	b := startFaulty(t, "raw:keep=true,file="+one+"|"+two)
	want := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\njunkHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	if got := sendAll(t, b, plainGet+plainGet+plainGet); got != want {
		t.Errorf("got %q for three requests, want %q", got, want)
	}
	p, err := Parse("raw:file=" + one + "|" + two + "|" + one)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Does(), "answers each request with exactly 38, 4 or 38 bytes in turn, and closes"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRaw_holdsTheConnectionOpen(t *testing.T) {
	b := startFaulty(t, "raw:file="+fileWith(t, "HTTP/1.1 204 No Content\r\n\r\n")+",hold=1h")
	g := b.visitedBy(t)
	if r, _, err := g.get(); err != nil || r.StatusCode != 204 {
		t.Fatalf("got %v, error %v", r, err)
	}
	g.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := g.in.ReadByte(); !isTimeout(err) {
		t.Errorf("after its bytes: got error %v, want the connection open", err)
	}
}

func TestRaw_waitsForAWholeRequest(t *testing.T) {
	g := startFaulty(t, "raw").visitedBy(t)
	io.WriteString(g, "GET / HTTP/1.1\r\n")
	g.Conn.(*net.TCPConn).CloseWrite()
	if got, _ := io.ReadAll(g.in); len(got) > 0 {
		t.Errorf("got %q for half a request, want nothing", got)
	}
}

func TestRaw_refusesAFileThatItCannotSend(t *testing.T) {
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxRaw+1); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		filepath.Join(t.TempDir(), "none"): "/none: no such file",
		t.TempDir():                        "is a directory",
		large:                              "/large: 16MiB at most",
	} {
		if _, err := Parse("raw:file=" + name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q", name, err, want)
		}
	}
	if err := os.Truncate(large, maxRaw); err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("raw:file=" + large); err != nil {
		t.Errorf("a file of 16 MiB: got error %v", err)
	}
}
