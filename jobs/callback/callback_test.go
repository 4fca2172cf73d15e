package callback

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/jobs"
	"tenfour/tests/await"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func TestCallback_isSignedWithEachKey(t *testing.T) {
	t.Parallel()
	r := receive(t, answers(204))
	g := newRig(t, r.URL+"/hooks").start(t)
	j := g.ended(t, r.URL+"/hooks/7;v=1?a=b&c", jobs.Result{Status: 200, Reason: []byte("OK"), Fields: []byte("Content-Type: text/plain\r\n")}, "hello")
	g.Due(j)
	p := await.Value(t, r.posts, "the callback")
	if p.target != "/hooks/7;v=1?a=b&c" || "http://"+p.host != r.URL || p.Get("Content-Type") != "application/json" || p.Get("User-Agent") != "tenfour" {
		t.Errorf("got %q at %q with %v", p.target, p.host, p.Header)
	}
	for name, key := range map[string][]byte{"new": newKey, "old": oldKey} {
		hook, _ := standardwebhooks.NewWebhookRaw(key)
		if err := hook.Verify(p.body, p.Header); err != nil {
			t.Errorf("with the %s key: %v, of %q", name, err, p.Get("webhook-signature"))
		}
		if err := hook.Verify(append([]byte(" "), p.body...), p.Header); err == nil {
			t.Errorf("with the %s key another body is taken", name)
		}
	}
	if signatures := strings.Split(p.Get("webhook-signature"), " "); len(signatures) != 2 || !strings.HasPrefix(signatures[1], "v1,") {
		t.Errorf("got the signatures %q", signatures)
	}
	if other, _ := standardwebhooks.NewWebhookRaw(bytes.Repeat([]byte{3}, 32)); other.Verify(p.body, p.Header) == nil {
		t.Error("a key that is not in use verifies")
	}
	b := g.until(t, j.ID, jobs.CallbackDelivered)
	if b.Attempts != 1 || b.Status != 204 || b.Failure != "" || b.Ended.IsZero() {
		t.Errorf("its record has %+v", b)
	}
	await.Until(t, "the snapshot counts it", func() bool { return g.Snapshot() == Snapshot{Delivered: 1, Attempts: 1} })
}

func TestCallback_isSentAgainUntilItsReceiverTakesIt(t *testing.T) {
	t.Parallel()
	r := receive(t, answers(500, 404, 429, 200))
	g := newRig(t, r.URL).start(t)
	j := g.cancelled(t, r.URL)
	g.Due(j)
	b := g.until(t, j.ID, jobs.CallbackDelivered)
	if b.Attempts != 4 || b.Failure != "" {
		t.Errorf("got %+v", b)
	}
	first := await.Value(t, r.posts, "the first POST")
	for range 3 {
		next := await.Value(t, r.posts, "the next POST")
		if next.Get("webhook-id") != first.Get("webhook-id") || !bytes.Equal(next.body, first.body) {
			t.Errorf("the next POST differs: %q %s, %q %s", first.Get("webhook-id"), first.body, next.Get("webhook-id"), next.body)
		}
	}
	if id := first.Get("webhook-id"); strings.Contains(id, j.ID.String()) || first.json(t)["id"] != j.ID.String() || first.json(t)["type"] != "job.cancelled" {
		t.Errorf("the message %s is %s", id, first.body)
	}
}

func TestCallback_heedsRetryAfter(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 503} {
		r := receive(t, func(w http.ResponseWriter, _ int) {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(status)
		})
		g := newRig(t, r.URL).start(t)
		j := g.cancelled(t, r.URL)
		g.Due(j)
		await.Until(t, "it was sent once", func() bool { return g.callback(t, j.ID).Attempts == 1 })
		if b := g.callback(t, j.ID); time.Until(b.Next) < 9*time.Minute || b.State != jobs.CallbackDue {
			t.Errorf("after %d it is %s, and sent next at %v", status, b.State, b.Next)
		}
	}
}

