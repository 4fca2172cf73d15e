package tests

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"tenfour/tests/await"
)

// largeNo is the content of a response that is unusable and larger than may be held.
const largeNo = 400 << 10

// refusingAtLength is a backend that answers each request with a 500 of a framing: a length, chunked, or an event stream,
// of which the connection's end is the end.
func refusingAtLength(t *testing.T, framing string) *server {
	t.Helper()
	var s *server
	s = startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			io.Copy(io.Discard, r.Body)
			s.requests.Add(1)
			p.say("HTTP/1.1 500 No\r\n")
			if framing == "events" {
				p.say("Content-Type: text/event-stream\r\n\r\n")
				p.write("close", strings.NewReader(strings.Repeat("x", largeNo)))
				return
			}
			p.say(framingLines(framing, largeNo) + "\r\n")
			p.write(framing, strings.NewReader(strings.Repeat("x", largeNo)))
		}
	})
	return s
}

// TestRace_postIsNeverSentTwiceToOneBackend, whatever is unusable about its first response.
func TestRace_postIsNeverSentTwiceToOneBackend(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"parallel", "serial", "hedge"} {
		for _, framing := range []string{"length", "chunked", "events"} {
			for name, flags := range map[string][]string{"": nil, ", without a place to wait": {"--streams", "0"}} {
				t.Run(mode+", "+framing+name, func(t *testing.T) {
					t.Parallel()
					a, b := refusingAtLength(t, framing), refusingAtLength(t, framing)
					tf := startTenfour(t, addrs(a, b), append(flags, "--race", mode, "--race-methods", "POST", "--hedge-after", "1h")...)
					for i := range int32(6) {
						r, body := tf.ask(t, "POST", "x")
						switch {
						case framing == "events" && flags != nil:
							if r.StatusCode < 500 {
								t.Errorf("got %d %q; want a failure: an event stream has no place", r.StatusCode, body)
							}
						case r.StatusCode != 500 || len(body) != largeNo:
							t.Errorf("got %d with %d bytes, want 500 with %d", r.StatusCode, len(body), largeNo)
						}
						if a.requests.Load() > i+1 || b.requests.Load() > i+1 {
							t.Fatalf("after %d requests the backends have had %d and %d", i+1, a.requests.Load(), b.requests.Load())
						}
					}
				})
			}
		}
	}
}

// TestRace_aLargeUnusableResponseWaitsForABetterOne: it is dropped when a usable one has come; else it is the answer.
func TestRace_aLargeUnusableResponseWaitsForABetterOne(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		other int // what the other backend answers, when it may
		want  string
	}{
		"a usable one":     {200, "200 number1"},
		"a small unusable": {503, "503 number1"},
	} {
		for _, framing := range []string{"length", "events"} {
			t.Run(name+", "+framing, func(t *testing.T) {
				when := make(chan struct{})
				large, other := refusingAtLength(t, framing), answering(t, 1, tc.other, when)
				tf := startTenfour(t, addrs(large, other), "--race", "parallel", "--race-methods", "POST", "--workers", "1")
				p := dialPeer(t, tf.addr)
				await.Within(p, 2*patience)
				p.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
				eventually(t, "both are asked", func() bool { return large.requests.Load() == 1 && other.requests.Load() == 1 })
				close(when)
				if status, body, err := p.status("POST"); fmt.Sprint(status, " ", body) != tc.want || err != nil {
					t.Errorf("got %d with %d bytes (%v), want %s", status, len(body), err, tc.want)
				}
				eventually(t, "the large one is cut off", func() bool { return large.open.Load() == 0 })
			})
		}
	}
	t.Run("none", func(t *testing.T) {
		large, dies := refusingAtLength(t, "length"), startServer(t, func(p *peer) { http.ReadRequest(p.in) })
		tf := startTenfour(t, addrs(large, dies), "--race", "parallel", "--race-methods", "POST", "--log-level", "warn")
		r, body := tf.ask(t, "POST", "x")
		if r.StatusCode != 500 || len(body) != largeNo || r.Header.Get("X-Race") != "2/2" {
			t.Errorf("got %d with %d bytes, X-Race %q", r.StatusCode, len(body), r.Header.Get("X-Race"))
		}
		for _, words := range []string{large.addr + ": 500, larger than may be held", dies.addr + ": it closed the connection"} {
			eventually(t, "the log tells of "+words, func() bool { return strings.Contains(tf.log.String(), words) })
		}
	})
	t.Run("its client leaves", func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		large, mute := refusingAtLength(t, "length"), answering(t, 1, 200, never)
		tf := startTenfour(t, addrs(large, mute), "--race", "parallel", "--race-methods", "POST")
		p := dialPeer(t, tf.addr)
		p.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
		eventually(t, "both are asked", func() bool { return large.requests.Load() == 1 && mute.requests.Load() == 1 })
		p.breakOff()
		eventually(t, "both are cut off", func() bool { return large.open.Load() == 0 && mute.open.Load() == 0 })
	})
}

// TestRace_twoWithLargeResponsesDoNotWaitForEachOther: each has a response from a backend whose only worker the other one needs.
func TestRace_twoWithLargeResponsesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"serial", "parallel"} {
		for _, flags := range [][]string{nil, {"--streams", "0"}} {
			t.Run(fmt.Sprint(mode, flags), func(t *testing.T) {
				a, b := refusingAtLength(t, "length"), refusingAtLength(t, "length")
				tf := startTenfour(t, addrs(a, b), append(flags, "--race", mode, "--race-methods", "POST", "--workers", "1", "--queue-timeout", "1m")...)
				var clients sync.WaitGroup
				for range 8 {
					clients.Go(func() {
						for range 5 {
							if r, body := tf.ask(t, "POST", "x"); r.StatusCode != 500 || len(body) != largeNo {
								t.Errorf("got %d with %d bytes, want 500 with %d", r.StatusCode, len(body), largeNo)
							}
						}
					})
				}
				clients.Wait()
				if n := a.requests.Load() + b.requests.Load(); n > 80 {
					t.Errorf("the backends have had %d requests, want 2 at most for each of 40", n)
				}
			})
		}
	}
}
