package runner

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/jobs/bolt"
	"tenfour/lot"
)

// BenchmarkAccept is how many jobs of 1 KiB are on the disk in a second, by so many clients. They do not run.
func BenchmarkAccept(b *testing.B) {
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d clients", clients), func(b *testing.B) {
			store, err := bolt.Open(b.TempDir(), bolt.Options{Caps: jobs.Caps{Jobs: 1 << 30, Bytes: 1 << 40}})
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			l, err := lot.New()
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			r := New(Config{Store: store, Lot: l, Log: zerolog.Nop(), Caps: func() Caps { return Caps{1, 1 << 20, 1 << 40} }})
			defer r.Stop(0)
			g := &rig{t: b}
			like := g.job("/", "POST /it HTTP/1.1\r\nHost: example.net\r\nContent-Length: 1024\r\n\r\n")
			content := make([]byte, 1024)
			var all sync.WaitGroup
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			for range clients {
				all.Go(func() {
					for left.Add(-1) >= 0 {
						j := like
						j.ID = jobs.NewID()
						body := forward.NewBody(nil, 0)
						body.Append(content)
						e := r.Accept(nil, j, body, true)
						if e.Wait(); e.Err != nil {
							b.Error(e.Err)
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}
