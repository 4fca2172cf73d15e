package tests

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/lab"
	"tenfour/tests/await"
)

// answering is a backend that answers with a status and its own number, when it may.
func answering(t *testing.T, number, status int, when <-chan struct{}) *server {
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
			if when != nil {
				gone := make(chan struct{})
				go func() { // ends with the connection
					p.in.Peek(1)
					close(gone)
				}()
				select {
				case <-when:
				case <-gone:
					return
				}
				fmt.Fprintf(p, "HTTP/1.1 %d Because\r\nContent-Length: 7\r\nX-Number: %d\r\nConnection: close\r\n\r\nnumber%d", status, number, number)
				return
			}
			fmt.Fprintf(p, "HTTP/1.1 %d Because\r\nContent-Length: 7\r\nX-Number: %d\r\n\r\nnumber%d", status, number, number)
		}
	})
	return s
}

func addrs(servers ...*server) (list []string) {
	for _, s := range servers {
		list = append(list, s.addr)
	}
	return list
}

// ask sends a request on a new connection and returns its response, with the body read.
func (tf *tenfour) ask(t *testing.T, method, body string) (*http.Response, string) {
	t.Helper()
	p := dialPeer(t, tf.addr)
	await.Within(p, 2*patience)
	fmt.Fprintf(p, "%s / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", method, len(body), body)
	r, err := p.answer(method)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	got, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("%s: its body: %v", method, err)
	}
	return r, string(got)
}

func TestRace_theFirstUsableAnswerWins(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	for name, tc := range map[string]struct {
		statuses [3]int // 0 for one that does not answer
		want     int
		flags    []string
	}{
		"the only one that answers":        {[3]int{0, 200, 0}, 1, nil},
		"a 404 is usable":                  {[3]int{0, 0, 404}, 2, nil},
		"a 500 is not":                     {[3]int{500, 0, 200}, 2, nil},
		"nor what --usable does not list":  {[3]int{404, 301, 200}, 2, []string{"--usable", "2xx,304"}},
		"and a 503 that it does list, is":  {[3]int{503, 0, 0}, 0, []string{"--usable", "503"}},
		"the others may refuse or be mute": {[3]int{0, 500, 204}, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var servers []*server
			for i, status := range tc.statuses {
				if status == 0 {
					servers = append(servers, answering(t, i, 200, never))
				} else {
					servers = append(servers, answering(t, i, status, nil))
				}
			}
			tf := startTenfour(t, addrs(servers...), append([]string{"--race", "parallel"}, tc.flags...)...)
			r, _ := tf.ask(t, "GET", "")
			if got := r.Header.Get("X-Number"); got != fmt.Sprint(tc.want) || r.StatusCode != tc.statuses[tc.want] {
				t.Errorf("got %d of backend %s, want backend %d", r.StatusCode, got, tc.want)
			}
			if got := r.Header.Get("X-Backend"); got != servers[tc.want].addr {
				t.Errorf("X-Backend is %s, want %s", got, servers[tc.want].addr)
			}
			if asked := r.Header.Get("X-Race"); !strings.HasSuffix(asked, "/3") {
				t.Errorf("X-Race is %q, want so many of 3", asked)
			}
			for i, s := range servers { // a backend that has not answered yet is cut off
				eventually(t, "the others' connections end", func() bool { return s.open.Load() == 0 || tc.statuses[i] != 0 })
			}
		})
	}
}

func TestRace_noneIsUsable(t *testing.T) {
	servers := []*server{answering(t, 0, 503, nil), answering(t, 1, 500, nil)}
	tf := startTenfour(t, append(addrs(servers...), refusing(t)), "--race", "parallel", "--log-level", "warn")
	r, body := tf.ask(t, "GET", "")
	if n := r.Header.Get("X-Number"); r.StatusCode < 500 || body != "number"+n || r.Status != fmt.Sprint(r.StatusCode, " Because") {
		t.Errorf("got %s %q, want one of the two as it came", r.Status, body)
	}
	tf.logHas(t, servers[0].addr+": 503", servers[1].addr+": 500", "connection refused")
}

