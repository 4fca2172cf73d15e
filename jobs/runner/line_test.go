package runner

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"tenfour/admit"
	"tenfour/jobs"
	"tenfour/limit"
	"tenfour/tests/await"
	"tenfour/value/choice"
	"tenfour/value/rate"
)

// limited makes a limit that admits so many in that time.
func limited(t *testing.T, n int, per time.Duration, wait bool) *admit.Limit {
	w := limit.NewWindow(limit.Options{Rate: rate.Rate{N: n, Per: per}, Waiters: 10})
	t.Cleanup(w.Close)
	return &admit.Limit{Name: "few", Limiter: w, By: choice.ByHeader, Header: "X-Who", Wait: wait}
}

func from(who string) string {
	return "GET /" + who + " HTTP/1.1\r\nHost: a\r\nX-Who: " + who + "\r\n\r\n"
}

// TestLine_jobsWaitForTheirLimit: those of one key in turn, and those of another are not kept out. One that is cancelled leaves the line.
func TestLine_jobsWaitForTheirLimit(t *testing.T) {
	g := start(t)
	b := serve(t, always(okay))
	to := g.route("/", b.addr, 4)
	most := limited(t, 100, time.Hour, true)
	to.Rule = &admit.Rule{Limits: []*admit.Limit{most, limited(t, 1, time.Hour, true)}}
	g.Start()
	first := g.accepted(g.job("/", from("a")), "")
	g.end(first.ID)
	var waiting []jobs.Job
	for range 3 {
		waiting = append(waiting, g.accepted(g.job("/", from("a")), ""))
	}
	await.Until(t, "three wait", func() bool { return g.Snapshot().Limited == 3 })
	if got, _ := g.end(g.accepted(g.job("/", from("b")), "").ID); got.State != jobs.Done {
		t.Errorf("another key: %s", got.State)
	}
	await.Until(t, "those that wait for one limit have no admission of the other", func() bool {
		d, _ := most.Limiter.Ask([]byte("a"), nil)
		most.Limiter.Refund([]byte("a"), d)
		return d.Remaining == 98
	})
	g.done(g.Cancel(nil, waiting[0].ID))
	g.done(g.Pause(nil, waiting[1].ID))
	if n := g.Snapshot().Limited; n != 1 {
		t.Errorf("%d wait, after one was cancelled and one was paused", n)
	}
	g.done(g.Resume(nil, waiting[1].ID))
	await.Until(t, "two wait", func() bool { return g.Snapshot().Limited == 2 })
	old := to.Rule.Limits[1].Limiter
	g.mu.Lock()
	after := *to
	after.Rule = nil
	g.routes["/"] = &after
	g.mu.Unlock()
	old.Close() // a reload has removed the limit
	for _, j := range waiting[1:] {
		if got, _ := g.end(j.ID); got.State != jobs.Done {
			t.Errorf("got %s (%s)", got.State, got.Reason)
		}
	}
}

// TestLine_ofALimitThatRejects: it is asked before each attempt but the first, and again when it says so.
func TestLine_ofALimitThatRejects(t *testing.T) {
	for _, wait := range []bool{false, true} {
		t.Run(fmt.Sprintf("requests wait: %t", wait), func(t *testing.T) {
			g := start(t)
			b := serve(t, func(n int, _ *http.Request) string {
				if n < 3 {
					return "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
				}
				return okay
			})
			to := g.route("/", b.addr, 4)
			l := limited(t, 1, 20*time.Millisecond, wait)
			to.Rule = &admit.Rule{Limits: []*admit.Limit{l}}
			g.Start()
			var all []jobs.Job
			for range 3 {
				all = append(all, g.accepted(g.job("/", from("a")), ""))
			}
			for _, j := range all {
				if got, _ := g.end(j.ID); got.State != jobs.Done {
					t.Errorf("got %s (%s)", got.State, got.Reason)
				}
			}
			await.Until(t, "no line is left", func() bool {
				g.Runner.mu.Lock()
				defer g.Runner.mu.Unlock()
				return len(g.lines) == 0
			})
		})
	}
}

// TestLine_countsByTheNameOfTheToken that the client has shown, which the record has in place of the token.
func TestLine_countsByTheNameOfTheToken(t *testing.T) {
	g := start(t)
	b := serve(t, always(okay))
	l := limited(t, 1, time.Hour, true)
	l.By = choice.ByToken
	g.route("/", b.addr, 1).Rule = &admit.Rule{Limits: []*admit.Limit{l}}
	g.Start()
	named := func(name string) jobs.ID {
		j := g.job("/", getIt)
		j.Request.ClientName = name
		return g.accepted(j, "").ID
	}
	for _, name := range []string{"a", "b"} {
		if got, _ := g.end(named(name)); got.State != jobs.Done {
			t.Errorf("%s: got %s", name, got.State)
		}
	}
	waits := named("a")
	await.Until(t, "one waits", func() bool { return g.Snapshot().Limited == 1 })
	g.done(g.Cancel(nil, waits))
}
