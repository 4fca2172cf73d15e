package runner

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/jobs"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
	"tenfour/tests/await"
)

// client is a client's exchange that may become a job.
type client struct {
	forward.Exchange
	place    pool.Place
	waiter   lot.Waiter
	stop     atomic.Bool
	handover *Handover
	job      jobs.Job
	finished chan struct{} // it has ended for its client
	told     chan struct{} // it became a job
	left     chan struct{} // and has ended
	conn     *sock.Conn    // tenfour's end of the client's connection
	peer     net.Conn
}

func (c *client) Lasting(*forward.Exchange) {}
func (c *client) Unpark()                   {}

func (c *client) Finished(x *forward.Exchange) {
	c.handover.End()
	c.Client.Write(x.Pending())
	c.conn.Close()
	close(c.finished)
}

// asks has a client's request enter, which becomes a job after that time.
func (g *rig) asks(to *Route, raw, body string, after time.Duration) *client {
	g.t.Helper()
	c := &client{finished: make(chan struct{}), told: make(chan struct{}), left: make(chan struct{})}
	c.Init(g.lot, nil)
	c.In = sock.InputOf([]byte(raw))
	n, err := c.Head.Parse(c.In.Rest(), &httpparse.DefaultLimits)
	if err != nil {
		g.t.Fatal(err)
	}
	c.In.Keep(n)
	if body != "" {
		c.Body, c.BodyWhole = forward.NewBody(nil, 0), true
		c.Body.Append([]byte(body))
	}
	c.Route = to.Route
	now := time.Now()
	c.job = jobs.Job{ID: jobs.NewID(), Created: now, Deadline: now.Add(time.Hour), Keep: time.Hour, Request: RequestOf(&c.Request)}
	c.conn, c.peer = g.pair()
	c.Client = c.conn
	c.waiter.Init(g.lot, c)
	c.Waiter, c.At, c.Owner, c.Stop, c.Limits = &c.waiter, &c.place, c, &c.stop, &httpparse.DefaultLimits
	c.place.Timeout = await.Patience
	c.handover = g.Handover(c.job, &c.Exchange, after, func() { close(c.told) }, func() { close(c.left) })
	if !c.Enter() {
		g.t.Fatal(c.Failure)
	}
	return c
}

// pair returns tenfour's end of a connection, and its client's.
func (g *rig) pair() (*sock.Conn, net.Conn) {
	g.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		g.t.Fatal(err)
	}
	to := ln.Addr().String()
	accepting, err := sock.Listen(ln, 0)
	if err != nil {
		g.t.Fatal(err)
	}
	defer accepting.Close()
	peer, err := net.DialTimeout("tcp", to, await.Patience)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { peer.Close() })
	await.Within(peer, 2*await.Patience)
	conn := &sock.Conn{}
	err = accepting.SyscallConn().Read(func(socket uintptr) bool {
		fd, remote, err := accepting.Accept(socket)
		if err == nil {
			conn.Init(g.lot, fd, remote)
		}
		return err != sock.ErrWait
	})
	if err != nil || !conn.Open() {
		g.t.Fatal("not accepted: ", err)
	}
	return conn, peer
}

// TestHandover_theSameAttemptGoesOn: the backend sees one request, the client is free, and the record gets the response.
func TestHandover_theSameAttemptGoesOn(t *testing.T) {
	for name, raw := range map[string]string{"GET": getIt, "POST": "POST /it HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			g := start(t)
			b, asked, gate := slow(t)
			to := g.route("/", b.addr, 1)
			g.Start()
			body := ""
			if name == "POST" {
				body = "body"
			}
			c := g.asks(to, raw, body, 10*time.Millisecond)
			await.Value(t, asked, "the request")
			await.Value(t, c.told, "the client to be free")
			stored, err := g.store.Get(c.job.ID)
			if err != nil || stored.State != jobs.Running || len(stored.Attempts) != 1 || stored.Attempts[0].Reached == forward.NothingSent {
				t.Errorf("when the client was free, the store had %s, %+v (%v)", stored.State, stored.Attempts, err)
			}
			gate <- okay
			got, content := g.end(c.job.ID)
			if got.State != jobs.Done || content != "okay" || len(got.Attempts) != 1 || len(b.requests()) != 1 {
				t.Errorf("got %s, %q, %+v after %d requests", got.State, content, got.Attempts, len(b.requests()))
			}
			await.Value(t, c.left, "its end")
			select {
			case <-c.finished:
				t.Error("the first owner heard of the end too")
			default:
			}
			c.conn.Close()
		})
	}
}

