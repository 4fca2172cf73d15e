package runner

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/jobs/bolt"
	"tenfour/tests/await"
)

const getIt, postIt = "GET /it HTTP/1.1\r\nHost: a\r\n\r\n", "POST /it HTTP/1.1\r\nHost: a\r\n\r\n"

// slow is a backend that answers when the test says so.
func slow(t testing.TB) (b *backend, asked chan string, gate chan string) {
	asked, gate = make(chan string, 100), make(chan string, 100)
	ended := make(chan struct{})
	b = serve(t, func(_ int, req *http.Request) string {
		asked <- req.URL.Path
		select {
		case answer := <-gate:
			return answer
		case <-ended:
			return ""
		}
	})
	t.Cleanup(func() { close(ended) })
	return b, asked, gate
}

// TestGate_theRecordComesFirst: before a byte of a request that may be sent only once goes out, the store says that it may have.
func TestGate_theRecordComesFirst(t *testing.T) {
	g := start(t)
	id := jobs.NewID()
	had := make(chan jobs.Job, 1)
	b := serve(t, func(int, *http.Request) string {
		j, _ := g.store.Get(id)
		had <- j
		return okay
	})
	g.route("/", b.addr, 1)
	g.Start()
	j := g.job("/", postIt)
	j.ID = id
	g.accepted(j, "")
	if got, _ := g.end(id); got.State != jobs.Done {
		t.Errorf("got %s (%s)", got.State, got.Reason)
	}
	stored := await.Value(t, had, "the request")
	if stored.State != jobs.Running || len(stored.Attempts) != 1 || stored.Attempts[0].Reached != forward.PartlySent || stored.Attempts[0].Backend != b.addr {
		t.Errorf("when the request came, the store had %s, %+v", stored.State, stored.Attempts)
	}
}

// TestLook_showsTheAttemptThatRuns, also before it is stored.
func TestLook_showsTheAttemptThatRuns(t *testing.T) {
	g := start(t)
	j, b, gate := g.runningJob(getIt)
	got, err := g.done(g.Look(nil, j.ID, true))
	if err != nil || got.State != jobs.Running || len(got.Attempts) != 1 || got.Attempts[0].Backend != b.addr || got.Attempts[0].Reached == forward.NothingSent {
		t.Errorf("got %s, %+v (%v)", got.State, got.Attempts, err)
	}
	await.Until(t, "that it runs is stored", func() bool {
		j, err := g.store.Get(j.ID)
		return err == nil && j.State == jobs.Running
	})
	gate <- okay
	g.end(j.ID)
}

// TestCancel_cutsTheAttempt: the record first, and the backend's connection ends.
func TestCancel_cutsTheAttempt(t *testing.T) {
	g := start(t)
	b, asked, _ := slow(t)
	g.route("/", b.addr, 1)
	g.Start()
	running, queued := g.accepted(g.job("/", postIt), ""), g.accepted(g.job("/", getIt), "")
	await.Value(t, asked, "the request")
	waits := g.Await(nil, running.ID)
	for _, j := range []jobs.Job{queued, running} {
		got, err := g.done(g.Cancel(nil, j.ID))
		if err != nil || got.State != jobs.Cancelled {
			t.Errorf("got %s (%v)", got.State, err)
		}
	}
	if got, err := g.done(waits); err != nil || got.State != jobs.Cancelled || len(got.Attempts) != 1 || got.Attempts[0].Reached == forward.NothingSent {
		t.Errorf("the one that waited for it got %s, %+v (%v)", got.State, got.Attempts, err)
	}
	if _, err := g.done(g.Cancel(nil, running.ID)); !errors.As(err, new(*jobs.Refusal)) {
		t.Errorf("a second cancel: %v", err)
	}
	await.Until(t, "nothing runs", func() bool { return g.Snapshot().Running == 0 })
	if len(asked) != 0 || len(b.requests()) != 1 {
		t.Error("the queued one was sent")
	}
}

// TestRerun_runsItOnceMore with its first request, after it was cancelled while it ran.
func TestRerun_runsItOnceMore(t *testing.T) {
	t.Parallel()
	g := start(t)
	b, asked, gate := slow(t)
	g.route("/", b.addr, 1)
	g.Start()
	body := strings.Repeat("x", 100_000) // in a file
	j := g.accepted(g.job("/", "POST /it HTTP/1.1\r\nHost: a\r\n\r\n"), body)
	await.Value(t, asked, "the request")
	g.done(g.Cancel(nil, j.ID))
	if got, err := g.done(g.Rerun(nil, j.ID)); err != nil || got.State.Ended() {
		t.Fatalf("got %s (%v)", got.State, err)
	}
	await.Value(t, asked, "the request, again")
	gate <- okay
	gate <- okay // for the first one, which may not have noticed that it was cut
	if got, content := g.end(j.ID); got.State != jobs.Done || content != "okay" || len(got.Attempts) != 2 {
		t.Errorf("got %s, %q, %+v", got.State, content, got.Attempts)
	}
	for _, had := range b.requests() {
		if !strings.HasSuffix(had, "\r\n\r\n"+body) {
			t.Errorf("the backend had a request of %d bytes", len(had))
		}
	}
	if _, err := g.done(g.Rerun(nil, j.ID)); !errors.As(err, new(*jobs.Refusal)) {
		t.Errorf("one that is done was run again (%v)", err)
	}
}

