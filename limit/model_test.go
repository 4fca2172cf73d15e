package limit

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tenfour/value/rate"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// check lets rapid draw n scripts, or as many as -rapid.checks says, and a tenth of that under the race detector.
func check(t *testing.T, n int, property func(*rapid.T)) {
	const name = "rapid.checks"
	if f := flag.Lookup(name); f.Value.String() == f.DefValue {
		if underRace {
			n /= 10
		}
		if err := flag.Set(name, strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = flag.Set(name, f.DefValue) }()
	}
	rapid.Check(t, property)
}

// step is one step of a script: an action on a window, and its amount.
type step struct {
	do   string
	key  int
	much int
}

func (s step) String() string { return fmt.Sprintf("%s(key %d, %d)", s.do, s.key, s.much) }

// scripts draws scripts of these actions. For sleep the amount is in thousandths of the window; else it is a number.
func scripts(doings []string, most int) *rapid.Generator[[]step] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			do:   rapid.SampledFrom(doings).Draw(t, "do"),
			key:  rapid.IntRange(0, 1).Draw(t, "key"),
			much: rapid.IntRange(0, most).Draw(t, "much"),
		}
	}), 5, 60)
}

// waiter is an Asker that records its answers.
type waiter struct {
	place Place

	mu    sync.Mutex // guards the rest; a test that has awaited the answers reads it without
	told  []Decision
	errs  []error
	after func(Decision, error)

	counted bool // its admission may be refunded
}

func (w *waiter) Answered(d Decision, err error) {
	w.mu.Lock()
	w.told, w.errs = append(w.told, d), append(w.errs, err)
	w.mu.Unlock()
	if w.after != nil {
		w.after(d, err)
	}
}

// oracle is the simplest window: it keeps every admission and counts all of them each time.
type oracle struct {
	n       int
	per     int64
	taken   []int64 // when each was admitted, without those refunded
	waiting []*waiter
	want    map[*waiter]int64 // when each is expected to be admitted
}

// count returns how many were admitted in (now-per, now].
func (o *oracle) count(now int64) int {
	n := 0
	for _, at := range o.taken {
		if at > now-o.per {
			n++
		}
	}
	return n
}

// free returns the first moment, from now on, at which fewer than n are in the window.
func (o *oracle) free(now int64) int64 {
	if o.count(now) < o.n {
		return now
	}
	return o.taken[len(o.taken)-o.n] + o.per
}

// settle admits the waiters up to now, each at the first moment with room.
func (o *oracle) settle(from, now int64) {
	for len(o.waiting) > 0 {
		at := o.free(from)
		if at > now {
			return
		}
		o.taken = append(o.taken, at)
		o.want[o.waiting[0]] = at
		o.waiting = o.waiting[1:]
		from = at
	}
}

// next returns when one more would be admitted that comes now and waits after the others.
func (o *oracle) next(now int64) int64 {
	try := oracle{n: o.n, per: o.per, taken: slices.Clone(o.taken), waiting: slices.Clone(o.waiting), want: map[*waiter]int64{}}
	last := &waiter{}
	try.waiting = append(try.waiting, last)
	try.settle(now, math.MaxInt64)
	return try.want[last]
}

// oldest returns the time of the first admission in the window.
func (o *oracle) oldest(now int64) int64 {
	for _, at := range o.taken {
		if at > now-o.per {
			return at
		}
	}
	return 0
}

const waitersInModel = 6