// TestRace_noneOfManyIsUsable: the first response goes through, and says how many were asked, not how many before it.
func TestRace_noneOfManyIsUsable(t *testing.T) {
	var list []string
	for i := range 10 {
		list = append(list, answering(t, i, 500, nil).addr)
	}
	tf := startTenfour(t, list, "--race", "serial")
	r, body := tf.ask(t, "GET", "")
	if got := r.Header.Get("X-Race"); got != "10/10" || body != "number"+r.Header.Get("X-Number") {
		t.Errorf("X-Race is %q, and the body %q", got, body)
	}
}

// TestRace_relaysALargeUnusableResponse: both responses are unusable, and larger than may be held.
func TestRace_relaysALargeUnusableResponse(t *testing.T) {
	const size = 300 << 10
	script := func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			fmt.Fprintf(p, "HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
		}
	}
	tf := startTenfour(t, addrs(startServer(t, script), startServer(t, script)), "--race", "parallel", "--buffer", "64KiB")
	for range 10 {
		if r, body := tf.ask(t, "GET", ""); r.StatusCode != 500 || len(body) != size {
			t.Fatalf("got %d with %d bytes, want 500 with %d", r.StatusCode, len(body), size)
		}
	}
}

// TestRace_anUnusableEventStreamDoesNotWait: an unusable event stream has no end, so it does not wait for other responses.
func TestRace_anUnusableEventStreamDoesNotWait(t *testing.T) {
	script := func(p *peer) {
		http.ReadRequest(p.in)
		p.say("HTTP/1.1 500 No\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n")
		p.untilGone()
	}
	for name, other := range map[string]string{
		"beside one that refuses":   refusing(t),
		"beside one of the same":    startServer(t, script).addr,
		"beside one that is usable": answering(t, 1, 200, nil).addr,
	} {
		t.Run(name, func(t *testing.T) {
			tf := startTenfour(t, []string{startServer(t, script).addr, other}, "--race", "serial")
			for range 2 {
				p := dialPeer(t, tf.addr)
				await.Within(p, patience)
				p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				r, err := p.answer("GET")
				if err != nil {
					t.Fatal(err)
				}
				want, status := "data: one\n\n", 500
				if strings.Contains(name, "usable") {
					want, status = "number1", 200
				}
				got := make([]byte, len(want))
				if _, err := io.ReadFull(r.Body, got); r.StatusCode != status || string(got) != want {
					t.Errorf("got %d %q, %v", r.StatusCode, got, err)
				}
			}
		})
	}
}

func TestRace_allAreDown(t *testing.T) {
	one, other := refusing(t), refusing(t)
	tf := startTenfour(t, []string{one, other}, "--race", "parallel", "--hold", "100ms")
	r, body := tf.ask(t, "GET", "")
	if r.StatusCode != 502 || !strings.Contains(body, "refused connections for 100ms") {
		t.Errorf("got %d %q", r.StatusCode, body)
	}
}

// TestRace_isHeldWhileAllAreDown: with all backends down, a race is held like any exchange. A client that leaves is removed from the queue, and
// none waits longer than the queue's timeout.
func TestRace_isHeldWhileAllAreDown(t *testing.T) {
	one, other := refusing(t), refusing(t)
	t.Run("its client leaves", func(t *testing.T) {
		access := filepath.Join(t.TempDir(), "access")
		tf := startTenfour(t, []string{one, other}, "--race", "parallel", "--hold", "1m", "--log-level", "warn", "--access-log", access)
		p := dialPeer(t, tf.addr)
		p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		eventually(t, "both are down", func() bool { return strings.Count(tf.log.String(), "is down") == 2 })
		p.Close()
		eventually(t, "it is taken out", func() bool {
			log, _ := os.ReadFile(access)
			return strings.Contains(string(log), "left while it was queued")
		})
	})
	t.Run("it is late", func(t *testing.T) {
		tf := startTenfour(t, []string{one, other}, "--race", "parallel", "--hold", "1m", "--queue-timeout", "100ms")
		if status, words := tf.get(t, "/"); status != 503 {
			t.Errorf("got %d %q, want 503", status, words)
		}
	})
}

