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
// more than the proxy's own code does. So there is one until it is nearly always busy, and a further one stays only if it pays.
type procs struct {
	served func() int64 // tasks so far
	judge  procsJudge
	quit   chan struct{} // closed by Close
	ended  sync.WaitGroup
}

// procsEvery is the shortest time between two changes: each change stops all goroutines for a moment.
const procsEvery = 200 * time.Millisecond

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
type procsJudge struct {
	most    int
	last    procsSample
	tried   float64 // tasks per second before the last processor was added; 0 when that was judged
	holdOff time.Time
	wait    time.Duration // how long the next hold-off is
}

const (
	procsBusy      = 0.9             // of the time of all processors: one more is tried
	procsIdle      = 0.6             // of the time of all but one: one is given up
	procsPays      = 1.1             // times as many tasks as before: the new one is kept
	procsRetry     = 5 * time.Second // until one that did not pay is tried again; doubles up to procsRetryMost
	procsRetryMost = 5 * time.Minute
)

// next returns how many processors there should be, when there are n.
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
