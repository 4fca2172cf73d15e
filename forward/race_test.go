package forward

import (
	"sync/atomic"
	"testing"
	"time"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
	"tenfour/value/address"
	"tenfour/value/choice"
)

// busy is a task that keeps a slot until the test has done with it.
type busy struct {
	place pool.Place
	began chan struct{}
	end   chan struct{}
}

func (b *busy) Run(*pool.Slot)        { close(b.began); <-b.end }
func (b *busy) Unserved(pool.Outcome) {}
func (b *busy) Panicked()             {}

// TestRace_aRacerChosenBeforeItsEndStaysInNoQueue: a racer is chosen, then the race ends, and only then the racer
// comes to its queue. Without an end of its own it would stay there; for ever, if a reload has removed the queue meanwhile.
func TestRace_aRacerChosenBeforeItsEndStaysInNoQueue(t *testing.T) {
	for name, removed := range map[string]bool{"its queue is there": false, "its queue was removed": true} {
		t.Run(name, func(t *testing.T) {
			l, err := lot.New()
			if err != nil {
				t.Fatal(err)
			}
			workers := pool.New(l, func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) })
			hog := &busy{began: make(chan struct{}), end: make(chan struct{})}
			defer func() {
				close(hog.end)
				workers.Close()
				l.Close()
			}()
			o := NewOrigin(address.Backend{Host: "127.0.0.1", Port: 1}, nil, nil)
			b, err := workers.AddBackend(o.Name, 1, 0)
			if err != nil {
				t.Fatal(err)
			}
			queue := workers.AddEntry("entry", 10, b)
			workers.AddQueue("/", 1, pool.Hold{}, b).Enter(hog, &hog.place)
			<-hog.began

			x := &Exchange{}
			x.Init(l, nil)
			x.In = sock.InputOf([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
			n, err := x.Head.Parse(x.In.Rest(), &httpparse.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			x.In.Keep(n)
			x.Client, x.At, x.Stop = &sock.Conn{}, &pool.Place{}, new(atomic.Bool)
			x.Route = &Route{Settings: &Settings{QueueTimeout: time.Hour, Racing: Racing{Mode: choice.Parallel}}, Entries: []Entry{{o.Name, queue}, {o.Name, queue}}}
			r := newRace(x)

			r.mu.Lock()
			c := r.next()
			r.decide(nil)
			r.unlock()
			if removed {
				queue.Remove()
			}
			r.ask(c)
			if n := workers.Waiting(); n != 0 {
				t.Errorf("%d racers wait for a race that is over", n)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if !c.isOver {
				t.Error("the racer is not over")
			}
		})
	}
}
