package lab

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tenfour/tests/await"
)

func startFaulty(t testing.TB, spec string) *Faulty {
	t.Helper()
	b, err := StartFaulty(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// guest is a client's connection to a misbehaving backend.
type guest struct {
	net.Conn
	in *bufio.Reader
}

func (b *Faulty) visitedBy(t testing.TB) *guest {
	t.Helper()
	c := dial(t, b.Addr())
	return &guest{c, bufio.NewReader(c)}
}

const plainGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

// get sends a request and reads as much of the response as arrives.
func (g *guest) get() (*http.Response, string, error) {
	if _, err := io.WriteString(g, plainGet); err != nil {
		return nil, "", err
	}
	return g.read()
}

func (g *guest) read() (*http.Response, string, error) {
	r, err := http.ReadResponse(g.in, nil)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(r.Body)
	return r, string(body), err
}

// number returns the number of the request that a response is for.
func number(t testing.TB, r *http.Response) int {
	t.Helper()
	n, err := strconv.Atoi(r.Header.Get("Lab-Request"))
	if err != nil {
		t.Errorf("got Lab-Request %q, want a number", r.Header.Get("Lab-Request"))
	}
	return n
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestFaulty_readsABodyBeforeItAnswers(t *testing.T) {
	for name, raw := range map[string]string{
		"of a length": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
		"in chunks":   "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			g := startFaulty(t, "flaky:fail=0,delay=0").visitedBy(t)
			io.WriteString(g, raw)
			if r, _, err := g.read(); err != nil || r.StatusCode != 200 {
				t.Errorf("got %v, error %v; want 200", r, err)
			}
			if r, _, err := g.get(); err != nil || number(t, r) != 2 {
				t.Errorf("the request after it: got %v, error %v", r, err)
			}
		})
	}
}

func TestFaulty_sends100ContinueWhenExpected(t *testing.T) {
	g := startFaulty(t, "flaky:fail=0,delay=0").visitedBy(t)
	io.WriteString(g, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	if r, _, err := g.read(); err != nil || r.StatusCode != 100 {
		t.Fatalf("got %v, error %v; want 100", r, err)
	}
	io.WriteString(g, "hello")
	if r, _, err := g.read(); err != nil || r.StatusCode != 200 {
		t.Errorf("got %v, error %v; want 200", r, err)
	}
}

func TestFaulty_closesOnAnEndlessHead(t *testing.T) {
	g := startFaulty(t, "flaky:fail=0,delay=0").visitedBy(t)
	io.WriteString(g, "GET / HTTP/1.1\r\nA: ")
	for n := 0; n < 4*maxHead; n += len(filling) {
		if _, err := g.Write([]byte(strings.ReplaceAll(string(filling), "\n", " "))); err != nil {
			return
		}
	}
	if _, err := io.Copy(io.Discard, g.in); isTimeout(err) {
		t.Error("a head of 4 MiB is still being read")
	}
}

func TestFaulty_closeFreesEverything(t *testing.T) {
	t.Chdir(t.TempDir()) // record makes a directory
	before := goleak.IgnoreCurrent()
	for _, kind := range Kinds() {
		b, err := StartFaulty(kind)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 { // some wait for an answer, one is silent, and those of single and fork are in the backlog
			c, err := net.DialTimeout("tcp", b.Addr(), 100*time.Millisecond)
			if err != nil {
				continue
			}
			defer c.Close()
			io.WriteString(c, plainGet)
		}
		for range 2 {
			if err := b.Close(); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
		ln, err := net.Listen("tcp", b.Addr())
		if err != nil {
			t.Errorf("%s: its port is not free: %v", kind, err)
			continue
		}
		ln.Close()
	}
	goleak.VerifyNone(t, before)
}

func TestFaulty_keepsItsPortWhileItIsShut(t *testing.T) {
	b := startFaulty(t, "fork:pause=1h")
	untilServed(t, b.Addr())
	await.Until(t, "the port is shut", func() bool {
		c, err := net.Dial("tcp", b.Addr())
		if err == nil {
			c.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	// A listener of package net has SO_REUSEADDR, as the hold has. Two such sockets may both be bound; a plain one may not.
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := syscall.Bind(fd, b.door.where); b.door.hold != nil && err != syscall.EADDRINUSE {
		t.Errorf("binding its port: got error %v, want that it is in use", err)
	}
}

func TestStartFaulty_returnsThatAnAddressIsInUse(t *testing.T) {
	b := startFaulty(t, "mute")
	other, err := StartFaulty("fork@" + b.Addr())
	if err == nil {
		other.Close()
	}
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), b.Addr()) {
		t.Errorf("got error %v, want that %s is in use", err, b.Addr())
	}
}
