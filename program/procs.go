package program

import (
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// procs adjusts the number of processors that run goroutines (GOMAXPROCS) to the load. With one processor, work stays where its
// connection is. A second one that has little to do searches for work and takes it away from the first. This costs every exchange
// more than the proxy's own code does. So there is one until it is nearly always busy, and further ones stay only if they pay.
type procs struct {
	served func() int64 // tasks so far
	judge  procsJudge
	quit   chan struct{} // closed by Close
	ended  sync.WaitGroup
}

// procsEvery is the time between two samples, and so between two changes: each change stops all goroutines for a moment. procsSoon is the
// same during a trial.
const (
	procsEvery = 200 * time.Millisecond
	procsSoon  = 100 * time.Millisecond
)

// tendProcs starts to adjust the number of processors, unless the environment sets GOMAXPROCS; Close ends it. served returns how
// many tasks the workers have begun so far.
func tendProcs(served func() int64) *procs {
	t := &procs{served: served, judge: procsJudge{most: runtime.GOMAXPROCS(0)}, quit: make(chan struct{})}
	if t.judge.most > 1 && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
		t.ended.Go(t.tend) // ends with Close
	}
	return t
}

// Close stops the adjusting, and sets the number back to all processors.
func (t *procs) Close() {
	close(t.quit)
	t.ended.Wait()
	if runtime.GOMAXPROCS(0) != t.judge.most {
		runtime.GOMAXPROCS(t.judge.most)
	}
}

func (t *procs) tend() {
	every := time.NewTicker(procsEvery)
	defer every.Stop()
	t.judge.last = t.now()
	for {
		select {
		case <-t.quit:
			return
		case <-every.C:
		}
		n := runtime.GOMAXPROCS(0)
		if want := t.judge.next(n, t.now()); want != n {
			runtime.GOMAXPROCS(want)
			every.Reset(t.judge.pause())
		}
	}
}

// procsSample is a measurement: how much was done up to a moment.
type procsSample struct {
	at     time.Time
	cpu    time.Duration // of the process
	served int64         // tasks
}

func (t *procs) now() procsSample {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return t.judge.last
	}
	return procsSample{at: time.Now(), cpu: time.Duration(u.Utime.Nano() + u.Stime.Nano()), served: t.served()}
}

// procsJudge decides how many processors there should be, from one sample to the next.
//
// More are tried when all have been busy for procsTrial. It tries half as many again as there are, and at least one: what they can
// bring is then a third of the throughput or more, which stands out from the noise, also at 40. They stay if they bring their share of it.
// A trial costs each exchange more: one that shows nothing at once is over at once, after procsSoon.
type procsJudge struct {
	most    int
	last    procsSample // the newest
	full    procsSample // since when all processors were busy, or more are on trial; zero for neither
	before  int         // how many there were before the trial; 0 when there is none
	tried   float64     // tasks per second before it
	holdOff time.Time
	wait    time.Duration // how long the next hold-off is
}

const (
	procsBusy      = 0.9             // of the time of all processors: more are tried
	procsIdle      = 0.6             // of the time of all but one: one is given up
	procsShare     = 0.2             // of what further ones could bring, were throughput to grow with their number: they are kept
	procsHope      = 0.1             // the same, while the trial lasts: with less it ends early
	procsTrial     = time.Second     // how long a throughput is measured before it is compared
	procsRetry     = 5 * time.Second // until those that did not pay are tried again; doubles up to procsRetryMost
	procsRetryMost = 5 * time.Minute
)

// next returns how many processors there should be, when there are n.
func (j *procsJudge) next(n int, now procsSample) int {
	if !now.at.After(j.last.at) {
		return n
	}
	used, _ := j.last.until(now)
	start := j.last
	j.last = now
	switch {
	case j.before > 0:
		lasts, share := now.at.Sub(j.full.at) < procsTrial, procsShare
		if lasts {
			share = procsHope
		}
		if !j.pays(n, now, share) {
			return j.giveUp(now)
		}
		if lasts {
			return n
		}
		j.before, j.wait = 0, 0
	case n > 1 && used < procsIdle*float64(n-1):
		j.full = procsSample{}
		return n - 1
	}
	switch {
	case used <= procsBusy*float64(n):
		j.full = procsSample{}
		return n
	case j.full.at.IsZero():
		j.full = start
	}
	if n == j.most || now.at.Sub(j.full.at) < procsTrial || !now.at.After(j.holdOff) {
		return n
	}
	_, j.tried = j.full.until(now)
	j.before, j.full = n, now
	return n + j.step(n)
}

// pause returns how long it is until the next sample.
func (j *procsJudge) pause() time.Duration {
	if j.before > 0 {
		return procsSoon
	}
	return procsEvery
}

// until returns how many processors were used, and how many tasks a second were served, from one sample to the next.
func (s procsSample) until(next procsSample) (used, rate float64) {
	wall := next.at.Sub(s.at).Seconds()
	return (next.cpu - s.cpu).Seconds() / wall, float64(next.served-s.served) / wall
}

// pays reports whether the processors on trial brought that share of what they could.
func (j *procsJudge) pays(n int, now procsSample, share float64) bool {
	_, rate := j.full.until(now)
	could := float64(n-j.before) / float64(j.before)
	return rate > j.tried*(1+share*could)
}

// giveUp ends a trial that did not pay, and returns how many processors there were before.
func (j *procsJudge) giveUp(now procsSample) int {
	n := j.before
	j.before, j.full = 0, procsSample{}
	j.wait = min(max(2*j.wait, procsRetry), procsRetryMost)
	j.holdOff = now.at.Add(j.wait)
	return n
}

// step is how many processors are tried beside n. It leaves no rest that is smaller than a step, because such a rest could bring too
// little to be seen.
func (j *procsJudge) step(n int) int {
	step, rest := max(1, n/2), j.most-n
	if rest < 2*step {
		return rest
	}
	return step
}
