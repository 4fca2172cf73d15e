package limit

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"tenfour/value/rate"
)

// find returns a key's record, or nil if there is none.
func (w *Window) find(key []byte) *record {
	hash := maphash.Bytes(w.seed, key)
	s := w.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(tagOf(hash, key), key)
}

// address returns a key of 16 bytes.
func address(i int) []byte { return binary.BigEndian.AppendUint64([]byte("2001:db8"), uint64(i)) }

// counted fails the test unless a window's counts of its keys and bytes are right.
func counted(t *testing.T, w *Window) {
	t.Helper()
	for i := range w.shards {
		s := &w.shards[i]
		keys, bytes, listed := 0, 8*len(s.buckets), 0
		for _, k := range s.buckets {
			for ; k != nil; k = k.next {
				keys++
				bytes += k.bytes()
				if k.queue() == nil {
					listed++
				}
			}
		}
		for k := s.oldest; k != nil; k = k.newer {
			listed--
		}
		if keys != s.keys || bytes != s.bytes || listed != 0 {
			t.Fatalf("a shard counts %d keys and %d bytes, and has %d and %d; %d are not listed", s.keys, s.bytes, keys, bytes, listed)
		}
	}
}

// alive returns how many bytes are alive on the heap.
func alive() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestMemory_staysBoundedWithManyKeys: whatever the keys are, a window takes no more memory than allowed, and about as much as
// it reports.
func TestMemory_staysBoundedWithManyKeys(t *testing.T) {
	tests := map[string]struct {
		rate       rate.Rate
		keys, each int
		key        func(int) []byte
		least      int // keys that are still known
	}{
		"a million addresses, one admission each": {rate.Rate{N: 10, Per: time.Hour}, 1_000_000, 1, address, 900_000},
		"a million addresses, two each":           {rate.Rate{N: 10, Per: time.Hour}, 1_000_000, 2, address, 290_000},
		"10,000 with a thousand":                  {rate.Rate{N: 1000, Per: time.Hour}, 10_000, 1000, address, 7900},
		"10,000 with a thousand, of a million":    {rate.Rate{N: 1_000_000, Per: time.Hour}, 10_000, 1000, address, 10_000},
		"a million keys of 200 bytes": {rate.Rate{N: 10, Per: time.Hour}, 1_000_000, 1,
			func(i int) []byte { return fmt.Appendf(nil, "%0200d", i) }, 160_000},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if underRace {
				tc.keys, tc.least = tc.keys/10, 0 // under -race only the counting is checked
			}
			before := alive()
			w := NewWindow(Options{Rate: tc.rate})
			for i := range tc.keys {
				key := tc.key(i)
				for range tc.each {
					w.Ask(key, nil)
				}
			}
			took := alive() - before
			keys, bytes := w.Keys()
			t.Logf("%d keys in %.1f MiB, %d bytes each; the heap has grown by %.1f MiB", keys, float64(bytes)/(1<<20), bytes/keys, float64(took)/(1<<20))
			if !underRace && took > DefaultMemory+1<<20 || bytes > DefaultMemory {
				t.Errorf("the heap has grown by %d bytes, and Keys counts %d; want at most %d", took, bytes, DefaultMemory)
			}
			if keys < tc.least {
				t.Errorf("%d keys are known, want at least %d", keys, tc.least)
			}
			counted(t, w)
		})
	}
}

// TestMemory_forgetsIdleKeys: keys whose window is empty are forgotten while others are used, in all shards, and their memory
// is freed.
func TestMemory_forgetsIdleKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWindow(Options{Rate: rate.Rate{N: 10, Per: time.Minute}})
		for i := range 50_000 {
			w.Ask(address(i), nil)
		}
		time.Sleep(time.Minute)
		for i := range 50_000 { // each removes 4 at most
			w.Ask(address(i%1000), nil)
		}
		keys, bytes := w.Keys()
		if keys > 1000+shards {
			t.Errorf("%d keys are known, want about 1000", keys)
		}
		if bytes > 400*keys {
			t.Errorf("they take %d bytes, and ten admissions of a key 300", bytes)
		}
		counted(t, w)
		time.Sleep(time.Minute)
		for range 1_000_000 { // one key alone makes the other shards be swept
			w.Ask(address(0), nil)
		}
		if keys, _ := w.Keys(); keys != 1 {
			t.Errorf("%d keys are known, want the one that is asked for", keys)
		}
	})
}

