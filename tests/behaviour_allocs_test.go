//go:build !race && !portable

package tests

import (
	"bytes"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mutePage is what the backend that does not allocate says to everything.
var mutePage = []byte("HTTP/1.1 200 OK\r\nDate: Fri, 01 Jan 2027 00:00:00 GMT\r\nContent-Type: text/html\r\nContent-Length: 4096\r\n\r\n" + string(bytes.Repeat([]byte("p"), 4096)))

// startMute starts a backend that allocates nothing once it has its connections.
func startMute(t testing.TB) (addr string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	serve := func(c net.Conn) {
		defer c.Close()
		buf, n := make([]byte, 4096), 0
		for {
			got, err := c.Read(buf[n:])
			if err != nil {
				return
			}
			if n += got; !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
				continue
			}
			n = 0
			if _, err := c.Write(mutePage); err != nil {
				return
			}
		}
	}
	go func() { // ends when ln closes
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go serve(c) // ends with tenfour's connection
		}
	}()
	return ln.Addr().String()
}

// rawClient makes requests by system calls alone, with buffers of its own.
type rawClient struct {
	t    testing.TB
	to   unix.SockaddrInet4
	fd   int
	buf  []byte
	sent []byte
}

func newRawClient(t testing.TB, addr, request string) *rawClient {
	c := &rawClient{t: t, fd: -1, buf: make([]byte, 16<<10), sent: []byte(request)}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	c.to = unix.SockaddrInet4{Port: n, Addr: [4]byte{127, 0, 0, 1}}
	t.Cleanup(c.close)
	return c
}

func (c *rawClient) dial() {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		err = unix.Connect(fd, &c.to)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: int64(patience / time.Second)})
	c.fd = fd
}

func (c *rawClient) close() {
	if c.fd >= 0 {
		unix.Close(c.fd)
		c.fd = -1
	}
}

// exchange sends the request and reads its answer, which ends with a page of p.
func (c *rawClient) exchange() {
	if _, err := syscall.Write(c.fd, c.sent); err != nil {
		c.t.Fatal(err)
	}
	for n := 0; ; {
		got, err := syscall.Read(c.fd, c.buf[n:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || got == 0 {
			c.t.Fatalf("read %d, %v after %q", got, err, c.buf[:n])
		}
		n += got
		if head := bytes.Index(c.buf[:n], []byte("\r\n\r\n")); head >= 0 && n == head+4+4096 {
			return
		}
	}
}

func TestAllocations_aWholeRequestMakesTwoAtMost(t *testing.T) {
	addr := startMute(t)
	tf := startTenfour(t, []string{addr})
	t.Run("over a persistent connection", func(t *testing.T) {
		c := newRawClient(t, tf.addr, "GET /page?q=1 HTTP/1.1\r\nHost: a.test\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n")
		c.dial()
		atMostAllocs(t, 2, c.exchange)
	})
	t.Run("over a connection of its own", func(t *testing.T) {
		c := newRawClient(t, tf.addr, "GET /page?q=1 HTTP/1.0\r\nHost: a.test\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n")
		atMostAllocs(t, 2, func() {
			c.dial()
			c.exchange()
			c.close()
		})
	})
	t.Run("with a body", func(t *testing.T) {
		c := newRawClient(t, tf.addr, "POST /page HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\n\r\n\r\n")
		c.dial()
		atMostAllocs(t, 2, c.exchange)
	})
}

// TestAllocations_anAdmittedRequestMakesTwoAtMost: with routes, a token, a credential and a limit.
func TestAllocations_anAdmittedRequestMakesTwoAtMost(t *testing.T) {
	t.Setenv("TOKENS", "ann hunter2")
	t.Setenv("CREDENTIAL", "of-the-backend")
	tf := configured(t, startMute(t), `
[[route]]
path = "/service/"
backends = "BACKEND"
strip_prefix = "/service"
client_token_file = "env:TOKENS"
credential_file = "env:CREDENTIAL"
limit = ["each", "all"]
allow_from = "127.0.0.0/8"
[[route]]
path = "/"
backends = "BACKEND"
[limit.each]
rate = "900/1ms"
by = "client"
[limit.all]
rate = "1000000/1s"
`)
	c := newRawClient(t, tf.addr, "GET /service/page?q=1 HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer hunter2\r\nAccept: */*\r\n\r\n")
	c.dial()
	atMostAllocs(t, 2, c.exchange)
}

// TestAllocations_noneWhileTheConsoleIsOn and no page looks at it: to count an exchange allocates nothing, nor does it to record none. Those that are
// recorded allocate. They are 20 in a second, and so most exchanges are not among them, also on a slow machine.
func TestAllocations_noneWhileTheConsoleIsOn(t *testing.T) {
	tf := startConsoled(t, []string{startMute(t)})
	t.Run("over a persistent connection", func(t *testing.T) {
		c := newRawClient(t, tf.addr, "GET /page?q=1 HTTP/1.1\r\nHost: a.test\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n")
		c.dial()
		noAllocs(t, c.exchange)
	})
	t.Run("over a connection of its own", func(t *testing.T) {
		c := newRawClient(t, tf.addr, "GET /page?q=1 HTTP/1.0\r\nHost: a.test\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n")
		noAllocs(t, func() {
			c.dial()
			c.exchange()
			c.close()
		})
	})
}

// noAllocs wants most calls of f to make no allocation.
func noAllocs(t *testing.T, f func()) {
	t.Helper()
	for range 300 {
		f()
	}
	const calls = 200
	var none int
	for range calls {
		if testing.AllocsPerRun(1, f) == 0 {
			none++
		}
	}
	t.Logf("%d of %d without an allocation", none, calls)
	if none < calls/2 {
		t.Errorf("%d of %d exchanges made no allocation, want that of most", none, calls)
	}
}

func atMostAllocs(t *testing.T, most float64, f func()) {
	t.Helper()
	for range 300 {
		f()
	}
	got := testing.AllocsPerRun(2000, f)
	t.Logf("%.2f allocations", got)
	if got > most {
		t.Errorf("%.2f allocations, want %.0f at most", got, most)
	}
}
