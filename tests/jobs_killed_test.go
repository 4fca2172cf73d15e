package tests

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// killCycles is the environment variable that says how often TestJobs_killedAtAnyMomentKeepEachPromise kills; without it, as often as fits
// into killsLast.
const (
	killCycles = "TENFOUR_KILLS"
	killsLast  = 3 * time.Second
)

// TestJobs_killedAtAnyMomentKeepEachPromise: clients make jobs, read, cancel, pause and resume them, and ask again, until tenfour is killed with SIGKILL: at a
// random moment, between any two writes of its store, when its origin has had a request, when a callback has come, or when a client has its
// 202. It starts again on the same data, and so on. In the end each job that was promised has ended, its result is what the origin sent, a
// request that may be sent once was sent once, and each callback has come with a good signature.
//
//	TENFOUR_KILLS=300 go test -run TestJobs_killed ./tests -timeout 30m   # scripts/crash.sh
func TestJobs_killedAtAnyMomentKeepEachPromise(t *testing.T) {
	t.Parallel()
	d := startDoomed(t, "jobs_max = 1000000\njobs_bytes_max = \"8GiB\"\n")
	w := d.witness()
	trigger := newTrigger(d)
	most, _ := strconv.Atoi(os.Getenv(killCycles))
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	late := time.Now().Add(killsLast)
	n := 0
	for ; n < most || most == 0 && time.Now().Before(late); n++ {
		w.cycle(n, rng, trigger)
		if len(w.wrong) > 0 {
			break
		}
	}
	trigger.set() // what is left of the last cycle may not kill the process that is to settle all
	d.mustBegin()
	w.settle(time.Duration(12+n/5) * patience)
	t.Logf("killed %d times, seed %d: %v of %d requests", n, seed, w.counts, len(w.errands))
	for i, wrong := range w.wrong {
		if i < 20 {
			t.Error(wrong)
		}
	}
	if t.Failed() {
		t.Logf("the last process said: %.20000s", d.process.log)
	}
}

// trigger kills when as much has happened as it was set to.
type trigger struct {
	origin, receiver, promises atomic.Int64 // that are left; below 0 for never
}

// newTrigger lets the origin and the receiver of d pull it.
func newTrigger(d *doomed) *trigger {
	g := &trigger{}
	g.set()
	d.origin.had = func(int) { g.pull(&g.origin, d) }
	d.receiver.had = func(int) { g.pull(&g.receiver, d) }
	return g
}

func (g *trigger) set() {
	for _, left := range []*atomic.Int64{&g.origin, &g.receiver, &g.promises} {
		left.Store(-1)
	}
}

// pull kills the process that runs as this is called, and not one that has begun since.
func (g *trigger) pull(left *atomic.Int64, d *doomed) {
	p := d.now.Load()
	if left.Load() > 0 && left.Add(-1) == 0 {
		p.cmd.Process.Kill()
	}
}

// killedAt runs tenfour under strace, which kills it when a thread is about to make its n-th call of some system calls. So it dies between any two
// writes of a file, without anything in the product that could do that. Without strace nothing kills it here.
func killedAt(calls string, n int) (line string) {
	if _, err := exec.LookPath("strace"); err != nil {
		return ""
	}
	return fmt.Sprintf(`exec strace -D -f -qq -o /dev/null -e trace=%s -e inject=%s:signal=KILL:when=%d "$@"`, calls, calls, n)
}

// cycle starts tenfour, lets clients work, and returns when it was killed.
func (w *witness) cycle(n int, rng *rand.Rand, g *trigger) {
	g.set()
	w.line = ""
	most := time.Second // in which it is killed anyhow
	switch n % 5 {
	case 0:
		w.line = killedAt([]string{"pwrite64,fdatasync,fsync,unlinkat", "pwrite64,fdatasync,fsync,unlinkat,write,writev,sendto,sendmsg"}[rng.IntN(2)], 1+rng.IntN(40))
	case 1:
		most = time.Duration(rng.IntN(300)) * time.Millisecond
	case 2:
		g.origin.Store(1 + rng.Int64N(100))
	case 3:
		g.receiver.Store(1 + rng.Int64N(15))
	case 4:
		g.promises.Store(1 + rng.Int64N(100))
	}
	if w.begin() {
		timer := time.AfterFunc(most, w.kill)
		var clients sync.WaitGroup
		for range 8 {
			own := rand.New(rand.NewPCG(rng.Uint64(), 0))
			clients.Go(func() { w.work(own, g) }) // ends when tenfour is killed
		}
		clients.Wait()
		timer.Stop()
		w.kill()
	}
	w.awaitDeath()
}

// work is one client, until tenfour has gone.
func (w *witness) work(rng *rand.Rand, g *trigger) {
	for {
		var err error
		before := w.any(rng)
		switch does := rng.IntN(12); {
		case does < 5 || before == nil:
			e := w.drawErrand(rng)
			if err = w.send(e); err == nil {
				g.pull(&g.promises, w.doomed)
			} else if e.path == laterRoute && w.runs() {
				err = nil // the response was relayed, and was cut by the origin
			}
		case does < 8:
			_, err = w.read(before)
		case does == 8 && rng.IntN(2) == 0:
			w.leave(w.drawErrand(rng))
		case does == 8:
			if e := w.anyKeyed(rng); e != nil {
				err = w.send(e)
			}
		case does == 9:
			err = w.cancel(before)
		case does == 10:
			err = w.pause(before, "pause")
		case does == 11:
			err = w.pause(before, "resume")
		}
		if err != nil {
			return // it was killed
		}
		await.Pace(time.Duration(rng.IntN(3)) * time.Millisecond) // as clients are
	}
}