// TestRace_heldIsServedWhenABackendReturns: the client gets its answer, and the log says only that the backends were down.
func TestRace_heldIsServedWhenABackendReturns(t *testing.T) {
	addr := refusing(t)
	tf := startTenfour(t, []string{addr, refusing(t)}, "--race", "parallel", "--hold", "1m", "--log-level", "warn")
	_, told := tf.asks(t, "GET", "/", "")
	eventually(t, "both are down", func() bool { return strings.Count(tf.log.String(), "is down") == 2 })
	opens(t, addr, okay)
	if got := <-told; !strings.HasPrefix(got, "200 ") {
		t.Errorf("got %q", got)
	}
	if log := tf.log.String(); strings.Contains(log, "no backend had") {
		t.Errorf("the log has more to tell\n%s", log)
	}
}

// TestRace_isRefusedWhenAllQueuesAreFull: a request that finds no place in any queue gets an answer that says so, and is not queued again.
func TestRace_isRefusedWhenAllQueuesAreFull(t *testing.T) {
	when := make(chan struct{})
	a, b := answering(t, 0, 200, when), answering(t, 1, 200, when)
	tf := startTenfour(t, addrs(a, b), "--race", "parallel", "--workers", "1", "--queue", "1")
	_, first := tf.asks(t, "GET", "/", "")
	eventually(t, "both are asked", func() bool { return a.requests.Load() == 1 && b.requests.Load() == 1 })
	second := tf.dial(t)
	if err := second.sendAndAwaitRead("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if status, words := tf.get(t, "/"); status != 503 || !strings.Contains(words, "the queue is full") {
		t.Errorf("got %d %q", status, words)
	}
	close(when)
	if got := <-first; !strings.HasPrefix(got, "200 ") {
		t.Errorf("the first got %q", got)
	}
}

// TestRace_isLateWhenItsTimeInQueuesIsOver does not wait for a slot longer than others do, though one of its backends has had it.
func TestRace_isLateWhenItsTimeInQueuesIsOver(t *testing.T) {
	for _, mode := range []string{"parallel", "serial"} {
		t.Run(mode, func(t *testing.T) {
			never := make(chan struct{})
			defer close(never)
			bad, mute := answering(t, 0, 500, nil), answering(t, 1, 200, never)
			tf := startTenfour(t, addrs(bad, mute), "--race", mode, "--workers", "1", "--queue-timeout", "500ms", "--log-level", "warn")
			for mute.requests.Load() == 0 { // in turn, the other one is asked first
				p := dialPeer(t, tf.addr)
				p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				defer p.breakOff()
				eventually(t, "it is asked", func() bool { return mute.requests.Load()+bad.requests.Load() > 0 })
			}
			p := dialPeer(t, tf.addr)
			await.Within(p, patience)
			p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if status, words, err := p.status("GET"); status != 500 || words != "number0" {
				t.Errorf("got %d %q, %v; want what the other one has said", status, words, err)
			}
			tf.logHas(t, mute.addr+": all its workers stayed busy for 500ms") // why the second backend was not asked
		})
	}
}

func TestRace_whichMethodsAreRaced(t *testing.T) {
	for _, tc := range []struct {
		method, body string
		flags        []string
		asked        int
		status       int
	}{
		{"GET", "", nil, 2, 200},
		{"OPTIONS", "", nil, 2, 200},
		{"POST", "x", nil, 1, 200},
		{"DELETE", "", nil, 1, 200},
		{"POST", "x", []string{"--race-methods", "POST,PUT"}, 2, 200},
		{"POST", strings.Repeat("x", 100<<10), []string{"--race-methods", "POST", "--buffer", "64KiB"}, 2, 200},
		{"POST", strings.Repeat("x", 100<<10), []string{"--race-methods", "POST", "--buffer", "64KiB", withoutSpool(t)}, 0, 413},
	} {
		t.Run(fmt.Sprint(tc.method, len(tc.body), tc.flags), func(t *testing.T) {
			when := make(chan struct{})
			a, b := answering(t, 0, 200, when), answering(t, 1, 200, when)
			tf := startTenfour(t, addrs(a, b), append([]string{"--race", "parallel"}, tc.flags...)...)
			done := make(chan struct{})
			go func() { // ends with the answer
				defer close(done)
				if r, _ := tf.ask(t, tc.method, tc.body); r.StatusCode != tc.status {
					t.Errorf("got %d, want %d", r.StatusCode, tc.status)
				}
			}()
			eventually(t, "the request is everywhere", func() bool { return int(a.requests.Load()+b.requests.Load()) == tc.asked })
			close(when)
			<-done
			if n := int(a.requests.Load() + b.requests.Load()); n != tc.asked {
				t.Errorf("%d backends were asked, want %d", n, tc.asked)
			}
		})
	}
}