// TestPause_letsNoAttemptBegin, whatever the job was doing; Resume does.
func TestPause_letsNoAttemptBegin(t *testing.T) {
	g := start(t)
	g.caps.Store(&Caps{Running: 1, BodyMax: 100, BytesMax: 1 << 30})
	b, asked, gate := slow(t)
	g.route("/", b.addr, 1)
	g.Start()
	running := g.accepted(g.job("/", "GET /running HTTP/1.1\r\nHost: a\r\n\r\n"), "")
	queued := g.accepted(g.job("/", "GET /queued HTTP/1.1\r\nHost: a\r\n\r\n"), "")
	next := g.accepted(g.job("/", "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"), "")
	await.Value(t, asked, "the request")
	for _, j := range []jobs.Job{running, queued, next} {
		got, err := g.done(g.Pause(nil, j.ID))
		if err != nil || !got.Paused || got.State.Ended() {
			t.Errorf("got %s (%v)", got.In(), err)
		}
	}
	gate <- "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
	await.Until(t, "the attempt has ended", func() bool {
		j, err := g.done(g.Look(nil, running.ID, false))
		return err == nil && j.State == jobs.Waiting && j.Paused
	})
	for _, j := range []jobs.Job{running, queued, next} {
		if _, err := g.done(g.Resume(nil, j.ID)); err != nil {
			t.Error(err)
		}
		gate <- okay
	}
	for _, j := range []jobs.Job{running, queued, next} {
		if got, content := g.end(j.ID); got.State != jobs.Done || content != "okay" {
			t.Errorf("got %s, %q", got.State, content)
		}
	}
}

// TestDeadline_endsTheJob that waits, is paused, or runs.
func TestDeadline_endsTheJob(t *testing.T) {
	t.Parallel()
	g := start(t)
	b, _, _ := slow(t)
	g.route("/", b.addr, 1)
	g.Start()
	var all []jobs.Job
	for _, raw := range []string{postIt, getIt, getIt} {
		j := g.job("/", raw)
		j.Deadline = time.Now().Add(500 * time.Millisecond)
		all = append(all, g.accepted(j, ""))
	}
	g.done(g.Pause(nil, all[2].ID))
	for _, j := range all {
		if got, _ := g.end(j.ID); got.State != jobs.Failed || !strings.Contains(got.Reason, "deadline") {
			t.Errorf("got %s (%s)", got.State, got.Reason)
		}
	}
}

