package callback

import (
	"container/heap"
	"time"

	"tenfour/jobs"
)

// How many attempts may be under way: in all, at a receiver that has answered its last one, and at any other. So receivers that hang
// leave room for those that do not.
const (
	atOnce         = 8
	atOnceAnswers  = 4
	atOnceHangs    = 2
	noneIsDue      = 365 * 24 * time.Hour
	pauseUnwritten = 5 * time.Second // until an outcome is written again that the store did not take
)

// queue has what is due, by its receiver and its time. It is not safe for use by several goroutines. It has an id and a time for each
// callback, some 100 bytes. Receivers are looked at one after the other: callback_allow names each, so they are few.
type queue struct {
	calls     map[jobs.ID]*call
	receivers map[string]*receiver
	running   int
	turn      uint64 // counts what was taken
}

// receiver is a HOST:PORT with its callbacks.
type receiver struct {
	where   string
	due     dueHeap
	running int
	answers bool   // to its last attempt
	failure string // of its last attempt; "" for a delivery, or none
	turn    uint64 // when it was taken from last
}

// call is a callback that is due, or under way.
type call struct {
	id     jobs.ID
	at     int64 // nanoseconds of Unix time
	to     *receiver
	told   *told // an outcome that the store has not taken yet; nil for none
	place  int32 // in its receiver's heap; -1 while it is under way
	anew   bool  // while under way: its job has ended once more, at the time at
	warned bool  // that the store does not take its outcome
}

// told is an outcome, and the end of the job that it is about.
type told struct {
	since  time.Time
	answer jobs.Answer
}

func newQueue() queue {
	return queue{calls: map[jobs.ID]*call{}, receivers: map[string]*receiver{}}
}

// add queues a callback, or sets the time of one that is queued.
func (q *queue) add(id jobs.ID, where string, at time.Time) {
	c := q.calls[id]
	switch {
	case c == nil:
		c = &call{id: id, to: q.receiver(where), at: at.UnixNano()}
		q.calls[id] = c
		heap.Push(&c.to.due, c)
	case c.place < 0:
		c.anew, c.at = true, at.UnixNano()
	default:
		c.at = at.UnixNano()
		heap.Fix(&c.to.due, int(c.place))
	}
}

func (q *queue) receiver(where string) *receiver {
	r := q.receivers[where]
	if r == nil {
		r = &receiver{where: where}
		q.receivers[where] = r
	}
	return r
}

// take takes the callback that is sent next, if one may be: of the receivers with the fewest under way, the one that has waited longest for its
// turn. Else it returns nil, and when to look again.
func (q *queue) take(now time.Time) (*call, time.Time) {
	soonest := now.Add(noneIsDue).UnixNano()
	var best *receiver
	for _, r := range q.receivers {
		switch {
		case q.running >= atOnce || r.running >= r.most() || len(r.due) == 0:
		case r.due[0].at > now.UnixNano():
			soonest = min(soonest, r.due[0].at)
		case best == nil || r.running < best.running || r.running == best.running && r.turn < best.turn:
			best = r
		}
	}
	if best == nil {
		return nil, time.Unix(0, soonest)
	}
	q.running++
	best.running++
	q.turn++
	best.turn = q.turn
	return heap.Pop(&best.due).(*call), now
}

func (r *receiver) most() int {
	if r.answers {
		return atOnceAnswers
	}
	return atOnceHangs
}

// again gives back a callback that was under way: it is due at a time.
func (q *queue) again(c *call, at time.Time) {
	if !c.anew {
		c.at = at.UnixNano()
	}
	c.anew = false
	heap.Push(&c.to.due, c)
	q.leave(c.to)
}

// end gives back a callback that was under way, and is not due any more.
func (q *queue) end(c *call) {
	if c.anew {
		q.again(c, time.Time{})
		return
	}
	delete(q.calls, c.id)
	q.leave(c.to)
}

// leave counts one attempt at r less, and forgets a receiver that nothing is due for.
func (q *queue) leave(r *receiver) {
	q.running--
	r.running--
	if r.running == 0 && len(r.due) == 0 {
		delete(q.receivers, r.where)
	}
}

// dueHeap is a heap.Interface: first what is due first.
type dueHeap []*call

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, k int) bool { return h[i].at < h[k].at }
func (h dueHeap) Swap(i, k int) {
	h[i], h[k] = h[k], h[i]
	h[i].place, h[k].place = int32(i), int32(k)
}

// Push is for container/heap.
func (h *dueHeap) Push(c any) {
	c.(*call).place = int32(len(*h))
	*h = append(*h, c.(*call))
}

// Pop is for container/heap.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	c.place = -1
	return c
}
