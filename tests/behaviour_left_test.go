package tests

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// slowPages is the script of a backend: /poll says nothing until the connection ends, /late answers after 2 s, and what else
// is asked for at once.
func slowPages(p *peer) {
	for {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		switch r.URL.Path {
		case "/poll":
			p.untilGone()
			return
		case "/late":
			await.Pace(2 * time.Second)
		case "/endless":
			p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			for err == nil {
				_, err = io.WriteString(p, "5\r\nframe\r\n")
				await.Pace(100 * time.Millisecond)
			}
			return
		case "/radio":
			p.say("HTTP/1.0 200 OK\r\n\r\n")
			for err == nil {
				_, err = io.WriteString(p, "sound")
				await.Pace(100 * time.Millisecond)
			}
			return
		case "/download": // of 8 s
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n")
			for range 80 {
				io.WriteString(p, "bytes")
				await.Pace(100 * time.Millisecond)
			}
			continue
		}
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")
	}
}

// begin sends a request for a path over a connection of its own.
func (tf *tenfour) begin(t testing.TB, path string) *peer {
	t.Helper()
	p := dialPeer(t, tf.addr)
	await.Within(p, 4*patience)
	p.say("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
	return p
}

// Four closed tabs of a long poll do not keep others from the backend for longer than a second or two.
func TestClosedTabs_giveTheirSlotsUpWhenOthersWait(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ path, race string }{
		"before the response":           {"/poll", "off"},
		"with no place for what stalls": {"/stalls", "off"},
		"in a race":                     {"/poll", "parallel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := func(p *peer) {
				if r, err := http.ReadRequest(p.in); err == nil && r.URL.Path == "/stalls" {
					p.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
					p.untilGone()
				} else if err == nil && r.URL.Path == "/poll" {
					p.untilGone()
				} else if err == nil {
					p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")
				}
			}
			one, two := startServer(t, script), startServer(t, script)
			backends, at := []string{one.addr}, int32(4)
			if tc.race != "off" {
				backends, at = append(backends, two.addr), 8
			}
			tf := startTenfour(t, backends, "--streams", "0", "--race", tc.race)
			for range 4 {
				tf.begin(t, tc.path).Conn.(*net.TCPConn).CloseWrite()
			}
			eventually(t, "all four have every slot", func() bool { return one.open.Load()+two.open.Load() == at })
			begun := time.Now()
			if status, body := tf.get(t, "/page"); status != 200 || body != "page" {
				t.Errorf("the next client got %d %q", status, body)
			}
			if took := time.Since(begun); took > patience/2 {
				t.Errorf("it took %v, want about a second", took)
			}
		})
	}
}

// A client that shuts its sending side has not left: `printf … | nc -N` gets its answer, however late, while no other exchange waits.
func TestHalfClose_isAnsweredLateWhenNoOtherWaits(t *testing.T) {
	t.Parallel()
	s := startServer(t, slowPages)
	tf := startTenfour(t, []string{s.addr})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			p := tf.begin(t, "/late")
			p.Conn.(*net.TCPConn).CloseWrite()
			if status, body, err := p.status("GET"); status != 200 || body != "page" {
				t.Errorf("got %d %q (%v)", status, body, err)
			}
		})
	}
	all.Wait()
}

// A long poll whose client has not left keeps its slot, even if others wait.
func TestLongPoll_keepsItsSlotWhileItsClientStays(t *testing.T) {
	t.Parallel()
	s := startServer(t, slowPages)
	tf := startTenfour(t, []string{s.addr}, "--workers", "1", "--queue-timeout", "1m")
	poll := tf.begin(t, "/late")
	eventually(t, "it is at the backend", func() bool { return s.open.Load() == 1 })
	if status, _ := tf.get(t, "/page"); status != 200 {
		t.Errorf("the next client got %d", status)
	}
	if status, body, err := poll.status("GET"); status != 200 {
		t.Errorf("the long poll got %d %q (%v)", status, body, err)
	}
}