// play runs a script against a window and the oracle, and describes their first difference.
func play(pace rate.Rate, script []step) (differs string) {
	w := NewWindow(Options{Rate: pace, Waiters: waitersInModel})
	defer w.Close()
	keys := [][]byte{[]byte("192.0.2.1"), []byte("a key that is too long to stand in its record")}
	models := []*oracle{}
	for range keys {
		models = append(models, &oracle{n: pace.N, per: int64(pace.Per), want: map[*waiter]int64{}})
	}
	var decisions [2][]Decision // those that may be refunded
	var retry [2]time.Duration  // of the last refusal
	var all [2][]*waiter        // all waiters, in their order
	check := func(key int, d Decision) string {
		now, o := w.now(), models[key]
		var want Decision
		if len(o.waiting) == 0 && o.count(now) < o.n {
			o.taken = append(o.taken, now)
			want = Decision{Admitted: true, Remaining: o.n - o.count(now), at: now}
			decisions[key] = append(decisions[key], d)
		} else {
			want.RetryAfter = time.Duration(o.next(now) - now)
			retry[key] = d.RetryAfter
		}
		want.Reset = time.Duration(o.oldest(now) + o.per - now)
		if d != want {
			return fmt.Sprintf("at %d got %+v, want %+v", now, d, want)
		}
		return ""
	}
	for i, s := range script {
		o, key := models[s.key], keys[s.key]
		switch s.do {
		case "ask":
			for range 1 + s.much {
				d, known := w.Ask(key, nil)
				if !known {
					return "a decision that is not known"
				}
				if differs := check(s.key, d); differs != "" {
					return fmt.Sprintf("step %d, %v: %s", i, s, differs)
				}
			}
		case "wait":
			a := &waiter{}
			full := len(models[0].waiting)+len(models[1].waiting) >= waitersInModel
			d, known, err := w.Wait(key, &a.place, a)
			waits := len(o.waiting) > 0 || o.count(w.now()) >= o.n
			if differs := check(s.key, d); differs != "" {
				return fmt.Sprintf("step %d, %v: %s", i, s, differs)
			}
			if known != (!waits || full) || (err == ErrFull) != (waits && full) {
				return fmt.Sprintf("step %d, %v: got known %t, error %v; it had to wait: %t, full: %t", i, s, known, err, waits, full)
			}
			if waits && !full {
				o.waiting = append(o.waiting, a)
				all[s.key] = append(all[s.key], a)
			}
		case "withdraw":
			if len(all[s.key]) == 0 {
				continue
			}
			a := all[s.key][s.much%len(all[s.key])]
			stands := slices.Index(o.waiting, a)
			if got := w.Withdraw(&a.place); got != (stands >= 0) {
				return fmt.Sprintf("step %d, %v: got %t", i, s, got)
			}
			if stands >= 0 {
				o.waiting = slices.Delete(slices.Clone(o.waiting), stands, stands+1)
			}
		case "refund":
			if len(decisions[s.key]) == 0 {
				continue
			}
			which := len(decisions[s.key]) - 1 - s.much%len(decisions[s.key])
			d := decisions[s.key][which]
			decisions[s.key] = slices.Delete(decisions[s.key], which, which+1)
			w.Refund(key, d)
			o.taken = slices.Delete(o.taken, slices.Index(o.taken, d.at), slices.Index(o.taken, d.at)+1)
			o.settle(w.now(), w.now())
		default:
			from := w.now()
			switch s.do {
			case "sleep":
				time.Sleep(max(1, pace.Per/1000) * time.Duration(s.much))
			case "return":
				time.Sleep(retry[s.key])
			case "early":
				time.Sleep(retry[s.key] - 1)
			}
			for _, o := range models {
				o.settle(from, w.now())
			}
		}
		synctest.Wait()
		for key, waited := range all {
			told := int64(0)
			for j, a := range waited {
				want, admitted := models[key].want[a]
				a.mu.Lock()
				tellings, errs := slices.Clone(a.told), slices.Clone(a.errs)
				a.mu.Unlock()
				switch {
				case !admitted && len(tellings) > 0, admitted && len(tellings) != 1:
					return fmt.Sprintf("step %d, %v: waiter %d was told %+v; to be admitted: %t, at %d", i, s, j, tellings, admitted, want)
				case admitted && (errs[0] != nil || !tellings[0].Admitted || tellings[0].at != want || want < told):
					return fmt.Sprintf("step %d, %v: waiter %d was told %+v, %v; want it at %d", i, s, j, tellings, errs, want)
				}
				told = max(told, want)
				if admitted && !a.counted {
					a.counted = true
					decisions[key] = append(decisions[key], tellings[0])
				}
			}
		}
	}
	return ""
}

// TestWindow_decidesLikeTheOracle: with N up to 1,000, each decision equals the one that counting all admissions gives: never
// more than N in an interval, refused only if N are in it, and Retry-After to the nanosecond.
func TestWindow_decidesLikeTheOracle(t *testing.T) {
	tests := map[string]struct {
		rate  rate.Rate
		burst int
	}{
		"one":                 {rate.Rate{N: 1, Per: time.Second}, 1},
		"two":                 {rate.Rate{N: 2, Per: time.Minute}, 2},
		"ten":                 {rate.Rate{N: 10, Per: time.Minute}, 12},
		"in no time":          {rate.Rate{N: 3, Per: 1}, 4},
		"in 7 ns":             {rate.Rate{N: 3, Per: 7}, 4},
		"in a year":           {rate.Rate{N: 5, Per: rate.MostPer}, 6},
		"exactly a thousand":  {rate.Rate{N: 1000, Per: time.Hour}, 600},
		"the first of powers": {rate.Rate{N: 4, Per: time.Hour}, 5},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			doings := []string{"ask", "ask", "wait", "wait", "withdraw", "refund", "sleep", "return", "early"}
			check(t, 3000, func(r *rapid.T) {
				script := scripts(doings, tc.burst).Draw(r, "script")
				for i := range script {
					if script[i].do == "sleep" {
						script[i].much = script[i].much * 997 / tc.burst
					}
				}
				var differs string
				synctest.Test(t, func(*testing.T) { differs = play(tc.rate, script) })
				if differs != "" {
					r.Fatal(differs)
				}
			})
		})
	}
}

