package logs

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// queue takes lines without ever making a caller wait. One goroutine writes them, and waits for the writer as long as that takes.
// A line that finds no room, or that cannot be written, is lost and counted.
type queue struct {
	to    io.Writer // used by the queue's goroutine alone
	told  func(loss)
	alone bool // told writes to this very queue: it is called only after a write that went well

	wake chan struct{} // has room for one: there are lines, or the queue closes
	done chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex // guards the rest; held only while a line is copied, never while one is written
	lines   []byte     // that wait
	spare   []byte     // memory for the next ones
	taken   int64      // bytes that came in
	given   int64      // bytes of them that were written, or are lost
	awaited []flush
	refused int64 // lines that found no room, since refusals was called
	closing bool  // the goroutine is to end when no line waits
	closed  bool  // it has: no line is taken any more
}

// loss is how many lines were lost, since the last time that it was told and in all, and why.
type loss struct {
	lines int64
	all   int64
	err   error // why a line could not be written; nil: there was no room, because the writer is too slow
}

// flush is a call that waits until so many bytes were given.
type flush struct {
	bytes int64
	done  chan struct{}
}

const (
	roomMost  = 4 << 20          // bytes of lines that may wait in a queue
	spareMost = 64 << 10         // bytes of memory that an empty queue keeps
	tellEvery = 10 * time.Second // how often a loss is told at most
)

// newQueue starts a queue in front of a writer; Close ends it. told is called by the queue's goroutine, at most once in tellEvery,
// with what was lost. With alone it writes to this queue: see queue.
func newQueue(to io.Writer, alone bool, told func(loss)) *queue {
	q := &queue{to: to, told: told, alone: alone, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go q.run() // ends after Close, when the writer has taken or refused what waited
	return q
}

// Write takes one or more whole lines. It never waits, and never fails: what finds no room is counted.
func (q *queue) Write(p []byte) (int, error) {
	q.mu.Lock()
	if q.closed || len(q.lines)+len(p) > roomMost {
		q.refused += int64(bytes.Count(p, newline))
	} else {
		q.lines = append(q.lines, p...)
		q.taken += int64(len(p))
	}
	q.mu.Unlock()
	q.rouse()
	return len(p), nil
}

var newline = []byte{'\n'}

func (q *queue) rouse() {
	select {
	case q.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Flush waits until the lines that came before it are written or lost, for at most d, and reports whether they are.
func (q *queue) Flush(d time.Duration) bool {
	q.mu.Lock()
	f := flush{q.taken, make(chan struct{})}
	q.awaited = append(q.awaited, f)
	q.mu.Unlock()
	q.rouse()
	return endsWithin(f.done, d)
}

// Close has the goroutine end when it has written what waits. It waits for that for at most d, and reports whether it ended.
// Lines that come later are lost.
func (q *queue) Close(d time.Duration) bool {
	q.mu.Lock()
	q.closing = true
	q.mu.Unlock()
	q.rouse()
	return endsWithin(q.done, d)
}

func endsWithin(done <-chan struct{}, d time.Duration) bool {
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-done:
		return true
	case <-late.C:
		return false
	}
}

// run writes what comes until the queue is closed and empty.
func (q *queue) run() {
	defer close(q.done)
	t := teller{q: q, works: true}
	for {
		batch, closing := q.take()
		t.write(batch)
		switch {
		case len(batch) > 0:
			t.tell(false)
			continue
		case closing:
			t.tell(true)
			t.write(q.last())
			return
		}
		select {
		case <-q.wake:
		case <-t.due():
			t.tell(false)
		}
	}
}

// take returns all lines that wait, and whether there will be no more.
func (q *queue) take() (batch []byte, closing bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch, q.lines, q.spare = q.lines, q.spare[:0], nil
	return batch, q.closing
}

// last returns the lines that wait, after which the queue takes none.
func (q *queue) last() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	return q.lines
}

// give notes that a batch was dealt with, and keeps its memory.
func (q *queue) give(batch []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.given += int64(len(batch))
	if cap(batch) <= spareMost {
		q.spare = batch[:0]
	}
	rest := q.awaited[:0]
	for _, f := range q.awaited {
		if f.bytes > q.given {
			rest = append(rest, f)
			continue
		}
		close(f.done)
	}
	q.awaited = rest
}

// refusals returns how many lines have found no room since it was last called.
func (q *queue) refusals() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.refused
	q.refused = 0
	return n
}

// writeLines writes lines and returns how many were lost, and why. torn says that the writer has half a line from the last time:
// the next one begins anew.
func writeLines(to io.Writer, lines []byte, torn *bool) (lost int64, err error) {
	if *torn {
		if _, err := to.Write(newline); err != nil {
			return int64(bytes.Count(lines, newline)), err
		}
		*torn = false
	}
	n, err := to.Write(lines)
	if err == nil {
		return 0, nil
	}
	*torn = n > 0 && n < len(lines) && lines[n-1] != '\n'
	return int64(bytes.Count(lines[n:], newline)), err
}

// teller says now and then what a queue has lost. The queue's goroutine alone uses it.
type teller struct {
	q     *queue
	torn  bool      // the writer has half a line
	works bool      // the last write went well
	lost  loss      // lines that could not be written, not yet told
	full  int64     // lines that found no room, not yet told
	all   int64     // lines lost so far
	next  time.Time // when the next loss may be told
}

// write writes lines, and counts those that cannot be written.
func (t *teller) write(lines []byte) {
	if len(lines) > 0 {
		lost, err := writeLines(t.q.to, lines, &t.torn)
		t.works = err == nil
		if err != nil {
			t.all += lost
			t.lost = loss{lines: t.lost.lines + lost, err: err}
		}
	}
	t.q.give(lines)
}

// tell says what was lost, if anything was, if there is somewhere to say it, and if the last time is long enough ago or now.
func (t *teller) tell(now bool) {
	n := t.q.refusals()
	t.full += n
	t.all += n
	if t.full == 0 && t.lost.err == nil || t.q.alone && !t.works || !now && time.Now().Before(t.next) {
		return
	}
	if t.full > 0 {
		t.q.told(loss{t.full, t.all, nil})
	}
	if t.lost.err != nil {
		t.q.told(loss{t.lost.lines, t.all, t.lost.err})
	}
	t.full, t.lost = 0, loss{}
	t.next = time.Now().Add(tellEvery)
}

// due ends when there is something to say and it may be said; nil while there is nothing.
func (t *teller) due() <-chan time.Time {
	if t.full == 0 && t.lost.err == nil || t.q.alone && !t.works {
		return nil
	}
	return time.After(time.Until(t.next))
}
