package callback

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"tenfour/jobs"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func TestQueue_takesTheReceiversInTurn(t *testing.T) {
	q := newQueue()
	for _, where := range []string{"a", "a", "a", "a", "b", "c"} {
		q.add(jobs.NewID(), where, noon)
	}
	got := map[string]int{}
	for range 3 {
		c, _ := q.take(noon)
		got[c.to.where]++
	}
	if got["a"] != 1 || got["b"] != 1 || got["c"] != 1 {
		t.Errorf("the first three went to %v", got)
	}
	if c, _ := q.take(noon); c == nil || c.to.where != "a" {
		t.Errorf("the fourth is %+v", c)
	}
	if c, _ := q.take(noon); c != nil {
		t.Errorf("a receiver that has not answered yet has a third: %+v", c)
	}
}

func TestQueue_givesAReceiverThatAnswersMore(t *testing.T) {
	q := newQueue()
	for range 20 {
		q.add(jobs.NewID(), "a", noon)
	}
	q.receiver("a").answers = true
	n := 0
	for c, _ := q.take(noon); c != nil; c, _ = q.take(noon) {
		n++
	}
	if n != atOnceAnswers {
		t.Errorf("%d are under way, want %d", n, atOnceAnswers)
	}
}

// TestQueue_isInOrder: whatever is added, taken and given back, each callback is taken when it is due, not before and not twice, and the
// bounds hold. At the end nothing is left.
func TestQueue_isInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newQueue()
		now := noon
		var ids []jobs.ID
		due, running := map[jobs.ID]time.Time{}, map[jobs.ID]*call{}
		anew := map[jobs.ID]time.Time{}
		back := func(c *call, id jobs.ID, at time.Time) {
			if again, is := anew[id]; is {
				at = again
				delete(anew, id)
			}
			if !at.IsZero() {
				due[id] = at
			}
			delete(running, id)
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				id := jobs.NewID()
				ids = append(ids, id)
				at := now.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "at")) * time.Second)
				due[id] = at
				q.add(id, strconv.Itoa(rapid.IntRange(0, 4).Draw(t, "receiver")), at)
			},
			"add again": func(t *rapid.T) {
				if len(ids) == 0 {
					return
				}
				id := rapid.SampledFrom(ids).Draw(t, "id")
				c := q.calls[id]
				if c == nil {
					return
				}
				at := now.Add(time.Second)
				if running[id] != nil {
					anew[id] = at
				} else {
					due[id] = at
				}
				q.add(id, c.to.where, at)
			},
			"take": func(t *rapid.T) {
				c, at := q.take(now)
				if c == nil {
					if !at.After(now) {
						t.Fatalf("nothing is due, and the loop is to look again at %v", at)
					}
					return
				}
				if due[c.id].IsZero() || due[c.id].After(now) {
					t.Fatalf("taken at %v, due at %v", now, due[c.id])
				}
				delete(due, c.id)
				running[c.id] = c
			},
			"time": func(*rapid.T) { now = now.Add(time.Second) },
			"end": func(t *rapid.T) {
				for id, c := range running {
					c.to.answers = rapid.Bool().Draw(t, "answers")
					if rapid.Bool().Draw(t, "again") {
						q.again(c, now.Add(time.Second))
						back(c, id, now.Add(time.Second))
					} else {
						q.end(c)
						back(c, id, time.Time{})
					}
					return
				}
			},
			"": func(t *rapid.T) {
				if q.running != len(running) || q.running > atOnce || len(q.calls) != len(due)+len(running) {
					t.Fatalf("%d are under way, %d known; want %d, %d", q.running, len(q.calls), len(running), len(due)+len(running))
				}
				waiting, busy := 0, 0
				for where, r := range q.receivers {
					if r.running > atOnceAnswers || r.running == 0 && len(r.due) == 0 || r.where != where {
						t.Fatalf("receiver %q has %d under way, %d due", where, r.running, len(r.due))
					}
					waiting, busy = waiting+len(r.due), busy+r.running
				}
				if waiting != len(due) || busy != len(running) {
					t.Fatalf("receivers have %d due, %d under way; want %d, %d", waiting, busy, len(due), len(running))
				}
			},
		})
	})
}

// TestQueue_costsIDs: 100,000 callbacks that are due.
func TestQueue_costsIDs(t *testing.T) {
	const n = 100_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	q := newQueue()
	for i := range n {
		q.add(jobs.NewID(), "a", noon.Add(time.Duration(i*7919%n)*time.Second))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := int64(after.HeapAlloc-before.HeapAlloc) / n
	t.Logf("%d bytes for each", each)
	if each > 160 {
		t.Errorf("%d bytes for each callback that is due", each)
	}
	runtime.KeepAlive(q)
}
