package metrics

import (
	"testing"
	"time"
)

// What an exchange costs: the counters of its route and of its backend, on all processors at once, as a busy tenfour counts.
func BenchmarkExchange(b *testing.B) {
	m := New(time.Now())
	r, back := m.AddRoute("/"), m.AddBackend("a:1")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		x := Exchange{Status: 200, Out: 1000}
		for i := 0; pb.Next(); i++ {
			d := time.Duration(i%64) * 50 * time.Microsecond
			x.Took = [...]time.Duration{Total: d, Limited: None, Body: None, Queue: d / 2, Connect: 90_000, FirstByte: d / 3, Rest: d / 4}
			r.Ended(&x)
			back.Ended(Answered, 200, 90_000, d/3)
		}
	})
}
