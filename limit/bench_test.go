package limit

import (
	"strconv"
	"sync"
	"testing"
	"time"
)

// A decision on a known key: admitted, when the window is soon empty again, and refused, when it is full.
func BenchmarkAsk(b *testing.B) {
	for name, rate := range map[string]Rate{
		"admitted": {1000, 10 * time.Microsecond}, "refused": {1000, time.Hour}, "batches": {100_000, time.Millisecond}} {
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

// A decision beside 100,000 other keys, each of which is asked for in turn.
func BenchmarkAsk_manyKeys(b *testing.B) {
	w := NewWindow(Options{Rate: Rate{10, time.Hour}})
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

// A key that was never seen, when there is room for no more: another one leaves.
func BenchmarkAsk_newKeys(b *testing.B) {
	w := NewWindow(Options{Rate: Rate{10, time.Hour}})
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

// Two goroutines on one key; ns/op is what one of them waits for a decision.
func BenchmarkAsk_twoOnOneKey(b *testing.B) {
	for name, rate := range map[string]Rate{"admitted": {1000, 10 * time.Microsecond}, "refused": {1000, time.Hour}} {
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

// One that waits, and leaves again.
func BenchmarkWait_withdrawn(b *testing.B) {
	w := NewWindow(Options{Rate: Rate{1, time.Hour}, Waiters: 2})
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