func TestRace_serialAsksOneAfterTheOther(t *testing.T) {
	servers := []*server{answering(t, 0, 500, nil), answering(t, 1, 200, nil), answering(t, 2, 200, nil)}
	tf := startTenfour(t, addrs(servers...), "--race", "serial")
	for range 30 {
		r, _ := tf.ask(t, "GET", "")
		if r.StatusCode != 200 {
			t.Fatalf("got %d", r.StatusCode)
		}
	}
	sum := int32(0)
	for _, s := range servers {
		sum += s.requests.Load()
	}
	if failed := servers[0].requests.Load(); failed != 10 || sum != 30+failed {
		t.Errorf("the one that fails was asked %d times, want 10 of 30 in turn; all together %d, want one more for each", failed, sum)
	}
}

func TestRace_hedgeAsksTheNextWhenOneTakesLong(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	slow, quick := answering(t, 0, 200, never), answering(t, 1, 200, nil)
	tf := startTenfour(t, addrs(slow, quick), "--race", "hedge", "--hedge-after", "200ms")
	hedged := 0
	for range 4 {
		began := time.Now()
		r, _ := tf.ask(t, "GET", "")
		if r.Header.Get("X-Number") != "1" {
			t.Errorf("got backend %s", r.Header.Get("X-Number"))
		}
		if r.Header.Get("X-Race") == "2/2" {
			if hedged++; time.Since(began) < 200*time.Millisecond {
				t.Errorf("the second was asked after %v", time.Since(began))
			}
		}
	}
	if hedged != 2 {
		t.Errorf("%d of 4 were hedged, want each second one: the slow one is first in turn", hedged)
	}
}

// TestRace_hedgesHaveABudget: when all backends are slow, hedging does not double the number of requests.
func TestRace_hedgesHaveABudget(t *testing.T) {
	when := make(chan struct{})
	a, b := answering(t, 0, 200, when), answering(t, 1, 200, when)
	tf := startTenfour(t, addrs(a, b), "--race", "hedge", "--hedge-after", "1ms", "--workers", "64")
	var clients sync.WaitGroup
	const n = 40
	for range n {
		clients.Go(func() { tf.ask(t, "GET", "") })
	}
	eventually(t, "all are asked", func() bool { return a.requests.Load()+b.requests.Load() >= n+n/5 })
	close(when)
	clients.Wait()
	if got := int(a.requests.Load() + b.requests.Load()); got > n+n/5 {
		t.Errorf("%d requests for %d of the clients', want a fifth more at most", got, n)
	}
}

// TestRace_askingAfterAFailureIsNoHedge: however many backends fail, the next one is asked, also when it takes long; and the
// budget of hedges is as full as before.
func TestRace_askingAfterAFailureIsNoHedge(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	defer close(never)
	failing, slow, well := answering(t, 0, 500, nil), answering(t, 1, 200, never), answering(t, 2, 200, nil)
	tf := startTenfour(t, addrs(failing, slow, well), "--race", "hedge", "--hedge-after", "300ms", "--workers", "8")
	asked := map[string]int{}
	for range 6 {
		r, _ := tf.ask(t, "GET", "")
		if r.StatusCode != 200 {
			t.Fatalf("got %d after %v, want 200", r.StatusCode, asked)
		}
		asked[r.Header.Get("X-Race")]++
	}
	// Two begin at the backend that fails, and go on to the slow one and the next: none of that counts. Two begin at the slow one: the least
	// budget that there is has one hedge more.
	if asked["3/3"] < 2 {
		t.Errorf("so many requests asked so many backends: %v, want two that asked all", asked)
	}
}

