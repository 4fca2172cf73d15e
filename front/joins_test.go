package front_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/admit"
	"tenfour/forward"
	"tenfour/front"
	"tenfour/pool"
	"tenfour/tests/await"
	"tenfour/value/address"
)

// joinAt makes f forward all requests to a backend with so many slots, and join those that are equal. Bodies may take held bytes in all.
func joinAt(t testing.TB, f *front.Front, at string, slots, held int) (*front.Joins, *forward.Held) {
	t.Helper()
	tcp, err := net.ResolveTCPAddr("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	o := forward.NewOrigin(address.Backend{Host: tcp.IP.String(), Port: uint16(tcp.Port)}, nil, nil)
	o.Name += " joined" // startRuled has one with that name
	if o.Backend, err = f.Pool.AddBackend(o.Name, slots, 8); err != nil {
		t.Fatal(err)
	}
	settings := &forward.Settings{
		ConnectTimeout: await.Patience, BackendTimeout: time.Hour, ClientTimeout: time.Hour, QueueTimeout: time.Hour,
		Buffer: 8 << 10, KeepIdle: time.Hour, Resend: 1, Same: &forward.Sameness{},
	}
	route := front.Route{
		Route: &forward.Route{Name: "/", Queue: f.Pool.AddQueue("/", 1000, pool.Hold{}, o.Backend), Origins: []*forward.Origin{o}, Settings: settings},
		Joins: front.NewJoins(1000),
	}
	table, err := admit.NewTable([]admit.Path{{Path: "/"}})
	if err != nil {
		t.Fatal(err)
	}
	f.Held = forward.NewHeld(held)
	f.Use(&front.Site{Table: table, Routes: []front.Route{route}, HeadTimeout: time.Hour, IdleTimeout: time.Hour})
	return route.Joins, f.Held
}

// TestDrain_answersThoseThatWaitTogether, when its time is over, and leaves nothing.
func TestDrain_answersThoseThatWaitTogether(t *testing.T) {
	mute, asked := startBackend(t, "")
	f, addr, stop := startRuled(t, 1, 10, map[string]string{"/": mute}, nil)
	joins, _ := joinAt(t, f, mute, 1, 1<<20)
	var clients []*bufio.Reader
	for range 5 {
		c, in := dial(t, addr)
		await.Within(c, 2*await.Patience)
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		clients = append(clients, in)
	}
	await.Until(t, "all wait", func() bool { n, _ := joins.Waiting(); return n == 4 && asked.Load() == 1 })
	stop()
	for _, in := range clients {
		if r, err := http.ReadResponse(in, nil); err != nil || r.StatusCode != 503 || !r.Close {
			t.Errorf("got %v (%v), want 503", r, err)
		}
	}
	if requests, groups := joins.Waiting(); requests+groups != 0 {
		t.Errorf("%d requests wait in %d groups", requests, groups)
	}
}

// whim is a backend whose responses are as its random numbers have it. Each has a number of its own, and says for which target it is, and
// whether it is for one client only.
type whim struct {
	seed    uint64
	visits  atomic.Uint64
	numbers atomic.Int64 // of responses
}

// serve answers requests on c.
func (w *whim) serve(c net.Conn) {
	r := rand.New(rand.NewPCG(w.seed, w.visits.Add(1)))
	for in := bufio.NewReader(c); ; {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		for range r.IntN(200) {
			runtime.Gosched()
		}
		raw, ends := w.response(r, req.URL.Path)
		cut := !ends && r.IntN(20) == 0
		if cut {
			raw = raw[:r.IntN(len(raw))]
		}
		for len(raw) > 0 {
			n := 1 + r.IntN(len(raw))
			if _, err := io.WriteString(c, raw[:n]); err != nil {
				return
			}
			raw = raw[n:]
		}
		if cut || ends {
			return
		}
	}
}

// response makes a response of some size and framing. ends says that it ends with its connection.
func (w *whim) response(r *rand.Rand, target string) (raw string, ends bool) {
	size := []int{0, 100, 5000, 7000, 20000}[r.IntN(5)]
	single, private := size > 8<<10, ""
	if r.IntN(6) == 0 {
		single, private = true, []string{"Set-Cookie: a=1\r\n", "Cache-Control: private\r\n", "Vary: *\r\n"}[r.IntN(3)]
	}
	content := fmt.Sprintf("%s %d %t %d\n", target, w.numbers.Add(1), single, size) + strings.Repeat("x", size)
	head := "HTTP/1.1 200 OK\r\n" + private
	switch r.IntN(3) {
	case 0:
		return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(content), content), false
	case 1:
		half := len(content) / 2
		return fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", head, half, content[:half], len(content)-half, content[half:]), false
	}
	return head + "Connection: close\r\n\r\n" + content, true
}