// TestAwait_ofAJobThatIsNotThere, and of one that has ended.
func TestAwait_ofAJobThatIsNotThere(t *testing.T) {
	g := start(t)
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	g.Start()
	for _, e := range []*Errand{g.Await(nil, jobs.NewID()), g.Look(nil, jobs.NewID(), true), g.Cancel(nil, jobs.NewID())} {
		if _, err := g.done(e); !errors.Is(err, jobs.ErrUnknown) {
			t.Errorf("got %v", err)
		}
	}
	j := g.accepted(g.job("/", getIt), "")
	g.end(j.ID)
	if got, err := g.done(g.Await(nil, j.ID)); err != nil || got.State != jobs.Done {
		t.Errorf("got %s (%v)", got.State, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.ended) != 1 {
		t.Errorf("its end was told %d times", len(g.ended))
	}
}

// TestAbandon_leavesNothing: an errand that is abandoned is not one of those that wait any more.
func TestAbandon_leavesNothing(t *testing.T) {
	g := start(t)
	j, _, gate := g.runningJob(getIt)
	waits := func() (n int) {
		g.Runner.mu.Lock()
		defer g.Runner.mu.Unlock()
		for e := g.book[j.ID].awaited; e != nil; e = e.next {
			n++
		}
		return n
	}
	all := []*Errand{g.Await(nil, j.ID), g.Await(nil, j.ID), g.Await(nil, j.ID)}
	await.Until(t, "all of them wait", func() bool { return waits() == 3 })
	all[1].Abandon()
	if n := waits(); n != 2 {
		t.Errorf("%d wait", n)
	}
	gate <- okay
	for _, i := range []int{0, 2} {
		if got, err := g.done(all[i]); err != nil || got.State != jobs.Done {
			t.Errorf("got %s (%v)", got.State, err)
		}
	}
}

// TestStop_cutsWhatRuns: what was not sent waits for the next start, and the rest becomes what a crash would have made of it.
func TestStop_cutsWhatRuns(t *testing.T) {
	g := start(t)
	b, asked, gate := slow(t)
	g.route("/", b.addr, 2)
	g.Start()
	once, again := g.accepted(g.job("/", postIt), ""), g.accepted(g.job("/", getIt), "")
	for range 2 {
		await.Value(t, asked, "a request")
	}
	queued := g.accepted(g.job("/", postIt), "")
	g.stop(0)
	g.open()
	for j, want := range map[*jobs.Job]jobs.State{&once: jobs.Interrupted, &again: jobs.Waiting, &queued: jobs.Accepted} {
		if got, err := g.store.Get(j.ID); err != nil || got.State != want && !(j == &queued && got.State == jobs.Waiting) {
			t.Errorf("a %s is %s (%v), want %s", j.Request.Method, got.State, err, want)
		}
	}
	for range 4 { // two may be for the first ones, which may not have noticed that they were cut
		gate <- okay
	}
	g.Start()
	for _, j := range []jobs.Job{again, queued} {
		if got, _ := g.end(j.ID); got.State != jobs.Done {
			t.Errorf("after the next start it is %s (%s)", got.State, got.Reason)
		}
	}
}

// TestCancel_inTheMiddleOfTheResponse: the backend's connection ends at once, at a worker or after the attempt has left it. That one
// does not count among those of its route.
func TestCancel_inTheMiddleOfTheResponse(t *testing.T) {
	for name, leaves := range map[string]bool{"at its worker": false, "without a worker": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t)
			began, cut := make(chan struct{}, 1), make(chan error, 1)
			b := serveRaw(t, func(c net.Conn) {
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart")
				began <- struct{}{}
				_, err := io.Copy(io.Discard, c)
				cut <- err
			})
			to := g.route("/", b, 1)
			if leaves {
				to.Origins[0].Backend.Resize(1, 1)
			}
			g.Start()
			j := g.accepted(g.job("/", postIt), "")
			await.Value(t, began, "the response to begin")
			if leaves {
				await.Until(t, "it has left its worker", func() bool {
					g.Runner.mu.Lock()
					defer g.Runner.mu.Unlock()
					return g.lanes["/"].running == 0
				})
			}
			if got, err := g.done(g.Cancel(nil, j.ID)); err != nil || got.State != jobs.Cancelled {
				t.Errorf("got %s (%v)", got.State, err)
			}
			await.Value(t, cut, "the end of the backend's connection")
		})
	}
}

// serveRaw is a backend that has each connection, once its request's head has come, done by do.
func serveRaw(t *testing.T, do func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() { // ends with ln
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				await.Within(c, 2*await.Patience)
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					do(c)
				}
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		all.Wait()
	})
	return ln.Addr().String()
}

// TestStop_afterADrainWhoseTimeIsOver: the pool has stopped before, so that what was queued was turned away. Nothing of it is lost.
func TestStop_afterADrainWhoseTimeIsOver(t *testing.T) {
	g := start(t)
	b, asked, _ := slow(t)
	g.route("/", b.addr, 1)
	g.Start()
	var all []jobs.Job
	for range 4 {
		all = append(all, g.accepted(g.job("/", getIt), ""))
	}
	await.Value(t, asked, "the request")
	g.Quiesce()
	late := g.accepted(g.job("/", postIt), "")
	g.pool.Stop()
	g.stop(0)
	g.open()
	for _, j := range append(all, late) {
		if got, err := g.store.Get(j.ID); err != nil || got.State.Ended() || got.Tried > 1 {
			t.Errorf("it is %s after %d attempts (%v)", got.State, got.Tried, err)
		}
	}
}

// TestAccept_hasTheRoomOfWhatHasExpired: a job that is refused for want of room has those removed whose time is over.
func TestAccept_hasTheRoomOfWhatHasExpired(t *testing.T) {
	g := start(t)
	g.store.(*bolt.Store).SetCaps(jobs.Caps{Jobs: 1, Bytes: 1 << 30})
	old := g.job("/", getIt)
	old.Created, old.Keep = time.Now().Add(-2*time.Hour), time.Millisecond
	first, err := g.store.Create(old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jobs.Change(g.store, first.ID, func(j jobs.Job) (jobs.Job, error) { return j.Cancel(time.Now().Add(-time.Hour)) }); err != nil {
		t.Fatal(err)
	}
	accept := func() error {
		e := g.Accept(nil, g.job("/", getIt), nil, true)
		e.Wait()
		return e.Err
	}
	if err := accept(); !errors.Is(err, jobs.ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	await.Until(t, "there is room again", func() bool { return accept() == nil })
}
