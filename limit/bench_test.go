package limit

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"tenfour/value/rate"
)

// BenchmarkAsk measures a decision on a known key: admitted, with a window that is soon empty again, and refused, with a
// full one.
func BenchmarkAsk(b *testing.B) {
	for name, rate := range map[string]rate.Rate{
		"admitted": {N: 1000, Per: 10 * time.Microsecond}, "refused": {N: 1000, Per: time.Hour}, "batches": {N: 100_000, Per: time.Millisecond}} {
		b.Run(name, func(b *testing.B) {
			w := NewWindow(Options{Rate: rate})
			defer w.Close()
			key := []byte("192.168.100.123:5000")
			b.ReportAllocs()
			for b.Loop() {
				w.Ask(key, nil)
			}
		})
	}
}

// BenchmarkAsk_manyKeys measures a decision with 100,000 keys, each of which is asked for in turn.
func BenchmarkAsk_manyKeys(b *testing.B) {
	w := NewWindow(Options{Rate: rate.Rate{N: 10, Per: time.Hour}})
	defer w.Close()
	keys := make([][]byte, 100_000)
	for i := range keys {
		keys[i] = []byte("2001:db8::" + strconv.Itoa(i))
		w.Ask(keys[i], nil)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Ask(keys[i%len(keys)], nil)
	}
}

// BenchmarkAsk_newKeys measures a decision on a new key when the memory is full: another key is forgotten.
func BenchmarkAsk_newKeys(b *testing.B) {
	w := NewWindow(Options{Rate: rate.Rate{N: 10, Per: time.Hour}})
	defer w.Close()
	key := make([]byte, 16)
	n := 0
	next := func() {
		n++
		for i := range 8 {
			key[i] = byte(n >> (8 * i))
		}
		w.Ask(key, nil)
	}
	for range 1_500_000 {
		next()
	}
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
}

// BenchmarkAsk_twoOnOneKey has two goroutines on one key; ns/op is how long one of them waits for a decision.
func BenchmarkAsk_twoOnOneKey(b *testing.B) {
	for name, rate := range map[string]rate.Rate{"admitted": {N: 1000, Per: 10 * time.Microsecond}, "refused": {N: 1000, Per: time.Hour}} {
		b.Run(name, func(b *testing.B) {
			w := NewWindow(Options{Rate: rate})
			defer w.Close()
			var both sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range 2 {
				both.Go(func() {
					key := []byte("192.168.100.123:5000")
					for range b.N {
						w.Ask(key, nil)
					}
				})
			}
			both.Wait()
		})
	}
}

// BenchmarkWait_withdrawn measures a wait that is withdrawn at once.
func BenchmarkWait_withdrawn(b *testing.B) {
	w := NewWindow(Options{Rate: rate.Rate{N: 1, Per: time.Hour}, Waiters: 2})
	defer w.Close()
	key := []byte("192.168.100.123:5000")
	w.Ask(key, nil)
	var place Place
	b.ReportAllocs()
	for b.Loop() {
		w.Wait(key, &place, nil)
		w.Withdraw(&place)
	}
}
