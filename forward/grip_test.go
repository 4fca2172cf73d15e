package forward

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
	"tenfour/tests/await"
	"tenfour/value/address"
	"tenfour/value/choice"
)

// gripped is an exchange of a client that may be let go.
type gripped struct {
	*Exchange
	grip         *Grip
	first, other *keeper // the owners
	freed        chan struct{}
	peer         net.Conn // the client's end of its connection
}

// grip makes an exchange enter, whose request came over a connection.
func grip(t *testing.T, route *Route, l *lot.Lot, request string) *gripped {
	t.Helper()
	g := &gripped{Exchange: &Exchange{}, freed: make(chan struct{}, 1)}
	g.first, g.other = &keeper{finished: make(chan *Exchange, 1)}, &keeper{finished: make(chan *Exchange, 1)}
	x := g.Exchange
	x.Init(l, nil)
	x.In = sock.InputOf([]byte(request))
	n, err := x.Head.Parse(x.In.Rest(), &httpparse.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	x.In.Keep(n)
	var conn *sock.Conn
	conn, g.peer = pair(t, l)
	t.Cleanup(func() { g.peer.Close() })
	in := x.In
	g.grip = &Grip{Owner: g.other, Record: 1000, Freed: func() {
		clear(in.Head()) // its client's next request is there now
		conn.Write([]byte("free"))
		conn.Close()
		g.freed <- struct{}{}
	}}
	x.Route, x.Owner, x.Client, x.Waiter, x.Grip = route, g.first, conn, &lot.Waiter{}, g.grip
	x.Waiter.Init(l, g.first)
	x.Limits, x.At, x.Stop = &httpparse.DefaultLimits, &pool.Place{}, new(atomic.Bool)
	if !x.Enter() {
		t.Fatal(x.Failure)
	}
	return g
}

// isFree fails the test unless the client was let go, and its connection was its owner's at once.
func (g *gripped) isFree(t *testing.T) {
	t.Helper()
	await.Value(t, g.freed, "the client to be let go")
	await.Within(g.peer, await.Patience)
	if got, err := io.ReadAll(g.peer); string(got) != "free" || err != nil {
		t.Errorf("the client got %q (%v)", got, err)
	}
}

// isRecorded fails the test unless the second owner, and it alone, has the response.
func (g *gripped) isRecorded(t *testing.T, want string) {
	t.Helper()
	x := await.Value(t, g.other.finished, "the result")
	if head, content := x.Recorded(); x.Failure != nil || !strings.HasPrefix(string(head), "HTTP/1.1 200 ") || string(content) != want {
		t.Errorf("got %q, %q (%v)", head, content, x.Failure)
	}
	if len(g.first.finished) > 0 {
		t.Error("the first owner heard of the end too")
	}
}

// TestLetGo_whileItRuns: the backend sees one request, and the response goes into a record.
func TestLetGo_whileItRuns(t *testing.T) {
	route, l, asked, gate := gated(t, "okay")
	g := grip(t, route, l, getIt)
	await.Value(t, asked, "the request")
	g.grip.LetGo()
	g.isFree(t)
	g.grip.LetGo() // once more is nothing
	close(gate)
	g.isRecorded(t, "okay")
	if len(asked) > 0 {
		t.Error("the backend was asked twice")
	}
}

// TestLetGo_whileItIsQueued: it waits on among those of the background, whose lane has no bound for it, and a client that comes later goes first.
func TestLetGo_whileItIsQueued(t *testing.T) {
	route, l, asked, gate := gated(t, "okay")
	route.Queue.LetBackgroundWait(0)
	running := grip(t, route, l, "GET /running HTTP/1.1\r\nHost: a\r\n\r\n")
	await.Value(t, asked, "the request")
	g := grip(t, route, l, getIt)
	g.grip.LetGo()
	g.isFree(t)
	later := grip(t, route, l, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n") // the only place for clients is free
	close(gate)
	await.Value(t, running.first.finished, "the one that ran")
	for _, want := range []string{"/later ", "/it "} {
		if got := await.Value(t, asked, "a request"); got != want {
			t.Errorf("the backend was asked %q, want %q", got, want)
		}
	}
	await.Value(t, later.first.finished, "the later one")
	g.isRecorded(t, "okay")
}

// TestLetGo_whileItIsHeld: the record says then why the backend could not be asked.
func TestLetGo_whileItIsHeld(t *testing.T) {
	route, l := startHeldRoute(t, NewOrigin(address.Backend{Host: "127.0.0.1", Port: 1}, nil, nil), 1, pool.Hold{For: 200 * time.Millisecond, Every: time.Minute})
	route.Settings.QueueTimeout = time.Minute
	g := grip(t, route, l, getIt)
	g.grip.LetGo()
	g.isFree(t)
	x := await.Value(t, g.other.finished, "the end of the hold")
	if x.Failure == nil || x.Failure.Status != 502 || x.Progress() != NothingSent {
		t.Errorf("got %v", x.Failure)
	}
	if head, content := x.Recorded(); head != nil || content != nil {
		t.Errorf("the record has %q, %q", head, content)
	}
}

// TestLetGo_whileItConnects: its backend is slow to shake hands.
func TestLetGo_whileItConnects(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "okay") }))
	began, gate := make(chan struct{}, 1), make(chan struct{})
	s.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		began <- struct{}{}
		<-gate
		return nil, nil
	}}
	s.StartTLS()
	t.Cleanup(s.Close)
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	route, l := startRoute(t, NewOrigin(address.Backend{Host: "127.0.0.1", Port: at.Port(), HTTPS: true}, nil, &tls.Config{InsecureSkipVerify: true}))
	g := grip(t, route, l, getIt)
	await.Value(t, began, "the handshake")
	g.grip.LetGo()
	g.isFree(t)
	close(gate)
	g.isRecorded(t, "okay")
}