func TestRace_aClientThatLeavesEndsIt(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	servers := []*server{answering(t, 0, 200, never), answering(t, 1, 200, never)}
	tf := startTenfour(t, addrs(servers...), "--race", "parallel")
	p := dialPeer(t, tf.addr)
	p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	eventually(t, "both are asked", func() bool { return servers[0].requests.Load() == 1 && servers[1].requests.Load() == 1 })
	p.breakOff()
	eventually(t, "both are cut off", func() bool { return servers[0].open.Load() == 0 && servers[1].open.Load() == 0 })
}

// TestRace_aLoserThatShakesHands: a loser inside its TLS handshake is cut off, also when its client leaves.
func TestRace_aLoserThatShakesHands(t *testing.T) {
	begun := make(chan struct{})
	mute, good := startServer(t, (*peer).untilGone), answering(t, 1, 200, begun)
	for name, flags := range map[string][]string{
		"its race is over":  {"--backend", good.addr, "--race", "parallel"},
		"its client leaves": nil,
	} {
		t.Run(name, func(t *testing.T) {
			tf := startTenfour(t, []string{"https://" + mute.addr}, append(flags, "--connect-timeout", "1m")...)
			before := mute.accepted.Load()
			p := dialPeer(t, tf.addr)
			p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			eventually(t, "the handshake begins", func() bool { return mute.accepted.Load() > before })
			if flags == nil {
				p.breakOff()
			} else {
				close(begun) // not before, or it would win before the other has begun
			}
			eventually(t, "it is cut off", func() bool { return mute.open.Load() == 0 })
		})
	}
}

// TestRace_aHalfCloseIsAnswered: printf … | nc -N must work.
func TestRace_aHalfCloseIsAnswered(t *testing.T) {
	when := make(chan struct{})
	s := []*server{answering(t, 0, 200, when), answering(t, 1, 200, when)}
	tf := startTenfour(t, addrs(s...), "--race", "parallel")
	p := dialPeer(t, tf.addr)
	p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	eventually(t, "both are asked", func() bool { return s[0].requests.Load() == 1 && s[1].requests.Load() == 1 })
	p.Conn.(interface{ CloseWrite() error }).CloseWrite()
	close(when)
	if status, _, err := p.status("GET"); status != 200 || err != nil {
		t.Errorf("got %d, %v", status, err)
	}
}

// TestRace_aHalfCloseThatComesAtOnce: the client's half-close comes before a backend is asked, with free slots, and it gets its answer.
func TestRace_aHalfCloseThatComesAtOnce(t *testing.T) {
	a, b := answering(t, 0, 200, nil), answering(t, 1, 200, nil)
	tf := startTenfour(t, addrs(a, b), "--race", "serial")
	for i := range 500 {
		p := dialPeer(t, tf.addr)
		await.Within(p, patience)
		p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		p.Conn.(interface{ CloseWrite() error }).CloseWrite()
		if status, _, err := p.status("GET"); status != 200 || err != nil {
			t.Fatalf("client %d got %d, %v", i, status, err)
		}
		p.Close()
	}
}

// TestRace_aWinnerThatFails: the response is cut so that the client can tell.
func TestRace_aWinnerThatFails(t *testing.T) {
	half := startServer(t, func(p *peer) {
		http.ReadRequest(p.in)
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
	})
	never := make(chan struct{})
	defer close(never)
	tf := startTenfour(t, addrs(half, answering(t, 1, 200, never)), "--race", "parallel")
	p := dialPeer(t, tf.addr)
	p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	r, err := p.answer("GET")
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(r.Body); string(body) != "half" || err == nil {
		t.Errorf("got %q, %v; want half, and that it was cut", body, err)
	}
}

