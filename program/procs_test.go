package program

import (
	"math"
	"math/rand/v2"
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
		"a second that brings a little more than its share stays": {{"full", 0.95, 1000, 2}, {"a fifth more", 1.7, 1201, 2}},
		"a second that does not pay goes, and is not tried again at once": {
			{"full", 0.95, 1000, 2}, {"less than a fifth more is done", 1.4, 1190, 1}, {"full", 0.95, 1000, 1}, {"full", 0.95, 1000, 1},
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

// procsLoad is a model of a load that is always more than the processors can bear.
type procsLoad struct {
	rate  func(n int) float64 // tasks per second with n processors, all of which are busy
	noise float64             // the standard deviation of what is served in procsEvery, as a share of it; in less time it is larger
}

// simulate has a judge decide about a machine of most processors for a time, and returns how many there are after each procsSoon.
func (l procsLoad) simulate(most int, during time.Duration, seed uint64) (n []int) {
	rng := rand.New(rand.NewPCG(seed, 7))
	now := procsSample{at: time.Unix(1e9, 0)}
	j := procsJudge{most: most, last: now}
	n = append(n, 1)
	for len(n) < int(during/procsSoon) {
		last := n[len(n)-1]
		pause := j.pause()
		now.at = now.at.Add(pause)
		now.cpu += time.Duration(last) * pause
		noise := l.noise * math.Sqrt(procsEvery.Seconds()/pause.Seconds())
		now.served += int64(max(0, l.rate(last)*pause.Seconds()*(1+noise*rng.NormFloat64())))
		for range pause/procsSoon - 1 {
			n = append(n, last)
		}
		n = append(n, j.next(last, now))
	}
	return n
}

// TestProcsJudge_findsWhatALoadCanUse: throughput that grows with the processors takes all of them, within seconds; throughput that
// does not grow stays at one but for short trials; throughput that grows up to some stays near these.
func TestProcsJudge_findsWhatALoadCanUse(t *testing.T) {
	perfect := func(n int) float64 { return 10_000 * float64(n) }
	flat := func(int) float64 { return 10_000 }
	upTo := func(most int) func(int) float64 { return func(n int) float64 { return 10_000 * float64(min(n, most)) } }
	for name, tc := range map[string]struct {
		rate        func(int) float64
		noise       float64
		most        int
		least, high int // of the processors at the end of an hour, trials aside
	}{
		"perfect":                     {perfect, 0, 64, 64, 64},
		"perfect, with noise":         {perfect, 0.03, 64, 64, 64},
		"perfect, with much noise":    {perfect, 0.1, 64, 64, 64},
		"perfect, of 11 processors":   {perfect, 0.03, 11, 11, 11},
		"flat":                        {flat, 0, 64, 1, 1},
		"flat, with noise":            {flat, 0.03, 64, 1, 1},
		"flat, with much noise":       {flat, 0.1, 64, 1, 1},
		"up to 8, with noise":         {upTo(8), 0.03, 64, 8, 12},
		"up to 30, with noise":        {upTo(30), 0.03, 64, 28, 42},
		"one that spoils the others":  {func(n int) float64 { return 10_000 / float64(n) }, 0.03, 64, 1, 1},
		"two, which bring half again": {func(n int) float64 { return 10_000 * (0.5 + 0.5*float64(min(n, 2))) }, 0.03, 2, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				n := procsLoad{tc.rate, tc.noise}.simulate(tc.most, time.Hour, seed)
				if got := most(n[len(n)/2:]); got < tc.least || got > tc.high {
					t.Errorf("seed %d: %d processors in most of the second half hour, want %d to %d", seed, got, tc.least, tc.high)
				}
				soon := int(20 * time.Second / procsSoon)
				if got := n[soon]; tc.noise < 0.1 && got < tc.least {
					t.Errorf("seed %d: %d processors after 20 s, want %d", seed, got, tc.least)
				}
			}
		})
	}
}

// TestProcsJudge_endsATrialThatBringsNothingAtOnce: further processors that bring nothing cost each exchange more for procsSoon, and
// no longer.
func TestProcsJudge_endsATrialThatBringsNothingAtOnce(t *testing.T) {
	flat := func(int) float64 { return 10_000 }
	for _, noise := range []float64{0, 0.02} {
		n := procsLoad{flat, noise}.simulate(2, time.Hour, 1)
		trials, longest, lasts := 0, 0, 0
		for _, n := range n {
			switch {
			case n == 1:
				lasts = 0
				continue
			case lasts == 0:
				trials++
			}
			lasts++
			longest = max(longest, lasts)
		}
		if trials < 10 || longest > 1 {
			t.Errorf("noise %v: %d trials, and one lasted %d times procsSoon, want 10 trials or more, and each once", noise, trials, longest)
		}
	}
}

// most returns the number that stands most often in a list.
func most(list []int) (number int) {
	times := map[int]int{}
	for _, n := range list {
		if times[n]++; times[n] > times[number] {
			number = n
		}
	}
	return number
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
