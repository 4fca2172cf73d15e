package front_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"tenfour/tests/await"
)

// startEcho is a backend that answers every request with its body.
func startEcho(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	serveEach(&running, ln, func(c net.Conn) {
		for in := bufio.NewReader(c); ; {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nX-Target: %s\r\nContent-Length: %d\r\n\r\n%s", r.RequestURI, len(body), body)
		}
	})
	t.Cleanup(func() { ln.Close(); running.Wait() })
	return ln.Addr().String()
}

// answered sends a request in pieces, and returns the target that the backend saw and the content of the answer.
func answered(t *testing.T, c net.Conn, in *bufio.Reader, pieces ...string) string {
	t.Helper()
	await.Within(c, await.Patience)
	for _, p := range pieces {
		if _, err := io.WriteString(c, p); err != nil {
			t.Fatal(err)
		}
	}
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("%.80q: %v", pieces, err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%.80q: got %s %.80q (%v)", pieces, r.Status, body, err)
	}
	return r.Header.Get("X-Target") + " " + string(body)
}

// TestRequest_isTheSameHoweverItArrives: head and body cut at every byte, on one persistent connection.
func TestRequest_isTheSameHoweverItArrives(t *testing.T) {
	addr, _, _ := startFront(t, 2, 10, map[string]string{"/": startEcho(t)})
	c, in := dial(t, addr)
	c.(*net.TCPConn).SetNoDelay(true)
	for name, raw := range map[string]string{
		"no body": "GET /x?q HTTP/1.1\r\nHost: a\r\n\r\n",
		"length":  "POST /x?q HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello\r\n\r\nto",
		"chunked": "POST /x?q HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6;e=1\r\nhello\r\r\n5\r\n\n\r\nto\r\n0\r\nT: 1\r\n\r\n",
	} {
		want := "/x?q "
		if name != "no body" {
			want += "hello\r\n\r\nto"
		}
		for cut := range len(raw) {
			if got := answered(t, c, in, raw[:cut], raw[cut:]); got != want {
				t.Fatalf("%s, cut at %d: got %q, want %q", name, cut, got, want)
			}
		}
	}
}

// TestBody_isTheSameAroundTheBuffer: a body as large as what is held, a byte less or more, and much more.
func TestBody_isTheSameAroundTheBuffer(t *testing.T) {
	const buffer = 64 << 10 // startFront's
	addr, _, _ := startFront(t, 2, 10, map[string]string{"/": startEcho(t)})
	c, in := dial(t, addr)
	for _, n := range []int{1, 4<<10 - 1, 4 << 10, buffer - 1, buffer, buffer + 1, 4 * buffer} {
		body := strings.Repeat("0123456789abcdef", n/16+1)[:n]
		for name, raw := range map[string]string{
			"length":     fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", n, body),
			"one chunk":  fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", n, body),
			"two chunks": fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", body[:1], n, body),
		} {
			want := "/ " + body
			if name == "two chunks" {
				want = "/ " + body[:1] + body
			}
			if got := answered(t, c, in, raw); got != want {
				t.Fatalf("%d bytes, %s: got %d bytes, or others", n, name, len(got)-2)
			}
		}
	}
}

// TestExpect_getsContinueBeforeTheBody, also for a body that is held.
func TestExpect_getsContinueBeforeTheBody(t *testing.T) {
	addr, _, _ := startFront(t, 2, 10, map[string]string{"/": startEcho(t)})
	c, in := dial(t, addr)
	await.Within(c, await.Patience)
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	line, err := in.ReadString('\n')
	if line != "HTTP/1.1 100 Continue\r\n" || err != nil {
		t.Fatalf("got %q (%v), want 100 Continue", line, err)
	}
	in.ReadString('\n')
	if got := answered(t, c, in, "ok"); got != "/ ok" {
		t.Errorf("got %q, want the body", got)
	}
}
