package tests

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"tenfour/tests/await"
)

// A client that has its last byte may come again at once. With one slot and no queue, the exchange before must not hold the slot
// any more.
func TestSlot_isFreeWhenItsClientComesAgain(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startTenfour(t, []string{b.addr}, "--workers", "1", "--queue", "0")
	tests := map[string]struct {
		request  string
		halfDone bool // the client shuts its side after the request
	}{
		"on the same connection":            {request: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		"on a connection each":              {request: "GET / HTTP/1.0\r\n\r\n"},
		"on a connection each, half-closed": {request: "GET / HTTP/1.0\r\n\r\n", halfDone: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var c net.Conn
			var in *bufio.Reader
			for i := range 500 {
				if c == nil {
					var err error
					if c, err = net.Dial("tcp", tf.addr); err != nil {
						t.Fatal(err)
					}
					in = bufio.NewReader(c)
				}
				await.Within(c, patience)
				fmt.Fprint(c, tc.request)
				if tc.halfDone {
					c.(*net.TCPConn).CloseWrite()
				}
				resp, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatalf("request %d: %v", i, err)
				}
				body, err := io.ReadAll(resp.Body)
				if resp.StatusCode != 200 || string(body) != "ok" || err != nil {
					t.Fatalf("request %d: got %d %q (%v), want 200 ok", i, resp.StatusCode, body, err)
				}
				if resp.Close {
					c.Close()
					c = nil
				}
			}
			if c != nil {
				c.Close()
			}
		})
	}
}