// Viewers of motion JPEG, radio or ndjson leave their workers after 5 s, to other requests.
func TestOpenEnded_leavesItsWorkerAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/endless", "/radio"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, slowPages)
			tf := startTenfour(t, []string{s.addr})
			var viewers []*peer
			for range 4 {
				viewers = append(viewers, tf.begin(t, path))
			}
			eventually(t, "all four are at the backend", func() bool { return s.open.Load() == 4 })
			begun := time.Now()
			p := tf.begin(t, "/page")
			if status, body, err := p.status("GET"); status != 200 || body != "page" {
				t.Fatalf("the next client got %d %q (%v)", status, body, err)
			}
			if took := time.Since(begun); took < 4*time.Second || took > 5*time.Second+patience/2 {
				t.Errorf("it took %v, want about 5 s", took)
			}
			for _, v := range viewers {
				r, err := v.answer("GET")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(r.Body, make([]byte, 50*5)); err != nil {
					t.Errorf("a viewer got only a part of five seconds: %v", err)
				}
			}
		})
	}
}

func TestOpenEnded_isBoundedByStreams(t *testing.T) {
	t.Parallel()
	s := startServer(t, slowPages)
	tf := startTenfour(t, []string{s.addr}, "--workers", "2", "--streams", "1", "--queue-timeout", "8s")
	a, b := tf.begin(t, "/endless"), tf.begin(t, "/endless")
	eventually(t, "both are at the backend", func() bool { return s.open.Load() == 2 })
	p := tf.begin(t, "/page")
	if status, _, err := p.status("GET"); status != 200 {
		t.Errorf("beside one that has left its worker: got %d (%v)", status, err)
	}
	c := tf.begin(t, "/endless")
	p = tf.begin(t, "/page")
	if status, _, err := p.status("GET"); status != 503 {
		t.Errorf("with both slots taken and no place: got %d (%v), want 503", status, err)
	}
	for _, viewer := range []*peer{a, b, c} {
		viewer.Close()
	}
}

// A download with a length keeps its slot, though it takes long: the backend works on it.
func TestDownload_keepsItsSlot(t *testing.T) {
	t.Parallel()
	s := startServer(t, slowPages)
	tf := startTenfour(t, []string{s.addr}, "--workers", "1")
	tf.begin(t, "/download")
	eventually(t, "it is at the backend", func() bool { return s.open.Load() == 1 })
	begun := time.Now()
	if status, _, err := tf.begin(t, "/page").status("GET"); status != 200 {
		t.Errorf("the next client got %d (%v)", status, err)
	}
	if took := time.Since(begun); took < 6*time.Second {
		t.Errorf("it was served after %v, while the backend worked on the download for 8 s", took)
	}
}

// working is a backend that works on each request until the connection ends, and for a moment longer. It counts how many it
// works on at a time.
type working struct {
	*server
	now, most atomic.Int32
}

func startWorking(t testing.TB, stubborn time.Duration, begin func(*peer)) *working {
	w := &working{}
	w.server = startServer(t, func(p *peer) {
		if _, err := readHead(p.in); err != nil {
			return
		}
		raise(&w.most, w.now.Add(1))
		w.requests.Add(1)
		if begin != nil {
			begin(p)
		}
		if stubborn > 0 {
			select {
			case <-t.Context().Done():
			case <-time.After(stubborn):
			}
		} else {
			p.untilGone()
			await.Pace(100 * time.Millisecond)
		}
		w.now.Add(-1)
	})
	return w
}

