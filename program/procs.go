package program

import (
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// procs moves the number of processors that run goroutines (GOMAXPROCS) with the load. With one, work stays where its
// connection is; a second idles, spins for work and takes it away from the first, which costs every exchange more than
// the proxy's own code does. So there is one until it is busy nearly all the time, and another stays only if it pays.
type procs struct {
	served func() int64 // tasks so far
	judge  procsJudge
	quit   chan struct{} // closed by Close
	ended  sync.WaitGroup
}

// procsEvery is how often the number may change: changing it stops the world for a moment.
const procsEvery = 200 * time.Millisecond

// tendProcs starts to tend the number of processors, unless the environment sets GOMAXPROCS; Close ends it. served is
// the number of tasks that workers have begun so far.
func tendProcs(served func() int64) *procs {
	t := &procs{served: served, judge: procsJudge{most: runtime.GOMAXPROCS(0)}, quit: make(chan struct{})}
	if t.judge.most > 1 && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
		t.ended.Go(t.tend) // ends with Close
	}
	return t
}

// Close stops tending, and gives all processors back.
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
		}
	}
}

// procsSample is a moment: how much had been done by then.
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
type procsJudge struct {
	most    int
	last    procsSample
	tried   float64 // tasks per second before the last processor was added; 0 when that was judged
	holdOff time.Time
	wait    time.Duration // how long the next hold-off is
}

const (
	procsBusy      = 0.9             // of all that the processors can do: one more is tried
	procsIdle      = 0.6             // of all that one less could do: one is given up
	procsPays      = 1.1             // times as many tasks as before: the one more is kept
	procsRetry     = 5 * time.Second // until one that did not pay is tried again; doubles up to procsRetryMost
	procsRetryMost = 5 * time.Minute
)

// next returns how many of now n processors there should be.
func (j *procsJudge) next(n int, now procsSample) int {
	wall := now.at.Sub(j.last.at).Seconds()
	if wall <= 0 {
		return n
	}
	used := (now.cpu - j.last.cpu).Seconds() / wall // processors
	rate := float64(now.served-j.last.served) / wall
	j.last = now
	tried := j.tried
	j.tried = 0
	switch {
	case tried > 0 && rate < tried*procsPays:
		j.wait = min(max(2*j.wait, procsRetry), procsRetryMost)
		j.holdOff = now.at.Add(j.wait)
		return n - 1
	case tried > 0:
		j.wait = 0
	case n > 1 && used < procsIdle*float64(n-1):
		return n - 1
	case n < j.most && used > procsBusy*float64(n) && now.at.After(j.holdOff):
		j.tried = max(rate, 1)
		return n + 1
	}
	return n
}