// TestMemory_forgetsTheLeastRecentlyUsed key with its admissions. A key that is used stays.
func TestMemory_forgetsTheLeastRecentlyUsed(t *testing.T) {
	w := NewWindow(Options{Rate: rate.Rate{N: 1, Per: time.Hour}, Memory: 64 << 10, Waiters: 1})
	defer w.Close()
	busy, quiet, waitedFor := []byte("busy"), []byte("quiet"), []byte("waited for")
	w.Ask(busy, nil)
	w.Ask(quiet, nil)
	w.Ask(waitedFor, nil)
	var place Place
	if _, known, err := w.Wait(waitedFor, &place, &waiter{}); known || err != nil {
		t.Fatalf("got known %t, %v", known, err)
	}
	for i := range 100_000 {
		w.Ask(address(i), nil)
		if d, _ := w.Ask(busy, nil); d.Admitted {
			t.Fatalf("the busy key was forgotten after %d others", i)
		}
	}
	if w.find(quiet) != nil {
		t.Error("the quiet key is still known")
	}
	if w.find(waitedFor) == nil {
		t.Error("the key that one waits for is forgotten")
	}
	if keys, bytes := w.Keys(); bytes > 64<<10+200 {
		t.Errorf("%d keys take %d bytes", keys, bytes)
	}
	if !w.Withdraw(&place) {
		t.Error("the waiter does not wait any more")
	}
	counted(t, w)
}

// TestMemory_isCountedRight after any actions, with keys of all lengths, and in a window that has room for few.
func TestMemory_isCountedRight(t *testing.T) {
	w := NewWindow(Options{Rate: rate.Rate{N: 5, Per: time.Millisecond}, Memory: 100 << 10, Waiters: 50})
	defer w.Close()
	random := rand.New(rand.NewPCG(1, 2))
	var places [50]waiter
	var decisions []Decision
	for i := range 100_000 {
		key := []byte(fmt.Sprintf("%0*d", random.IntN(60), random.IntN(300)))
		switch random.IntN(4) {
		case 0:
			p := &places[random.IntN(len(places))].place
			w.Withdraw(p)
			_, _, _ = w.Wait(key, p, &waiter{})
		case 1:
			if len(decisions) > 0 {
				w.Refund(key, decisions[random.IntN(len(decisions))])
			}
		default:
			if d, _ := w.Ask(key, nil); d.Admitted && len(decisions) < 100 {
				decisions = append(decisions, d)
			}
		}
		if i%10_000 == 0 {
			for j := range places {
				w.Withdraw(&places[j].place)
			}
			counted(t, w)
		}
	}
}

// TestAsk_allocatesNothing on a known key. Neither do Wait and Withdraw.
func TestAsk_allocatesNothing(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	for _, key := range [][]byte{[]byte("203.0.113.77"), []byte("20 bytes: a long one"), []byte("a key that is too long to stand in its record")} {
		for _, rate := range []rate.Rate{{N: 1, Per: time.Hour}, {N: 100, Per: time.Hour}, {N: 1000, Per: time.Microsecond}, {N: 100_000, Per: time.Hour}} {
			w := NewWindow(Options{Rate: rate, Waiters: 1})
			for range 2 * rate.N {
				w.Ask(key, nil)
			}
			if n := testing.AllocsPerRun(1000, func() { w.Ask(key, nil) }); n != 0 {
				t.Errorf("%v, %q: Ask allocates %v times", rate, key, n)
			}
			if n := testing.AllocsPerRun(1000, func() {
				d, _ := w.Ask(key, nil)
				w.Refund(key, d)
			}); n != 0 {
				t.Errorf("%v, %q: Ask and Refund allocate %v times", rate, key, n)
			}
			var a waiter
			if n := testing.AllocsPerRun(1000, func() {
				_, _, _ = w.Wait(key, &a.place, &a)
				w.Withdraw(&a.place)
			}); n != 0 {
				t.Errorf("%v, %q: Wait and Withdraw allocate %v times", rate, key, n)
			}
			w.Close()
		}
	}
}

// TestNewWindow_panicsForAnInvalidRate.
func TestNewWindow_panicsForAnInvalidRate(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a window was made for no rate")
		}
	}()
	NewWindow(Options{})
}
