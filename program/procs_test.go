package program

import (
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestProcsJudge_addsWhatPaysAndGivesUpWhatDoesNot(t *testing.T) {
	const second = time.Second
	type step struct {
		what   string
		used   float64 // processors, during a second
		served int64   // tasks in it
		want   int
	}
	tests := map[string][]step{
		"one that idles stays one": {{"", 0.2, 100, 1}, {"", 0.89, 1000, 1}},
		"a second that pays stays": {
			{"full", 0.95, 1000, 2}, {"it pays", 1.7, 1900, 2}, {"still busy", 1.5, 1800, 2}, {"less to do", 0.5, 500, 1},
		},
		"a second that does not pay goes, and is not tried again at once": {
			{"full", 0.95, 1000, 2}, {"no more is done", 1.4, 1050, 1}, {"full", 0.95, 1000, 1}, {"full", 0.95, 1000, 1},
			{"full", 0.95, 1000, 1}, {"full", 0.95, 1000, 1}, {"full", 0.95, 1000, 1}, {"five seconds are over", 0.95, 1000, 2},
		},
		"busy with nothing that is counted, it tries too": {{"full", 1, 0, 2}, {"no task", 2, 0, 1}},
		"never more than there are":                       {{"full", 1, 100, 2}, {"it pays", 2, 200, 2}, {"full", 2, 200, 2}},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			now := procsSample{at: time.Unix(1e9, 0)}
			j := procsJudge{most: 2, last: now}
			n := 1
			for i, s := range steps {
				now.at = now.at.Add(second)
				now.cpu += time.Duration(s.used * float64(second))
				now.served += s.served
				if n = j.next(n, now); n != s.want {
					t.Fatalf("step %d (%s): %d processors, want %d", i, s.what, n, s.want)
				}
			}
		})
	}
}

func TestProcs_givesAllBackAtTheEnd(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	t.Setenv("GOMAXPROCS", "")
	all := runtime.GOMAXPROCS(0)
	tended := tendProcs(func() int64 { return 0 })
	if got := runtime.GOMAXPROCS(0); got != 1 {
		t.Errorf("%d processors at the start, want 1", got)
	}
	tended.Close()
	if got := runtime.GOMAXPROCS(0); got != all {
		t.Errorf("%d processors at the end, want all %d", got, all)
	}
}