func TestCallback_isGivenUpAfter410(t *testing.T) {
	t.Parallel()
	r := receive(t, answers(410))
	g := newRig(t, r.URL).start(t)
	j := g.cancelled(t, r.URL+"/x?token=hunter2&a=b")
	g.Due(j)
	g.until(t, j.ID, jobs.CallbackGaveUp)
	await.Until(t, "it is logged", func() bool { return strings.Contains(g.logged(), "gave up a callback") })
	log := g.logged()
	if !strings.Contains(log, r.URL+"/x?token=***&a=b") || strings.Contains(log, "hunter2") || strings.Contains(log, j.ID.String()) || !strings.Contains(log, "answered 410") {
		t.Errorf("logged %s", log)
	}
	await.Until(t, "the snapshot counts it", func() bool { return g.Snapshot() == Snapshot{GaveUp: 1, Attempts: 1, Failures: 1} })
}

func TestCallback_followsNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere, conns := raw(t, hang)
	r := receive(t, func(w http.ResponseWriter, n int) {
		w.Header().Set("Location", elsewhere)
		w.WriteHeader([]int{301, 302, 303, 307, 308, 204}[n-1])
	})
	g := newRig(t, r.URL, elsewhere).start(t) // also one that would be allowed
	j := g.cancelled(t, r.URL)
	g.Due(j)
	if b := g.until(t, j.ID, jobs.CallbackDelivered); b.Attempts != 6 || conns() != 0 {
		t.Errorf("after %d attempts, %d connections went to Location", b.Attempts, conns())
	}
}

