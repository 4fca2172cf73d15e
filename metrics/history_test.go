package metrics

import (
	"testing"
	"time"
)

// sampled is metrics with a route and a backend, and what takes the sample of a second.
func sampled(t *testing.T) (*Metrics, *Route, *Backend, func(second int)) {
	start := time.Now()
	m := New(start)
	return m, m.AddRoute("/"), m.AddBackend("a:1"), func(second int) { m.Sample(start.Add(time.Duration(second) * step)) }
}

func TestHistory_eachSecondHasWhatEndedInIt(t *testing.T) {
	m, r, _, sample := sampled(t)
	r.Ended(&Exchange{Status: 200, Took: took(10 * time.Millisecond)})
	sample(1)
	sample(2)
	r.Ended(&Exchange{Status: 502, Took: took(None)})
	r.Ended(&Exchange{Status: 200, Took: took(40 * time.Millisecond)})
	sample(3)
	s := filled(m).Series
	for i, want := range []Value{1, 0, 2} {
		if s.Requests[i] != want {
			t.Errorf("second %d has %v requests, want %v", i+1, s.Requests[i], want)
		}
	}
	p50 := s.P50["total"]
	if !near(p50[0], 10) || p50[1].Known() || !near(p50[2], 40) || s.Answers["5xx"][2] != 1 || s.P50["queue"][0].Known() {
		t.Errorf("got %v and %v", p50, s.Answers)
	}
	if last := s.Last(1); len(last.Requests) != 1 || last.Requests[0] != 2 || last.Answers["5xx"][0] != 1 || !last.From.Equal(s.From.Add(2*step)) {
		t.Errorf("the last point is %+v", last)
	}
}

// near reports whether a quantile is within a bucket's width of a duration in ms.
func near(got Value, ms float64) bool { return float64(got) > ms*0.875 && float64(got) < ms*1.125 }

func TestHistory_missedSecondIsUnknown(t *testing.T) {
	m, r, _, sample := sampled(t)
	sample(1)
	r.Ended(&Exchange{Status: 200, Took: took(None)})
	sample(3)
	sample(3) // the second is not over
	s := filled(m).Series
	if len(s.Requests) != 3 || s.Requests[1].Known() || s.Requests[2] != 1 {
		t.Errorf("got %v, want one unknown between 0 and 1", s.Requests)
	}
}

func TestHistory_keepsFiveMinutes(t *testing.T) {
	m, r, b, sample := sampled(t)
	r.Ended(&Exchange{Status: 200, Took: took(time.Second)})
	b.Ended(Answered, 200, time.Second, None)
	sample(1)
	r.Ended(&Exchange{Status: 200, Took: took(time.Millisecond)})
	b.Ended(Answered, 200, time.Millisecond, None)
	sample(2)
	if s := filled(m); !near(s.Routes[0].Latency["total"].P99, 1000) || !near(s.Backends[0].Latency["connect"].P99, 1000) {
		t.Errorf("got %+v and %+v, want 1 s", s.Routes[0].Latency["total"], s.Backends[0].Latency["connect"])
	}
	for second := 3; second <= points+windowFor; second++ {
		sample(second)
	}
	s := filled(m)
	if len(s.Series.Requests) != points || s.Series.Requests[points-1] != 0 {
		t.Errorf("the series has %d points, want %d", len(s.Series.Requests), points)
	}
	if s.Routes[0].Latency["total"] != nil || s.Backends[0].Latency["connect"] != nil {
		t.Errorf("got %+v and %+v after 6 minutes, want none", s.Routes[0].Latency["total"], s.Backends[0].Latency["connect"])
	}
	if s.Totals.Requests != 2 {
		t.Errorf("got %d requests, want 2", s.Totals.Requests)
	}
}

func TestMark_isKeptForFiveMinutes(t *testing.T) {
	m, _, _, sample := sampled(t)
	m.BackendChanged(m.started, "a:1", false, "a:1 is down")
	for range marksMost {
		m.Mark(Mark{m.started.Add(time.Minute), "reload", "again"})
	}
	if s := filled(m); len(s.Marks) != marksMost || s.Backends[0].Downs != 1 {
		t.Errorf("got %d marks, and %d downs; want %d and 1", len(s.Marks), s.Backends[0].Downs, marksMost)
	}
	sample(points + 61)
	if s := filled(m); len(s.Marks) != 0 {
		t.Errorf("got %d marks after 6 minutes, want none", len(s.Marks))
	}
}

// TestHistory_theWallClockIsSet by hours, forward and back: what is known stays, as old as it is, and a mark stays in its second.
func TestHistory_theWallClockIsSet(t *testing.T) {
	for _, by := range []time.Duration{3 * time.Hour, -3 * time.Hour, 50 * 365 * 24 * time.Hour} {
		m, r, _, _ := sampled(t)
		began := m.history.began.Round(0)
		at := func(second int, moved time.Duration) (time.Duration, time.Time) {
			since := time.Duration(second) * step
			return since, began.Add(since + moved)
		}
		since, wall := at(1, 0)
		m.mark(since, Mark{wall, "down", "a"})
		r.Ended(&Exchange{Status: 200, Took: took(None)})
		m.sample(since, wall)
		since, wall = at(2, by)
		m.mark(since, Mark{wall, "up", "a"}) // before the sample sees it
		m.sample(since, wall)
		m.sample(at(3, by))
		s := filled(m)
		if len(s.Series.Requests) != 3 || s.Series.Requests[0] != 1 || !s.Series.From.Equal(began.Add(step+by)) {
			t.Errorf("by %v: the series is %v from %v, want 3 points from %v", by, s.Series.Requests, s.Series.From, began.Add(step+by))
		}
		if len(s.Marks) != 2 || !s.Marks[0].Time.Equal(began.Add(step+by)) || !s.Marks[1].Time.Equal(began.Add(2*step+by)) {
			t.Errorf("by %v: the marks are %v, want them at the ends of seconds 1 and 2 after %v", by, s.Marks, began.Add(by))
		}
		m.sample(at(points+61, by))
		if s := filled(m); len(s.Marks) != 0 {
			t.Errorf("by %v: got %d marks after 6 minutes, want none", by, len(s.Marks))
		}
	}
}