// TestLetGo_isRefused once the response has begun, and while the request is not whole: the client has its response.
func TestLetGo_isRefused(t *testing.T) {
	const post = "POST /it HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
	for name, request := range map[string]string{"its response has begun": getIt, "its body has still to come": post} {
		t.Run(name, func(t *testing.T) {
			begun, gate := make(chan struct{}, 1), make(chan struct{})
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" {
					io.WriteString(w, "begun, ")
					w.(http.Flusher).Flush()
				}
				begun <- struct{}{}
				<-gate
				io.Copy(io.Discard, r.Body)
				io.WriteString(w, "done")
			}))
			t.Cleanup(s.Close)
			at := netip.MustParseAddrPort(s.Listener.Addr().String())
			route, l := startRoute(t, NewOrigin(address.Backend{Host: "127.0.0.1", Port: at.Port()}, nil, nil))
			g := grip(t, route, l, request)
			await.Value(t, begun, "the backend to begin")
			if request == getIt { // as far as the client
				await.Within(g.peer, await.Patience)
				if _, err := io.ReadFull(g.peer, make([]byte, 20)); err != nil {
					t.Fatal(err)
				}
			}
			g.grip.LetGo()
			await.Until(t, "it is refused", func() bool { return g.grip.asked.Load() == isRefused })
			if request == post {
				io.WriteString(g.peer, "body")
			}
			close(gate)
			x := await.Value(t, g.first.finished, "the result")
			if x.Failure != nil || x.Status != 200 || len(g.freed) > 0 || len(g.other.finished) > 0 {
				t.Errorf("got %d (%v), and the client was let go: %t", x.Status, x.Failure, len(g.freed) > 0)
			}
			x.Client.Close()
		})
	}
}

// TestCut_endsTheExchange wherever it is, also after its client was let go.
func TestCut_endsTheExchange(t *testing.T) {
	route, l, asked, gate := gated(t, "okay")
	defer close(gate)
	running := grip(t, route, l, getIt)
	await.Value(t, asked, "the request")
	queued := grip(t, route, l, getIt)
	for _, g := range []*gripped{queued, running} {
		g.grip.LetGo()
		g.isFree(t)
		g.grip.Cut()
		x := await.Value(t, g.other.finished, "the end")
		if !errors.Is(x.Failure, errCut) {
			t.Errorf("got %v", x.Failure)
		}
		g.grip.Cut() // once more is nothing
	}
}

// mute is a backend that never answers.
func mute(t *testing.T) *Origin {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	at := netip.MustParseAddrPort(ln.Addr().String())
	return NewOrigin(address.Backend{Host: "127.0.0.1", Port: at.Port()}, nil, nil)
}

// TestCut_endsARace, of which the client is not let go.
func TestCut_endsARace(t *testing.T) {
	route, l := startRaced(t, choice.Parallel, mute(t), mute(t))
	g := grip(t, route, l, getIt)
	g.grip.LetGo()
	g.grip.Cut()
	x := await.Value(t, g.first.finished, "the end")
	if !errors.Is(x.Failure, errCut) || len(g.freed) > 0 {
		t.Errorf("got %v, and the client was let go: %t", x.Failure, len(g.freed) > 0)
	}
	x.Client.Close()
}