// TestRace_fourThatFailOneCallInFour: four backends with delays, and clients that leave. Each client gets exactly one response, whole,
// and no slot stays taken: each backend has only one.
func TestRace_fourThatFailOneCallInFour(t *testing.T) {
	for _, mode := range []string{"parallel", "serial", "hedge"} {
		t.Run(mode, func(t *testing.T) {
			var list []string
			for i := range 4 {
				b, err := lab.StartFaulty(fmt.Sprintf("flaky:delay=10ms,status=500|503,seed=%d", i+1))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { b.Close() })
				list = append(list, b.Addr())
			}
			tf := startTenfour(t, list, "--race", mode, "--workers", "2", "--hedge-after", "5ms")
			var usable, all atomic.Int32
			var clients sync.WaitGroup
			for i := range 4 {
				clients.Go(func() {
					for j := range 60 {
						if (i+j)%7 == 0 {
							p := dialPeer(t, tf.addr)
							p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
							p.breakOff()
							continue
						}
						r, _ := tf.ask(t, "GET", "")
						if all.Add(1); r.StatusCode == 200 {
							usable.Add(1)
						}
					}
				})
			}
			clients.Wait()
			t.Logf("%d of %d usable", usable.Load(), all.Load())
			if share := float64(usable.Load()) / float64(all.Load()); share < 0.97 {
				t.Errorf("%.3f were usable, want nearly 1-0.25⁴", share)
			}
			// Every slot is free again: as many at once as there are.
			for range 3 {
				tf.ask(t, "GET", "")
			}
		})
	}
}

// TestRace_goesByJudgement: a backend that answers none in time gets no more after three requests, and one that is down is not
// asked in every race.
func TestRace_goesByJudgement(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	for name, sick := range map[string]func(*testing.T) (addr string, asked func() int){
		"mute": func(t *testing.T) (string, func() int) {
			s := answering(t, 0, 200, never)
			return s.addr, func() int { return int(s.requests.Load()) }
		},
		"ends each connection": func(t *testing.T) (string, func() int) {
			s := startServer(t, func(p *peer) {})
			return s.addr, func() int { return int(s.accepted.Load()) }
		},
	} {
		for _, mode := range []string{"serial", "parallel", "hedge"} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				round := func(timeout string) (late bool) {
					addr, asked := sick(t)
					well := answering(t, 1, 200, nil)
					tf := startTenfour(t, []string{addr, well.addr}, "--race", mode, "--backend-timeout", timeout, "--usable", "2xx", "--hedge-after", "1h")
					began := time.Now()
					for i := range 30 {
						r, _ := tf.ask(t, "GET", "")
						if r.StatusCode == 504 {
							return true
						}
						if r.StatusCode != 200 {
							t.Fatalf("request %d got %d", i, r.StatusCode)
						}
					}
					trials := 2 * int(time.Since(began)/time.Second) // it is tried again now and then
					if n := asked(); mode != "parallel" && n > 12+trials || n > 30 {
						t.Errorf("it was asked %d times for 30 requests", n)
					}
					return false
				}
				if round("200ms") && round("2s") { // on a busy machine the one that is well may need longer than that too
					t.Error("requests got 504, though a backend is well")
				}
			})
		}
	}
}

// TestRace_doesNotWaitForTheRestOfAnUnusableResponse.
func TestRace_doesNotWaitForTheRestOfAnUnusableResponse(t *testing.T) {
	half := startServer(t, func(p *peer) {
		http.ReadRequest(p.in)
		p.say("HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\nhalf")
		p.untilGone()
	})
	tf := startTenfour(t, []string{half.addr, answering(t, 1, 200, nil).addr}, "--race", "serial", "--backend-timeout", "1h")
	for range 4 {
		if r, _ := tf.ask(t, "GET", ""); r.StatusCode != 200 {
			t.Errorf("got %d", r.StatusCode)
		}
	}
	eventually(t, "what is unusable is cut off", func() bool { return half.open.Load() == 0 })
}

// A backend whose chunked body is broken at its beginning has no usable response, whatever its status.
func TestRace_isNotWonByBrokenChunks(t *testing.T) {
	broken := startBackend(t, always(chunkedAnswer+"x\r\nhello\r\n0\r\n\r\n"))
	good := startBackend(t, func(v *visit) {
		broken.await(t, "the request", func() bool { return len(broken.requests) > 0 })
		repeat(func(message) reply { return plainReply })(v)
	})
	for range 5 {
		tf := startTenfour(t, []string{broken.addr, good.addr}, "--race", "parallel")
		if o := tf.exchange(t, plainRequest, whole); o.last().status() != 200 || o.last().body != "plain" {
			t.Errorf("got %q (%v), want the other backend's answer", o.raw, o.err)
		}
	}
}