// TestHandover_whileItIsQueued: a request that may be sent only once is in the store as never sent, and runs after a crash.
func TestHandover_whileItIsQueued(t *testing.T) {
	g := start(t)
	b, asked, gate := slow(t)
	to := g.route("/", b.addr, 1)
	g.Start()
	running := g.asks(to, getIt, "", time.Hour)
	await.Value(t, asked, "the request")
	c := g.asks(to, postIt, "", time.Millisecond)
	await.Value(t, c.told, "the client to be free")
	stored, err := g.store.Get(c.job.ID)
	if after, _ := stored.Recover(time.Now(), false); err != nil || after.State != jobs.Waiting {
		t.Errorf("after a crash it would be %s (%v)", after.State, err)
	}
	gate <- okay
	await.Value(t, running.finished, "the first one's end")
	await.Value(t, asked, "the other request")
	if stored, err = g.store.Get(c.job.ID); err != nil || stored.Attempts[0].Reached != forward.PartlySent {
		t.Errorf("when it was sent, the store had %+v (%v)", stored.Attempts, err)
	}
	gate <- okay
	if got, _ := g.end(c.job.ID); got.State != jobs.Done {
		t.Errorf("got %s (%s)", got.State, got.Reason)
	}
	c.conn.Close()
}

// TestHandover_isNone when the response has begun, or the store takes no job: the client gets the response, and there is no record.
func TestHandover_isNone(t *testing.T) {
	for name, full := range map[string]bool{"it has answered": false, "the store is full": true} {
		t.Run(name, func(t *testing.T) {
			g := start(t)
			b, asked, gate := slow(t)
			to := g.route("/", b.addr, 1)
			g.Start()
			after := time.Millisecond
			if full {
				g.caps.Store(&Caps{Running: 1, BodyMax: 100, BytesMax: 0})
			} else {
				after = time.Hour
			}
			c := g.asks(to, "POST /it HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n", "body", after)
			await.Value(t, asked, "the request")
			if full {
				await.Until(t, "the log says why", func() bool { return strings.Contains(g.log.String(), "its client waits on") })
			}
			gate <- okay
			await.Value(t, c.finished, "the end")
			if got, err := io.ReadAll(c.peer); err != nil || !strings.HasSuffix(string(got), "\r\n\r\nokay") {
				t.Errorf("the client got %q (%v)", got, err)
			}
			if _, err := g.store.Get(c.job.ID); !errors.Is(err, jobs.ErrUnknown) {
				t.Errorf("the store has a record (%v)", err)
			}
		})
	}
}

// TestHandover_whoseResponseBeginsMeanwhile, while the record is stored: either the client has the response and there is no record, or it is a job.
func TestHandover_whoseResponseBeginsMeanwhile(t *testing.T) {
	g := start(t)
	b := serve(t, always(okay))
	to := g.route("/", b.addr, 4)
	g.Start()
	became := 0
	for i := range 60 {
		c := g.asks(to, postIt, "", time.Duration(i%6)*100*time.Microsecond)
		select {
		case <-c.told:
			became++
			if got, content := g.end(c.job.ID); got.State != jobs.Done || content != "okay" {
				t.Errorf("got %s (%s), %q", got.State, got.Reason, content)
			}
			c.conn.Close()
		case <-c.finished:
			if got, err := io.ReadAll(c.peer); err != nil || !strings.HasSuffix(string(got), "\r\n\r\nokay") {
				t.Errorf("the client got %q (%v)", got, err)
			}
			await.Until(t, "there is no record", func() bool {
				_, err := g.store.Get(c.job.ID)
				return errors.Is(err, jobs.ErrUnknown)
			})
		case <-time.After(await.Patience):
			t.Fatal("it ended in no way")
		}
	}
	t.Logf("%d of 60 became jobs", became)
	if n := len(b.requests()); n != 60 {
		t.Errorf("the backend had %d requests", n)
	}
}

// TestHandover_ofARequestThatIsNotWhole is nil, and does nothing.
func TestHandover_ofARequestThatIsNotWhole(t *testing.T) {
	g := start(t)
	var x forward.Exchange
	x.Init(g.lot, nil)
	x.In = sock.InputOf([]byte("POST /it HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"))
	if _, err := x.Head.Parse(x.In.Rest(), &httpparse.DefaultLimits); err != nil {
		t.Fatal(err)
	}
	x.Route = &forward.Route{Settings: &forward.Settings{}}
	h := g.Handover(jobs.Job{}, &x, 0, nil, nil)
	if h != nil || x.Grip != nil {
		t.Error("it may become a job")
	}
	h.End()
}
