package lab

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tenfour/tests/await"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start returns the address of one backend that serves h until the test ends.
func start(t testing.TB, h http.Handler) string {
	t.Helper()
	b, err := Start(h, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b.Addrs()[0]
}

func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	await.Within(c, 10*time.Second)
	return c
}

// response is a response with its whole content.
type response struct {
	*http.Response
	content string
}

// ask sends method and target unchanged, which http.Client would not do, and the field lines after them.
func ask(t testing.TB, addr, method, target string, lines ...string) response {
	t.Helper()
	c := dial(t, addr)
	head := method + " " + target + " HTTP/1.1\r\nHost: " + addr + "\r\nConnection: close\r\n"
	for _, line := range lines {
		head += line + "\r\n"
	}
	if _, err := io.WriteString(c, head+"\r\n"); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer r.Body.Close()
	content, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("%s %s: reading the content: %v", method, target, err)
	}
	return response{r, string(content)}
}

func (r response) want(t testing.TB, status int) {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("got status %d, want %d; content %.300q", r.StatusCode, status, r.content)
	}
}

func TestStart_listensOnAPortOfItsOwnForEachBackend(t *testing.T) {
	b, err := Start(Welcome(), 4)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()

	addrs := b.Addrs()
	slices.Sort(addrs)
	if n := len(slices.Compact(addrs)); n != 4 {
		t.Fatalf("got %d different addresses in %q, want 4", n, b.Addrs())
	}
	for _, addr := range addrs {
		if !strings.HasPrefix(addr, "127.0.0.1:") {
			t.Errorf("got address %q, want one on 127.0.0.1", addr)
		}
		ask(t, addr, "GET", "/").want(t, 200)
	}
}

func TestStart_refusesFewerThanOne(t *testing.T) {
	for _, n := range []int{0, -1} {
		if b, err := Start(Welcome(), n); err == nil {
			b.Close()
			t.Errorf("Start(%d) succeeded, want an error", n)
		}
	}
}

func TestStart_keepsAConnectionForTheNextRequest(t *testing.T) {
	c := dial(t, start(t, Welcome()))
	answers := bufio.NewReader(c)
	for _, request := range []string{
		"GET /4k HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /4k HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", // as ab -k asks
		"GET /4k HTTP/1.0\r\n\r\n",                           // as ab asks
	} {
		io.WriteString(c, request)
		r, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("%q: %v", request, err)
		}
		if n, err := io.Copy(io.Discard, r.Body); n != 4096 || err != nil {
			t.Errorf("%q: got %d bytes and error %v, want 4096 and none", request, n, err)
		}
	}
	if _, err := answers.ReadByte(); err != io.EOF {
		t.Errorf("after HTTP/1.0 without keep-alive: got error %v, want the connection closed", err)
	}
}

func TestClose_leavesNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	waiting, ended := make(chan struct{}), false
	b, err := Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(waiting)
		<-r.Context().Done()
		await.Pace(20 * time.Millisecond) // a Close that does not wait would return within this time
		ended = true
	}), 3)
	if err != nil {
		t.Fatal(err)
	}
	addrs := b.Addrs()
	dial(t, addrs[0]) // sends nothing
	io.WriteString(dial(t, addrs[1]), "GET / HTT")
	// The body is not read, so that net/http does not see the connection being closed. Only the context ends the handler.
	io.WriteString(dial(t, addrs[2]), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
	<-waiting

	for range 2 {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if !ended {
		t.Error("Close returned before the handler did")
	}
	goleak.VerifyNone(t, before)
	for _, addr := range addrs {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			t.Errorf("%s still accepts", addr)
		}
	}
}

func TestClose_whileClientsAreAsking(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for range 20 {
		b, err := Start(Welcome(), 2)
		if err != nil {
			t.Fatal(err)
		}
		var clients sync.WaitGroup
		served := make(chan struct{}, 1)
		for i := range 8 {
			clients.Go(func() { askUntilCut(b.Addrs()[i%2], served) })
		}
		<-served
		b.Close()
		clients.Wait()
	}
	goleak.VerifyNone(t, before)
}

// askUntilCut asks for pages, each on a new connection, until one is incomplete. It sends to served after each whole one.
func askUntilCut(addr string, served chan<- struct{}) {
	for {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		fmt.Fprintf(c, "GET / HTTP/1.0\r\n\r\n")
		answer, err := io.ReadAll(c)
		c.Close()
		if err != nil || !strings.HasSuffix(string(answer), "</html>\n") {
			return
		}
		select {
		case served <- struct{}{}:
		default:
		}
	}
}
