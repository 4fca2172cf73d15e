package program

import (
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/forward"
	"tenfour/front"
	"tenfour/logs"
	"tenfour/lot"
	"tenfour/metrics"
	"tenfour/pool"
	"tenfour/site"
)

// overviewOf is that of a tenfour with these flags, which listens nowhere.
func overviewOf(t *testing.T, args ...string) *overview {
	t.Helper()
	e, err := config.Read(append(args, "--listen", "127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	c := e.Config()
	l, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	workers := pool.New(l, nil)
	t.Cleanup(workers.Close)
	log := zerolog.Nop()
	b := site.NewBuilder(workers, &log)
	b.Metrics = metrics.New(time.Now())
	built, err := b.Build(&c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close(built) })
	r := &running{}
	r.present.Store(built)
	f := front.New(front.Config{Lot: l, Pool: workers, Held: forward.NewHeld(c.HoldMax), Metrics: b.Metrics}, &built.Front)
	r.overview = overview{metrics: b.Metrics, front: f, pool: workers, logs: &logs.Logs{}, present: &r.present}
	r.overview.listensOn(nil, built)
	return &r.overview
}

func TestOverview_namesRoutesAndBackends(t *testing.T) {
	o := overviewOf(t, "--backend", "127.0.0.1:1", "--backend", "127.0.0.1:2", "--workers", "3", "--queue", "7", "--race", "serial")
	s := o.status()
	if len(s.Routes) != 1 || s.Routes[0].Name != "/" || strings.Join(s.Routes[0].Backends, " ") != "127.0.0.1:1 127.0.0.1:2" || s.Routes[0].Queue.Most != 3*7 { // in the queue of the route, and in that of each backend
		t.Errorf("the routes are %+v", s.Routes)
	}
	if len(s.Backends) != 2 || !s.Backends[0].Up || s.Backends[0].Slots != (metrics.Slots{Free: 3}) || s.Backends[0].Since != nil {
		t.Errorf("the backends are %+v", s.Backends)
	}
	if s.State != "running" || s.Jobs != nil || s.Memory.Spool != nil || *s.Memory.HeldMost == 0 || s.Routes[0].Queue.Oldest.Known() {
		t.Errorf("got %+v", s)
	}
	var page strings.Builder
	if err := o.writeMetrics(&page); err != nil {
		t.Error(err)
	}
	if want := `tenfour_backend_slots{backend="127.0.0.1:2",state="free"} 3`; !strings.Contains(page.String(), want) {
		t.Errorf("the metrics have no %s\n%s", want, &page)
	}
}

// The four kinds of slots sum to the workers, in every state.
func TestSlotsOf_sumsToTheWorkers(t *testing.T) {
	for name, tc := range map[string]struct {
		state pool.BackendState
		want  metrics.Slots
	}{
		"idle":                   {pool.BackendState{Up: true, Workers: 4, Width: 4}, metrics.Slots{Free: 4}},
		"busy, one for a reader": {pool.BackendState{Up: true, Workers: 4, Width: 4, Busy: 3, Readers: 1}, metrics.Slots{Free: 1, Busy: 2, Reader: 1}},
		"down, with one trial":   {pool.BackendState{Workers: 4, Width: 4, Busy: 1}, metrics.Slots{Busy: 1, Down: 3}},
		"just up again":          {pool.BackendState{Up: true, Workers: 4, Width: 2, Busy: 1}, metrics.Slots{Free: 1, Busy: 1, Down: 2}},
		"auto has shrunk":        {pool.BackendState{Up: true, Workers: 2, Width: 2, Busy: 3, Readers: 3}, metrics.Slots{Reader: 2}},
		"width below busy":       {pool.BackendState{Up: true, Workers: 4, Width: 1, Busy: 2}, metrics.Slots{Busy: 2, Down: 2}},
	} {
		got := slotsOf(&tc.state)
		if got != tc.want || got.Free+got.Busy+got.Reader+got.Down != tc.state.Workers {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
}
