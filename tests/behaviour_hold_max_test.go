package tests

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tenfour/tests/await"
)

// withHoldMax is the flag for a configuration that bounds what is held. No body goes to a file instead.
func withHoldMax(t testing.TB, size string) string {
	t.Helper()
	return withSettings(t, fmt.Sprintf("hold_max = %q", size), `spool_max = "0"`)
}

// racedPost is a raced request: its body must be held whole.
var racedPost = fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", 200<<10, strings.Repeat("x", 200<<10))

var raced = []string{"--race", "parallel", "--race-methods", "POST"}

// TestHoldMax_aBodyThatMustBeHeldWholeWaitsForMemory: it gets memory when another body gives it back; else its client gets a 503 that
// says why.
func TestHoldMax_aBodyThatMustBeHeldWholeWaitsForMemory(t *testing.T) {
	t.Parallel()
	when := make(chan struct{})
	a, b := answering(t, 0, 200, when), answering(t, 1, 200, when)
	tf := startTenfour(t, addrs(a, b), append(raced, "--queue-timeout", "1s", withHoldMax(t, "256KiB"))...)
	ask := func() *peer {
		p := dialPeer(t, tf.addr)
		await.Within(p, 2*patience)
		p.say(racedPost)
		return p
	}
	first := ask()
	eventually(t, "the first is raced", func() bool { return a.requests.Load() == 1 && b.requests.Load() == 1 })
	left := ask() // leaves while it waits
	late := ask()
	left.breakOff()
	r, err := late.answer("POST")
	if err != nil {
		t.Fatal(err)
	}
	words, _ := io.ReadAll(r.Body)
	if r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || !strings.Contains(string(words), "there is no memory for the request's body") {
		t.Errorf("the late one got %d %q, Retry-After %q", r.StatusCode, words, r.Header.Get("Retry-After"))
	}
	second := ask()
	if n := a.requests.Load(); n != 1 {
		t.Errorf("%d requests were raced, want 1", n)
	}
	close(when)
	for name, p := range map[string]*peer{"first": first, "second": second} {
		if status, words, err := p.status("POST"); status != 200 || err != nil {
			t.Errorf("the %s got %d %q (%v)", name, status, words, err)
		}
	}
}

func TestHoldMax_aBodyThatIsLargerIs503AtOnce(t *testing.T) {
	t.Parallel()
	a, b := answering(t, 0, 200, nil), answering(t, 1, 200, nil)
	for _, size := range []string{"0", "199KiB"} {
		tf := startTenfour(t, addrs(a, b), append(raced, withHoldMax(t, size))...)
		p := dialPeer(t, tf.addr)
		await.Within(p, patience)
		p.say(racedPost)
		if status, words, err := p.status("POST"); status != 503 || !strings.Contains(words, "must be held whole, and is too large for that") {
			t.Errorf("with %s: got %d %q (%v)", size, status, words, err)
		}
	}
}

// TestHoldMax_zeroStreams: with 0, every body that can stream does.
func TestHoldMax_zeroStreams(t *testing.T) {
	t.Parallel()
	s := startServer(t, answerBack(t, nil))
	tf := startTenfour(t, []string{s.addr}, withHoldMax(t, "0"))
	for i, e := range framings() {
		for _, n := range []int64{0, 1, 16 << 10, 300 << 10, 3 << 20} {
			p := dialPeer(t, tf.addr)
			await.Within(p, 2*patience)
			e.content = content{n, byte(i)}
			if err := e.over(p); err != nil {
				t.Fatalf("%v: %v", e, err)
			}
			p.Close()
		}
	}
}

// TestHoldMax_isGivenBack: however an exchange ends, as much memory can be held after it as before it.
func TestHoldMax_isGivenBack(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 400<<10)
	script := func(status string) func(*peer) {
		return func(p *peer) {
			for {
				r, err := http.ReadRequest(p.in)
				if err != nil {
					return
				}
				io.Copy(io.Discard, r.Body)
				switch r.URL.Path {
				case "/mute":
					p.untilGone()
				case "/half":
					p.say("HTTP/1.1 " + status + " A\r\nContent-Length: 400000\r\n\r\n" + large[:100<<10])
					return
				case "/large":
					fmt.Fprintf(p, "HTTP/1.1 %s A\r\nContent-Length: %d\r\n\r\n%s", status, len(large), large)
				case "/small":
					p.say("HTTP/1.1 500 A\r\nContent-Length: 30000\r\n\r\n" + large[:30000])
				default:
					p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			}
		}
	}
	a, b := startServer(t, script("200")), startServer(t, script("500"))
	flags := append(slices.Clone(raced), "--queue-timeout", "2s", "--log-level", "error", withHoldMax(t, "256KiB"))
	if !seesResetAtOnce {
		flags = append(flags, "--backend-timeout", "1s") // it is what ends the race of a client that was reset
	}
	tf := startTenfour(t, addrs(a, b), flags...)
	for i := range 12 {
		for _, method := range []string{"GET", "POST", "PUT"} {
			for _, path := range []string{"/mute", "/half", "/large", "/small", "/"} {
				p := dialPeer(t, tf.addr)
				await.Within(p, 2*patience)
				raw := strings.Replace(racedPost, "POST /", method+" "+path, 1)
				if method == "GET" {
					raw = "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"
				}
				switch {
				case path == "/mute" || i%3 == 0:
					p.say(raw)
					eventually(t, "it is asked", func() bool { return i%3 == 0 || a.open.Load()+b.open.Load() > 0 })
				case i%3 == 1:
					p.say(raw[:len(raw)-i])
				default:
					p.say(raw)
					p.status(method)
				}
				p.breakOff()
			}
		}
		p := dialPeer(t, tf.addr)
		await.Within(p, 2*patience)
		p.say(racedPost)
		if status, words, err := p.status("POST"); status != 200 || err != nil {
			t.Fatalf("round %d: a body that takes most of hold_max got %d %q (%v)", i, status, words, err)
		}
		p.Close()
	}
}