// TestCallback_costsABoundedTime: whatever a receiver does, an attempt ends, and its failure is in words.
func TestCallback_costsABoundedTime(t *testing.T) {
	t.Parallel()
	repeat := func(first, again string, pause time.Duration) func(net.Conn) {
		return func(c net.Conn) {
			_, err := io.WriteString(c, first)
			for err == nil {
				await.Pace(pause)
				_, err = io.WriteString(c, again)
			}
		}
	}
	tests := map[string]struct {
		serve     func(net.Conn)
		delivered bool
		failure   string
	}{
		"hangs":                {hang, false, "no answer within 300ms"},
		"drips its head":       {repeat("HTTP/1.1 200 OK\r\nX-A: ", "a", time.Millisecond), false, "no answer within 300ms"},
		"has an endless field": {repeat("HTTP/1.1 200 OK\r\nX-A: ", strings.Repeat("a", 1<<10), 0), false, "headers exceeded 16384"},
		"has endless fields":   {repeat("HTTP/1.1 200 OK\r\n", strings.Repeat("A: b\r\n", 100), 0), false, "headers exceeded 16384"},
		"has endless 1xx":      {repeat("", "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n", 0), false, ""},
		"has an endless line":  {repeat("HTTP/1.1 200 ", strings.Repeat("a", 1<<10), 0), false, ""},
		"closes at once":       {func(net.Conn) {}, false, ""},
		"is not HTTP":          {func(c net.Conn) { io.WriteString(c, "SSH-2.0-x "+strings.Repeat("\xff", 1000)+"\r\n"); hang(c) }, false, "malformed"},
		"drips its body":       {repeat("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "a", time.Millisecond), true, ""},
		"has an endless body":  {repeat("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", strings.Repeat("a", 1<<10), 0), true, ""},
		"has no body to read":  {repeat("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", strings.Repeat("f", 1<<10), 0), true, ""},
		"switches protocols":   {repeat("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "a", 0), false, "answered 101"},
		"is mute after 101": {func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
			hang(c)
		}, false, "answered 101"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := raw(t, func(c net.Conn) {
				buf := make([]byte, 64<<10)
				c.Read(buf)
				tc.serve(c)
			})
			g := newRig(t, url)
			g.c.bounds = bounds{Connect: await.Patience, Whole: 300 * time.Millisecond, Rest: 50 * time.Millisecond, Head: 16 << 10, Body: 64 << 10}
			if !strings.HasPrefix(tc.failure, "no answer within") {
				g.c.bounds.Whole = 2 * await.Patience // it must not be the time that ends it
			}
			if name == "has an endless body" {
				g.c.bounds.Rest = 2 * await.Patience // likewise
			}
			g.c.random = func() float64 { return 1 } // the next attempt is seconds away
			j := g.cancelled(t, url)
			g.start(t) // it finds what is due in the store
			await.Until(t, "an attempt has ended", func() bool { return g.callback(t, j.ID).Attempts == 1 })
			b := g.callback(t, j.ID)
			if (b.State == jobs.CallbackDelivered) != tc.delivered || !strings.Contains(b.Failure, tc.failure) || len(b.Failure) > 2*failureMost || (b.Failure == "") != tc.delivered {
				t.Errorf("got %+v, want delivered %t, %q", b, tc.delivered, tc.failure)
			}
		})
	}
}

// TestCallback_waitsForNoReceiverThatHangs: two receivers hang, with many callbacks each, and a third one gets its own.
func TestCallback_waitsForNoReceiverThatHangs(t *testing.T) {
	t.Parallel()
	one, conns1 := raw(t, hang)
	two, conns2 := raw(t, hang)
	r := receive(t, answers(200))
	g := newRig(t, one, two, r.URL).start(t)
	for range 5 {
		g.Due(g.cancelled(t, one))
		g.Due(g.cancelled(t, two))
	}
	for range 10 {
		j := g.cancelled(t, r.URL)
		g.Due(j)
		g.until(t, j.ID, jobs.CallbackDelivered)
	}
	await.Until(t, "both have what they may have", func() bool { return conns1() == atOnceHangs && conns2() == atOnceHangs })
	await.Until(t, "the rest waits", func() bool { s := g.Snapshot(); return s.Running == 2*atOnceHangs && s.Due == 10 })
}

func TestCallback_isCheckedByTheConfigurationOfTheMoment(t *testing.T) {
	t.Parallel()
	r := receive(t, answers(200))
	g := newRig(t).start(t)
	j := g.cancelled(t, r.URL)
	g.Due(j)
	await.Until(t, "it was refused", func() bool { return strings.Contains(g.callback(t, j.ID).Failure, "callback_allow") })
	g.mu.Lock()
	g.route.Keys = nil
	g.mu.Unlock()
	g.allow(t, r.URL+"/other")
	if n := len(r.posts); n != 0 {
		t.Errorf("%d POSTs were sent to a target that is not allowed", n)
	}
	g.allow(t, r.URL)
	g.until(t, j.ID, jobs.CallbackDelivered)
}

func TestCallback_isNotSentUnsigned(t *testing.T) {
	t.Parallel()
	r := receive(t, answers(200))
	g := newRig(t, r.URL)
	g.route.Keys = nil
	j := g.cancelled(t, r.URL)
	g.start(t)
	await.Until(t, "it was refused", func() bool { return strings.Contains(g.callback(t, j.ID).Failure, "callback_secret_file") })
	if n := len(r.posts); n != 0 {
		t.Errorf("%d POSTs without a signature", n)
	}
}

// TestCallback_goesOnAfterARestart: one that was under way when tenfour stopped is sent again, and counts as no attempt.
func TestCallback_goesOnAfterARestart(t *testing.T) {
	t.Parallel()
	var hangs atomic.Bool
	hangs.Store(true)
	arrived := make(chan bool, 9)
	url, _ := raw(t, func(c net.Conn) {
		arrived <- true
		if hangs.Load() {
			hang(c)
		}
		buf := make([]byte, 64<<10)
		c.Read(buf)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	g := newRig(t, url).start(t)
	j := g.cancelled(t, url)
	g.Due(j)
	await.Value(t, arrived, "the first POST")
	g.stopNow()
	if b := g.callback(t, j.ID); b.State != jobs.CallbackDue || b.Attempts != 0 {
		t.Errorf("after Stop: %+v", b)
	}
	hangs.Store(false)
	g.start(t)
	if b := g.until(t, j.ID, jobs.CallbackDelivered); b.Attempts != 1 {
		t.Errorf("after the restart: %+v", b)
	}
}

func TestStop_letsWhatIsUnderWayEnd(t *testing.T) {
	t.Parallel()
	arrived, goOn := make(chan bool, 1), make(chan bool)
	r := receive(t, func(w http.ResponseWriter, _ int) {
		arrived <- true
		<-goOn
		w.WriteHeader(200)
	})
	g := newRig(t, r.URL).start(t)
	j := g.cancelled(t, r.URL)
	g.Due(j)
	await.Value(t, arrived, "the POST")
	stopped := make(chan bool)
	go func() {
		g.Stop(t.Context())
		close(stopped)
	}()
	await.Until(t, "it stops", g.stopping)
	close(goOn)
	await.Value(t, stopped, "the end of Stop")
	if b := g.callback(t, j.ID); b.State != jobs.CallbackDelivered {
		t.Errorf("got %+v", b)
	}
	g.Due(g.cancelled(t, r.URL)) // does nothing, and does not block
}

// flakyStore refuses the updates of callbacks while it is told to.
type flakyStore struct {
	jobs.Store
	refuse  atomic.Bool
	refused atomic.Int32
}

func (s *flakyStore) Update(j jobs.Job) (jobs.Job, error) {
	if s.refuse.Load() {
		s.refused.Add(1)
		return j, fmt.Errorf("write: %w", jobs.ErrNoRoom)
	}
	return s.Store.Update(j)
}

// TestCallback_whoseOutcomeIsNotStored is not sent again while tenfour runs, and is sent again after a crash.
func TestCallback_whoseOutcomeIsNotStored(t *testing.T) {
	t.Parallel()
	r := receive(t, answers(200))
	g := newRig(t, r.URL)
	flaky := &flakyStore{Store: g.store}
	flaky.refuse.Store(true)
	g.c.Store = flaky
	var ahead atomic.Int64 // so that the pause is over at once
	g.c.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	j := g.cancelled(t, r.URL)
	g.start(t)
	first := await.Value(t, r.posts, "the callback")
	await.Until(t, "it was not stored", func() bool { return flaky.refused.Load() == 1 })
	await.Until(t, "it is logged", func() bool { return strings.Contains(g.logged(), "does not take how a callback went") })
	await.Until(t, "it was not stored once more", func() bool {
		ahead.Add(int64(pauseUnwritten)) // again and again, because the pause may begin a moment later
		g.look()
		return flaky.refused.Load() >= 2
	})
	if n := len(r.posts); n != 0 {
		t.Errorf("it was sent %d times more while its outcome was known", n)
	}
	g.stopNow() // as a crash would: nothing was stored
	if b := g.callback(t, j.ID); b.State != jobs.CallbackDue {
		t.Fatalf("got %+v", b)
	}
	flaky.refuse.Store(false)
	g.start(t)
	again := await.Value(t, r.posts, "the callback after the restart")
	if again.Get("webhook-id") != first.Get("webhook-id") {
		t.Errorf("a receiver cannot tell that %q and %q are one", first.Get("webhook-id"), again.Get("webhook-id"))
	}
	g.until(t, j.ID, jobs.CallbackDelivered)
}

// TestCallback_ofAJobThatWasRunAgain: what is told is the end that the job has, and each end has an id.
func TestCallback_ofAJobThatWasRunAgain(t *testing.T) {
	t.Parallel()
	arrived, goOn := make(chan bool, 9), make(chan bool, 9)
	r := receive(t, func(w http.ResponseWriter, _ int) {
		arrived <- true
		<-goOn
		w.WriteHeader(200)
	})
	g := newRig(t, r.URL).start(t)
	j := g.cancelled(t, r.URL)
	g.Due(j)
	await.Value(t, arrived, "the POST")
	rerun := func(j jobs.Job) (jobs.Job, error) { return j.Rerun(time.Now().Add(time.Hour)) }
	cancel := func(j jobs.Job) (jobs.Job, error) { return j.Cancel(time.Now()) }
	for _, change := range []func(jobs.Job) (jobs.Job, error){rerun, cancel} {
		next, err := jobs.Change(g.store, j.ID, change)
		if err != nil {
			t.Fatal(err)
		}
		j = next
	}
	g.Due(j) // while the first end is told
	goOn <- true
	await.Value(t, arrived, "the POST of the second end")
	if b := g.callback(t, j.ID); b.State != jobs.CallbackDue || b.Attempts != 0 {
		t.Errorf("the first end counts for the second: %+v", b)
	}
	goOn <- true
	g.until(t, j.ID, jobs.CallbackDelivered)
	if one, two := <-r.posts, <-r.posts; one.Get("webhook-id") == two.Get("webhook-id") {
		t.Error("both ends have the same id")
	}
	g.Due(j) // a stale word of an end that was told
	await.Until(t, "nothing is due", func() bool { return g.Snapshot().Due == 0 })
}

// TestCallback_isGivenUpLateWithoutAnAttempt: of many whose day is over, a receiver that fails gets one more attempt, not one for each.
func TestCallback_isGivenUpLateWithoutAnAttempt(t *testing.T) {
	t.Parallel()
	r := receive(t, answers(500))
	g := newRig(t, r.URL)
	yesterday := time.Now().Add(-25 * time.Hour)
	var ids []jobs.ID
	for range 20 {
		ids = append(ids, g.cancelledAt(t, r.URL, yesterday).ID)
	}
	g.start(t)
	for _, id := range ids {
		if b := g.until(t, id, jobs.CallbackGaveUp); !strings.Contains(b.Failure, "answered 500") {
			t.Errorf("got %+v", b)
		}
	}
	await.Until(t, "all are counted", func() bool { return g.Snapshot().GaveUp == 20 })
	if n := len(r.posts); n < 1 || n > atOnceHangs {
		t.Errorf("%d POSTs, want 1 to %d", n, atOnceHangs)
	}
	if n := strings.Count(g.logged(), "gave up a callback"); n != 20 {
		t.Errorf("%d lines, want one for each", n)
	}
}

func TestCallback_overTLS(t *testing.T) {
	t.Parallel()
	r := receive(t, answers(200))
	secure, pool := startTLS(t, r)
	g := newRig(t, secure)
	g.c.random = func() float64 { return 1 }
	j := g.cancelled(t, secure)
	g.start(t)
	await.Until(t, "an attempt has ended", func() bool { return g.callback(t, j.ID).Attempts == 1 })
	if b := g.callback(t, j.ID); !strings.Contains(b.Failure, "authority") || len(r.posts) != 0 {
		t.Errorf("a certificate of an unknown authority: %+v", b)
	}
	g.stopNow()
	g.c.TLS = pool
	j = g.cancelled(t, secure)
	g.start(t)
	g.until(t, j.ID, jobs.CallbackDelivered)
}

// TestSender_hammered: jobs end on many goroutines, twice some of them, while the store is read and receivers fail now and then.
func TestSender_hammered(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	r := receive(t, func(w http.ResponseWriter, _ int) {
		if n.Add(1)%3 == 0 {
			w.WriteHeader(500)
		}
	})
	g := newRig(t, r.URL)
	ids := make(chan jobs.ID, 100)
	var ending sync.WaitGroup
	for range 10 {
		ending.Go(func() {
			for range 5 {
				j := g.cancelled(t, r.URL)
				ids <- j.ID
			}
		})
	}
	g.start(t)
	for range 5 {
		ending.Go(func() {
			for range 5 {
				j := g.cancelled(t, r.URL)
				g.Due(j)
				g.Due(j)
				ids <- j.ID
				g.Snapshot()
			}
		})
	}
	ending.Wait()
	g.stopNow()
	g.start(t)
	close(ids)
	for id := range ids {
		g.until(t, id, jobs.CallbackDelivered)
	}
}

func TestCallback_ofAJobThatIsGone(t *testing.T) {
	t.Parallel()
	r := receive(t, answers(200))
	g := newRig(t, r.URL)
	j := g.cancelled(t, r.URL)
	if err := g.store.Remove(j); err != nil {
		t.Fatal(err)
	}
	g.start(t)
	g.Due(j)
	await.Until(t, "nothing is due", func() bool { return g.Snapshot() == Snapshot{} })
	if _, err := g.store.Get(j.ID); !errors.Is(err, jobs.ErrUnknown) || len(r.posts) != 0 {
		t.Errorf("%v, %d POSTs", err, len(r.posts))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.Stop(ctx)
	g.Stop(ctx) // twice does no harm
}