// TestJoins_generated: clients of some equal requests come and leave while the backend answers as it likes. Each gets a whole response to its
// own target, that no client had whole before it asked; and one that is for a single client reaches no other.
func TestJoins_generated(t *testing.T) {
	const clients = 16
	rounds := 60
	if testing.Short() {
		rounds = 20
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := &whim{seed: seed}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serveEach(&serving, ln, w.serve)
	t.Cleanup(func() { ln.Close(); serving.Wait() })
	f, addr, stop := startRuled(t, 1, 10, map[string]string{"/": ln.Addr().String()}, nil)
	joins, held := joinAt(t, f, ln.Addr().String(), 3, 256<<10)

	var mu sync.Mutex                // guards the next
	clock, had := 0, map[int64]int{} // counts what happens; when the first client had a response whole, by its number
	now := func() int {
		mu.Lock()
		defer mu.Unlock()
		clock++
		return clock
	}
	var running sync.WaitGroup
	var whole, shared atomic.Int64
	for i := range clients {
		goOfTest(&running, func() { // ends after its rounds
			r := rand.New(rand.NewPCG(seed, uint64(i)<<32))
			for round := range rounds {
				target := fmt.Sprintf("/%d", round/3*2+r.IntN(2)) // after a response for one client, equal requests are not joined for a while
				asked := now()
				got, left := whimClient(t, r, addr, target)
				if left || got == "" {
					continue
				}
				var of string
				var number int64
				var single bool
				var size int
				if n, _ := fmt.Sscanf(got, "%s %d %t %d\n", &of, &number, &single, &size); n != 4 || of != target {
					t.Errorf("%s got %.60q", target, got)
					continue
				}
				if _, rest, _ := strings.Cut(got, "\n"); len(rest) != size {
					t.Errorf("%s got %d bytes of %d", target, len(rest), size)
				}
				whole.Add(1)
				mu.Lock()
				clock++
				if first, again := had[number]; !again {
					had[number] = clock
				} else if shared.Add(1); single || first < asked {
					t.Errorf("two clients had response %d, the first at %d; the second asked at %d. For one only: %t", number, first, asked, single)
				}
				mu.Unlock()
			}
		})
	}
	running.Wait()
	t.Logf("%d whole responses, %d of them shared with another client before", whole.Load(), shared.Load())
	if whole.Load() < clients || shared.Load() == 0 {
		t.Error("nothing was tested")
	}
	await.Until(t, "none waits", func() bool { requests, groups := joins.Waiting(); return requests+groups == 0 })
	stop()
	if n := held.Bytes(); n != 0 {
		t.Errorf("%d bytes are held by nothing", n)
	}
}

// whimClient asks for target on a connection of its own, and leaves, or returns the content of the response; "" if it failed.
func whimClient(t *testing.T, r *rand.Rand, addr, target string) (content string, left bool) {
	c, err := net.DialTimeout("tcp", addr, await.Patience)
	if err != nil {
		t.Error(err)
		return "", true
	}
	defer c.Close()
	await.Within(c, 2*await.Patience)
	fmt.Fprintf(c, "GET %s HTTP/1.%d\r\nHost: a\r\n\r\n", target, r.IntN(2))
	switch r.IntN(8) {
	case 0:
		for range r.IntN(100) {
			runtime.Gosched()
		}
		c.(*net.TCPConn).SetLinger(0)
		return "", true
	case 1:
		c.(*net.TCPConn).CloseWrite()
		left = true // it may be
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		if !left {
			t.Errorf("%s: %v", target, err)
		}
		return "", left
	}
	body, err := io.ReadAll(res.Body)
	switch {
	case err == nil && res.StatusCode == 200:
		return string(body), false
	case res.StatusCode != 502 && res.StatusCode != 200: // cut by the backend: before it began, and in its middle
		t.Errorf("%s: %v (%v)", target, res.Status, err)
	}
	return "", left
}