// TestLetGo_atAnyMoment: many exchanges, each let go, and some cut, at a random moment. Exactly one owner hears of each end: the second if
// the client was let go, else the first.
func TestLetGo_atAnyMoment(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rand.IntN(4) == 0 {
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close() // it is asked again
			return
		}
		io.WriteString(w, "okay")
	}))
	t.Cleanup(s.Close)
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	route, l := startHeldRoute(t, NewOrigin(address.Backend{Host: "127.0.0.1", Port: at.Port()}, nil, nil), 10, pool.Hold{For: time.Minute, Every: time.Millisecond})
	var all sync.WaitGroup
	var free atomic.Int32
	slots := make(chan struct{}, 3) // the route has one slot
	for range 300 {
		slots <- struct{}{}
		g := grip(t, route, l, getIt)
		letGo := make(chan struct{})
		after, cuts := time.Duration(rand.IntN(500))*time.Microsecond, rand.IntN(4) == 0
		all.Go(func() {
			defer close(letGo)
			await.Pace(after)
			g.grip.LetGo()
			if cuts {
				g.grip.Cut()
			}
		})
		all.Go(func() {
			defer func() { <-slots }()
			var x *Exchange
			select {
			case x = <-g.first.finished:
				x.Client.Close()
			case x = <-g.other.finished:
				free.Add(1)
			case <-time.After(await.Patience):
				t.Error("no owner heard of the end")
				return
			}
			<-letGo
			if len(g.freed) != 0 && x.Owner != Owner(g.other) || len(g.freed) == 0 && x.Owner != Owner(g.first) {
				t.Errorf("the client was let go: %t, and another owner heard of the end", len(g.freed) != 0)
			}
			if len(g.first.finished)+len(g.other.finished) > 0 {
				t.Error("two owners heard of the end")
			}
			if head, content := x.Recorded(); x.Owner == Owner(g.other) && x.Failure == nil && string(content) != "okay" {
				t.Errorf("the record has %q, %q", head, content)
			}
		})
	}
	all.Wait()
	t.Logf("%d of 300 were let go in time", free.Load())
}

// TestCut_endsAnExchangeWithoutAWorker: an event stream, which its client's waiter goes on with.
func TestCut_endsAnExchangeWithoutAWorker(t *testing.T) {
	o, conns := accepting(t)
	route, l := startRoute(t, o)
	o.Backend.Resize(1, 1)
	g := grip(t, route, l, getIt)
	c := await.Value(t, conns, "the connection")
	go answerAndStay(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n") // ends with c
	defer c.Close()
	await.Until(t, "it has left its worker", func() bool { return g.first.lasting.Load() != nil })
	g.grip.LetGo() // too late
	g.grip.Cut()
	x := await.Value(t, g.first.finished, "the end")
	if !errors.Is(x.Failure, errCut) || x.Cut != CutClose || len(g.freed) > 0 {
		t.Errorf("got %v, %d", x.Failure, x.Cut)
	}
	x.Client.Close()
}

// answerAndStay reads a request's head on c, begins to answer it, and returns when the peer has ended the connection.
func answerAndStay(c net.Conn, raw string) {
	in := bufio.NewReader(c)
	for {
		if line, err := in.ReadString('\n'); err != nil || line == "\r\n" {
			break
		}
	}
	io.WriteString(c, raw)
	io.Copy(io.Discard, in)
}

// TestCut_endsARaceThatIsDecided, in the middle of the response that has won: one that goes to a client, and one that goes to a record.
func TestCut_endsARaceThatIsDecided(t *testing.T) {
	const part = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart"
	for _, recorded := range []bool{false, true} {
		t.Run(fmt.Sprintf("recorded: %t", recorded), func(t *testing.T) {
			first, conns := accepting(t)
			route, l := startRaced(t, choice.Parallel, first, mute(t))
			var gr *Grip
			var finished chan *Exchange
			if recorded {
				gr = &Grip{}
				finished = shut(t, route, l, gr)
			} else {
				g := grip(t, route, l, getIt)
				gr, finished = g.grip, g.first.finished
			}
			c := await.Value(t, conns, "the connection")
			defer c.Close()
			go answerAndStay(c, part) // ends with c
			await.Until(t, "it is decided", func() bool {
				r := gr.race.Load()
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.decided
			})
			gr.Cut()
			x := await.Value(t, finished, "the end")
			if !errors.Is(x.Failure, errCut) {
				t.Errorf("got %v", x.Failure)
			}
			if x.Client != nil {
				x.Client.Close()
			}
		})
	}
}
