package control

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"time"

	"tenfour/jobs"
)

// A search reads records from the whole store, which has no order but that of hashes. With 100,000 jobs that is a second of
// a processor's time. So there is one search at a time, and after each chunk it sleeps for as long as it worked: clients get at least half
// of that processor.
const (
	chunk     = 128                   // records from one sleep to the next
	sleepMost = 50 * time.Millisecond // when the chunk itself had to wait for a processor
)

// scan calls each with the jobs that are in some states, as they are shown, in no order, until it returns false.
func (h *handler) scan(ctx context.Context, states jobs.States, each func(jobs.Job) bool) error {
	select {
	case h.searching <- struct{}{}:
		defer func() { <-h.searching }()
	case <-ctx.Done():
		return ctx.Err()
	}
	recorded := states
	if recorded&jobs.Unfinished != 0 {
		recorded |= jobs.Unfinished // the record of one that runs may say that it waits
	}
	turn := newTurn()
	for j, err := range h.Store.Jobs(recorded) {
		if err != nil {
			return err
		}
		if j = h.Runner.Shown(j); states.Has(j.State) && !each(j) {
			return nil
		}
		if err := turn.next(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// turn lets others work after each chunk of records.
type turn struct {
	read  int
	began time.Time
}

func newTurn() *turn { return &turn{began: time.Now()} }

// next is called after each record. It sleeps after a chunk. Its error is that of ctx.
func (t *turn) next(ctx context.Context) error {
	if t.read++; t.read%chunk != 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(min(time.Since(t.began), sleepMost)):
		t.began = time.Now()
		return nil
	}
}

// entry is a job in a list: when it was made, in Unix nanoseconds, and its id. It is all that a search keeps of a job.
type entry struct {
	made int64
	id   jobs.ID
}

func entryOf(j jobs.Job) entry { return entry{j.Created.UnixNano(), j.ID} }

// compare is negative for an entry that is older than other. Ids decide between jobs of the same moment.
func (e entry) compare(other entry) int {
	return cmp.Or(cmp.Compare(e.made, other.made), slices.Compare(e.id[:], other.id[:]))
}

// newest keeps the newest entries that it is given, at most most of them; 0 is any number. It is a heap with the oldest on top.
type newest struct {
	most    int
	entries []entry
}

func (n *newest) Len() int           { return len(n.entries) }
func (n *newest) Less(i, k int) bool { return n.entries[i].compare(n.entries[k]) < 0 }
func (n *newest) Swap(i, k int)      { n.entries[i], n.entries[k] = n.entries[k], n.entries[i] }
func (n *newest) Push(x any)         { n.entries = append(n.entries, x.(entry)) }
func (n *newest) Pop() any {
	last := len(n.entries) - 1
	e := n.entries[last]
	n.entries = n.entries[:last]
	return e
}

func (n *newest) add(e entry) {
	switch {
	case n.most == 0:
		n.entries = append(n.entries, e)
	case len(n.entries) < n.most:
		heap.Push(n, e)
	case n.entries[0].compare(e) < 0:
		n.entries[0] = e
		heap.Fix(n, 0)
	}
}

// sorted returns the entries, newest first. They are no heap any more.
func (n *newest) sorted() []entry {
	slices.SortFunc(n.entries, func(a, b entry) int { return b.compare(a) })
	return n.entries
}