// However an exchange is given up, its slot is free only after the backend has ended it: with one worker, the backend works on one
// at a time.
func TestGivenUp_keepsItsSlotUntilTheBackendEndsIt(t *testing.T) {
	t.Parallel()
	get := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	tests := map[string]struct {
		raw    string
		flags  string
		begin  func(*peer) // what the backend says first
		resets bool        // the client leaves once the backend has it
		status int         // that the client has otherwise
	}{
		"the client resets":                      {raw: get, resets: true},
		"the client resets inside a response":    {raw: get, flags: "--streams 0", resets: true, begin: func(p *peer) { p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") }},
		"the client resets inside its body":      {raw: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhalf", resets: true},
		"the client of a race resets":            {raw: get, flags: "--race serial", resets: true},
		"the backend is late":                    {raw: get, flags: "--backend-timeout 200ms", status: 504},
		"the backend's response is malformed":    {raw: get, begin: func(p *peer) { p.say("nonsense\r\n\r\n") }, status: 502},
		"the body is late":                       {raw: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhalf", status: 408},
		"the answer comes before the whole body": {raw: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhalf", begin: func(p *peer) { p.say("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno") }, status: 403},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWorking(t, 0, tc.begin)
			other, beside := "", &working{server: &server{}}
			if strings.Contains(tc.flags, "race") {
				beside = startWorking(t, 0, nil)
				other = `, "` + beside.addr + `"`
			}
			tf := configured(t, w.addr, "timeouts.body = \"300ms\"\n[[route]]\nbackends = [\"BACKEND\""+other+"]\n", append(strings.Fields(tc.flags), "--workers", "1")...)
			soonest := time.Hour
			for i := range 8 {
				met := func() int32 { return w.requests.Load() + beside.requests.Load() }
				before := met()
				p := dialPeer(t, tf.addr)
				await.Within(p, patience)
				p.say(tc.raw)
				if tc.resets {
					eventually(t, "a backend has it", func() bool { return met() > before })
					p.breakOff()
					continue
				}
				begun := time.Now()
				if status, words, err := p.status("GET"); status != tc.status || err != nil {
					t.Fatalf("exchange %d: got %d %q (%v), want %d", i, status, words, err, tc.status)
				}
				soonest = min(soonest, time.Since(begun))
				p.Close()
			}
			if !tc.resets && soonest > 900*time.Millisecond {
				t.Errorf("a client had its answer after %v at the soonest", soonest)
			}
			eventually(t, "the last is ended", func() bool { return w.now.Load()+beside.now.Load() == 0 })
			if most := max(w.most.Load(), beside.most.Load()); most != 1 {
				t.Errorf("a backend worked on %d exchanges at a time, want 1", most)
			}
		})
	}
}

// A backend that does not notice has a second; then the slot goes to the next exchange.
func TestGivenUp_waitsASecondForAStubbornBackend(t *testing.T) {
	t.Parallel()
	w := startWorking(t, 2*patience, nil)
	tf := startTenfour(t, []string{w.addr}, "--workers", "1")
	p := tf.begin(t, "/")
	eventually(t, "the backend has it", func() bool { return w.requests.Load() == 1 })
	p.breakOff()
	begun := time.Now()
	tf.begin(t, "/")
	eventually(t, "the backend has the next", func() bool { return w.requests.Load() == 2 })
	if took := time.Since(begun); took < 800*time.Millisecond || took > patience/2 {
		t.Errorf("the next was sent after %v, want about 1 s", took)
	}
}

// What a backend goes on sending for a client that has left is not read to its end.
func TestGivenUp_resetsABackendThatGoesOnSending(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	s := startServer(t, func(p *peer) {
		if _, err := readHead(p.in); err != nil {
			return
		}
		p.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", int64(1)<<40))
		for block := make([]byte, 64<<10); ; {
			n, err := p.Write(block)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	tf := startTenfour(t, []string{s.addr}, "--workers", "1")
	await.Soon(t, 900*time.Millisecond, "an exchange that is given up", func() {
		sent.Store(0)
		p := tf.begin(t, "/")
		if _, err := p.answer("GET"); err != nil {
			t.Fatal(err)
		}
		p.breakOff()
		eventually(t, "the backend has noticed", func() bool { return s.open.Load() == 0 })
	})
	if sent.Load() > 64<<20 {
		t.Errorf("it had sent %d bytes by then", sent.Load())
	}
}
