package metrics

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
)

// took is the phases of an exchange of a total time that reached no other phase.
func took(total time.Duration) (all [phases]time.Duration) {
	for p := range all {
		all[p] = None
	}
	all[Total] = total
	return all
}

// filled is the status of a route "/" and a backend "a:1".
func filled(m *Metrics) *Status {
	s := &Status{Routes: []RouteStatus{{Name: "/"}}, Backends: []BackendStatus{{Name: "a:1"}}}
	m.Fill(s)
	return s
}

// Many goroutines count at once, while others read and sample: in the end each exchange was counted once.
func TestMetrics_countExactlyUnderConcurrency(t *testing.T) {
	const goroutines, each = 8, 2000
	start := time.Now()
	m := New(start)
	r, b := m.AddRoute("/"), m.AddBackend("a:1")
	var counting, reading sync.WaitGroup
	stop := make(chan struct{})
	reading.Go(func() {
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
				m.Sample(start.Add(time.Duration(i) * step))
				m.WritePrometheus(&strings.Builder{}, filled(m))
				m.Mark(Mark{start, "reload", "again"})
			}
		}
	})
	for range goroutines {
		counting.Go(func() {
			for i := range each {
				x := Exchange{Status: 200 + 100*(i%4), Own: i%4 == 3, In: 1, Out: 2, Took: took(time.Millisecond)}
				r.Ended(&x)
				r.Count(Queued)
				b.Ended(Answered, 200, time.Millisecond, None)
			}
		})
	}
	counting.Wait()
	close(stop)
	reading.Wait()
	const all = goroutines * each
	s := filled(m)
	if got, want := s.Totals.Answers, (Answers{Success: all / 4, Redirection: all / 4, ClientError: all / 4, ServerError: all / 4}); got != want || s.Totals.Requests != all {
		t.Errorf("the totals are %+v of %d, want %+v of %d", got, s.Totals.Requests, want, all)
	}
	if s.Totals.In != all || s.Totals.Out != 2*all || s.Totals.Own["500"] != all/4 || s.Routes[0].Events["queued"] != all {
		t.Errorf("got %+v, and events %v", s.Totals, s.Routes[0].Events)
	}
	if got := s.Backends[0]; got.Requests != all || got.Answers.Success != all || got.Outcomes["ok"] != all {
		t.Errorf("the backend has %+v, want %d", got, all)
	}
	var one routeTally
	r.tally(&one)
	if n := one.took[Total].count(); n != all {
		t.Errorf("%d durations were counted, want %d", n, all)
	}
}

func TestMetrics_removedRouteStaysInTheTotals(t *testing.T) {
	m := New(time.Now())
	r := m.AddRoute("/")
	r.Ended(&Exchange{Status: 404, Own: true, Took: took(None)})
	m.RemoveRoute(r)
	m.AddRoute("/").Ended(&Exchange{Status: 200, Took: took(None)})
	s := filled(m)
	if s.Totals.Requests != 2 || s.Totals.Own["404"] != 1 || s.Routes[0].Requests != 1 || s.Routes[0].Answers.ClientError != 0 {
		t.Errorf("got %+v, and of the route %+v; want 2 in all, and 1 of the new route", s.Totals, s.Routes[0])
	}
}

// However many routes and backends a configuration has, no more than NamesMost have names.
func TestMetrics_namesAreBounded(t *testing.T) {
	m := New(time.Now())
	for range NamesMost {
		m.AddRoute("/")
		m.AddBackend("a:1")
	}
	one, two := m.AddRoute("/one"), m.AddRoute("/two")
	if one != two || one.Name != Others || m.AddBackend("b:1").Name != Others {
		t.Errorf("route %d is counted as %q, want %q", NamesMost+1, one.Name, Others)
	}
	one.Ended(&Exchange{Status: 200, Took: took(None)})
	m.RemoveRoute(one)
	if s := filled(m); s.Totals.Requests != 1 {
		t.Errorf("got %d requests in all, want 1", s.Totals.Requests)
	}
}

func TestMetrics_nilCountsNothing(t *testing.T) {
	var m *Metrics
	m.AddRoute("/").Ended(&Exchange{})
	m.AddRoute("/").Count(Held)
	m.AddBackend("a:1").Ended(Answered, 200, 0, 0)
	m.AddBackend("a:1").Won()
	m.Unrouted().Ended(&Exchange{})
	m.RemoveRoute(nil)
	m.RemoveBackend(nil)
	m.Handshake(true)
	m.Panic()
	m.Reloaded(time.Time{}, "")
	m.ReloadRefused(time.Time{}, "")
	m.BackendChanged(time.Time{}, "a:1", true, "")
	m.Mark(Mark{})
}

func TestMetrics_countingAllocatesNothing(t *testing.T) {
	m := New(time.Now())
	r, b := m.AddRoute("/"), m.AddBackend("a:1")
	x := Exchange{Status: 200, Took: took(time.Millisecond)}
	count := func() {
		r.Ended(&x)
		b.Ended(Answered, 200, time.Millisecond, time.Millisecond)
	}
	count()
	if n := testing.AllocsPerRun(1000, count); n >= 1 { // under the race detector a sync.Pool forgets now and then
		t.Errorf("an exchange takes %v allocations, want none", n)
	}
}

func TestStatus_unknownIsNull(t *testing.T) {
	got, err := json.Marshal(struct {
		V Value
		L Values
		Q Latency
	}{Unknown, Values{1, Unknown, 0.12345}, Latency{"queue": nil}})
	if want := `{"V":null,"L":[1,null,0.123],"Q":{"queue":null}}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
