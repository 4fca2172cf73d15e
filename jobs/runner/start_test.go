package runner

import (
	"iter"
	"testing"
	"time"

	"tenfour/jobs"
	"tenfour/tests/await"
)

// slowToRead is a store whose jobs are not read before the test lets it.
type slowToRead struct {
	jobs.Store
	read chan struct{}
}

func (s slowToRead) Jobs(states jobs.States) iter.Seq2[jobs.Job, error] {
	return func(yield func(jobs.Job, error) bool) {
		<-s.read
		s.Store.Jobs(states)(yield)
	}
}

// TestStart_waitsForNoReading: while the store is read, what is accepted runs, and so does what is awaited. The rest runs once it was read.
func TestStart_waitsForNoReading(t *testing.T) {
	g := start(t)
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	const raw = "GET /it HTTP/1.1\r\nHost: a\r\n\r\n"
	var old [2]jobs.Job
	for i := range old {
		var err error
		if old[i], err = g.store.Create(g.job("/", raw)); err != nil {
			t.Fatal(err)
		}
	}
	slow := slowToRead{g.store, make(chan struct{})}
	g.Runner.Store = slow
	g.Start()
	if j, _ := g.end(g.accepted(g.job("/", raw), "").ID); j.State != jobs.Done {
		t.Errorf("a job that was accepted meanwhile is %s, want done", j.State)
	}
	if j, err := g.done(g.Look(nil, old[0].ID, false)); err != nil || j.State.Ended() {
		t.Errorf("a job that was there is %s (%v), want one that has not ended", j.State, err)
	}
	if j, _ := g.end(old[0].ID); j.State != jobs.Done {
		t.Errorf("a job that was there, and that is awaited, is %s, want done", j.State)
	}
	close(slow.read)
	if j, _ := g.end(old[1].ID); j.State != jobs.Done {
		t.Errorf("the other one is %s, want done", j.State)
	}
}

// createsLate is a store whose Create returns only after the test has done something.
type createsLate struct {
	jobs.Store
	meanwhile func(jobs.ID)
}

func (s createsLate) Create(j jobs.Job) (jobs.Job, error) {
	j, err := s.Store.Create(j)
	if err == nil {
		s.meanwhile(j.ID)
	}
	return j, err
}

// TestStart_readsWhatIsHandedOverMeanwhile: the start finds the record of an exchange that is being handed over. That runs, and is not recovered as
// one that ran when tenfour stopped: its request is not sent again, and it is not interrupted.
func TestStart_readsWhatIsHandedOverMeanwhile(t *testing.T) {
	for name, raw := range map[string]string{"GET": getIt, "POST": postIt} {
		t.Run(name, func(t *testing.T) {
			g := start(t)
			b, asked, gate := slow(t)
			to := g.route("/", b.addr, 2)
			g.Runner.Store = createsLate{g.store, func(id jobs.ID) { g.adopt(id) }}
			g.Start()
			c := g.asks(to, raw, "", 10*time.Millisecond)
			await.Value(t, asked, "the request")
			await.Value(t, c.told, "the client to be free")
			gate <- okay
			gate <- okay // for a request that comes again
			got, _ := g.end(c.job.ID)
			await.Value(t, c.left, "its end")
			if got.State != jobs.Done || len(got.Attempts) != 1 || len(b.requests()) != 1 {
				t.Errorf("it is %s after %d attempts and %d requests, want done after one", got.State, len(got.Attempts), len(b.requests()))
			}
			c.conn.Close()
		})
	}
}