// TestWindow_staysInBoundsBeyondAThousand: with batches, never more than N are in an interval. A refusal means that more than
// 99.8 % of N are in it, and N in 100.2 % of it. A request that comes at its Retry-After is admitted.
func TestWindow_staysInBoundsBeyondAThousand(t *testing.T) {
	tests := map[string]rate.Rate{
		"one more than are exact": {N: 1001, Per: time.Minute},
		"two thousand":            {N: 2000, Per: time.Hour},
		"a hundred thousand":      {N: 100_000, Per: time.Second},
		"in no time":              {N: 1001, Per: 3},
		"in 997 ns":               {N: 5000, Per: 997},
		"in a year":               {N: 3000, Per: rate.MostPer},
	}
	for name, rate := range tests {
		t.Run(name, func(t *testing.T) {
			doings := []string{"ask", "flow", "trickle", "refund", "refund", "sleep", "return"}
			check(t, 3_000_000/max(3000, rate.N), func(r *rapid.T) {
				script := scripts(doings, 1000).Draw(r, "script")
				var wrong string
				synctest.Test(t, func(*testing.T) { wrong = playBatches(rate, script) })
				if wrong != "" {
					r.Fatal(wrong)
				}
			})
		})
	}
}

// playBatches runs a script against a window of more than exactMost, and describes its first error.
func playBatches(pace rate.Rate, script []step) (wrong string) {
	w := NewWindow(Options{Rate: pace})
	defer w.Close()
	sh, key, per := w.shape, []byte("192.0.2.1"), int64(pace.Per)
	var taken []int64
	var admitted []Decision // those that may be refunded
	within := func(now, per int64) int {
		return len(taken) - sort.Search(len(taken), func(i int) bool { return taken[i] > now-per })
	}
	ask := func() Decision {
		now := w.now()
		d, _ := w.Ask(key, nil)
		if d.Admitted {
			taken, admitted = append(taken, now), append(admitted, d)
			if n := within(now, per); n > pace.N {
				wrong = fmt.Sprintf("at %d: %d in %v", now, n, pace.Per)
			}
			return d
		}
		if n := within(now, per); n < pace.N-sh.batch+1 {
			wrong = fmt.Sprintf("at %d: refused, with %d in %v", now, n, pace.Per)
		}
		if n := within(now, per+sh.span); n < pace.N {
			wrong = fmt.Sprintf("at %d: refused, with %d in %v", now, n, pace.Per+time.Duration(sh.span))
		}
		return d
	}
	for i, s := range script {
		switch s.do {
		case "ask": // up to half of what is left, and then some
			for range s.much*pace.N/2000 + 1 {
				ask()
			}
		case "trickle": // 300, evenly, in up to a tenth of the window
			for range 300 {
				time.Sleep(pace.Per * time.Duration(s.much) / 3_000_000)
				ask()
			}
		case "flow": // the same, each hundredth of them at a moment of its own
			for range 100 {
				time.Sleep(time.Nanosecond)
				for range s.much*pace.N/200_000 + 1 {
					ask()
				}
			}
		case "refund": // some that lie next to each other, wherever
			for range pace.N/1000 + 2 {
				if len(admitted) == 0 {
					break
				}
				i := len(admitted) - 1 - len(admitted)*s.much/1001
				w.Refund(key, admitted[i])
				if at, _ := slices.BinarySearch(taken, admitted[i].at); admitted[i].at+per > w.now() {
					taken = slices.Delete(taken, at, at+1)
				}
				admitted = slices.Delete(admitted, i, i+1)
			}
		case "sleep":
			time.Sleep(pace.Per / 1000 * time.Duration(s.much))
		case "return":
			if d := ask(); !d.Admitted {
				time.Sleep(d.RetryAfter - 1)
				if ask().Admitted {
					wrong = "admitted before its Retry-After"
				}
				time.Sleep(time.Nanosecond)
				if !ask().Admitted {
					wrong = "refused at its Retry-After"
				}
			}
		}
		if wrong != "" {
			return fmt.Sprintf("step %d, %v: %s", i, s, wrong)
		}
		if k := w.find(key); k != nil && k.ring() != nil && k.ring().len > sh.most {
			return fmt.Sprintf("step %d, %v: %d stamps, of at most %d", i, s, k.ring().len, sh.most)
		}
	}
	return ""
}
