package logs

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// queue takes lines without making a caller wait. One goroutine writes them, and waits for the writer for as long as a write takes.
// A line that finds no room, or that cannot be written, is lost and counted.
type queue struct {
	to    io.Writer // used by the queue's goroutine alone
	told  func(loss)
	alone bool // told writes to this same queue, so it is called only after a write that succeeded

	wake chan struct{} // capacity 1; a value means: there are lines, or the queue closes
	done chan struct{} // closed when the goroutine has ended
	lost atomic.Int64  // lines, so far

	mu      sync.Mutex // guards the rest; held only while a line is copied, never while one is written
	lines   []byte     // that wait
	spare   []byte     // memory for the next ones
	taken   int64      // bytes that came in
	given   int64      // bytes of them that were written, or are lost
	awaited []flush
	refused int64 // lines that found no room, since refusals was called
	closing bool  // the goroutine ends once no line waits
	closed  bool  // the goroutine took the last lines: later lines are lost
}

// loss is how many lines were lost since the last report, how many in all, and why.
type loss struct {
	lines int64
	all   int64
	err   error // why a line could not be written; nil: there was no room, because the writer is too slow
}

// flush is a call of Flush that waits until so many bytes were given.
type flush struct {
	bytes int64
	done  chan struct{}
}

const (
	roomMost  = 4 << 20          // bytes of lines that may wait in a queue
	spareMost = 64 << 10         // bytes of memory that an empty queue keeps
	tellEvery = 10 * time.Second // the shortest time between two reports of losses
)

// newQueue starts a queue in front of a writer; Close ends it. The queue's goroutine calls told with what was lost, at most once in
// tellEvery. alone says that told writes to this same queue.
func newQueue(to io.Writer, alone bool, told func(loss)) *queue {
	q := &queue{to: to, told: told, alone: alone, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go q.run() // ends after Close, when the writer has taken or refused what waited
	return q
}

// Write takes one or more whole lines. It never waits, and never fails: lines that find no room are counted.
func (q *queue) Write(p []byte) (int, error) {
	q.mu.Lock()
	if q.closed || len(q.lines)+len(p) > roomMost {
		n := int64(bytes.Count(p, newline))
		q.refused += n
		q.lost.Add(n)
	} else {
		q.lines = append(q.lines, p...)
		q.taken += int64(len(p))
	}
	q.mu.Unlock()
	q.signal()
	return len(p), nil
}

var newline = []byte{'\n'}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default: // a signal is there already
	}
}

// Flush waits at most d until the lines that came before the call are written or lost, and reports whether they are.
func (q *queue) Flush(d time.Duration) bool {
	q.mu.Lock()
	f := flush{q.taken, make(chan struct{})}
	q.awaited = append(q.awaited, f)
	q.mu.Unlock()
	q.signal()
	return endsWithin(f.done, d)
}

// Close ends the goroutine once it has written the lines that wait. Close waits at most d for that, and reports whether it ended.
// Lines that come later are lost.
func (q *queue) Close(d time.Duration) bool {
	q.mu.Lock()
	q.closing = true
	q.mu.Unlock()
	q.signal()
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

// run writes lines until the queue is closed and empty.
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

// take returns all lines that wait, and whether the queue is closing.
func (q *queue) take() (batch []byte, closing bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch, q.lines, q.spare = q.lines, q.spare[:0], nil
	return batch, q.closing
}

// last returns the lines that wait, and closes the queue for later ones.
func (q *queue) last() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	return q.lines
}

// give notes that a batch was written or lost, and keeps its memory for the next lines.
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

// dropped is how many lines were lost so far, also those that were not reported. A nil queue has lost none.
func (q *queue) dropped() int64 {
	if q == nil {
		return 0
	}
	return q.lost.Load()
}

// refusals returns how many lines have found no room since it was last called.
func (q *queue) refusals() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.refused
	q.refused = 0
	return n
}

// writeLines writes lines and returns how many were lost, and why. If the last write ended in the middle of a line, torn is set, and
// a line feed is written first.
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

// teller reports what a queue has lost, at most once in tellEvery. Only the queue's goroutine uses it.
type teller struct {
	q     *queue
	torn  bool      // the writer has half a line
	works bool      // the last write succeeded
	lost  loss      // lines that could not be written, not yet reported
	full  int64     // lines that found no room, not yet reported
	all   int64     // lines lost so far
	next  time.Time // when the next loss may be reported
}

// write writes lines, and counts those that cannot be written.
func (t *teller) write(lines []byte) {
	if len(lines) > 0 {
		lost, err := writeLines(t.q.to, lines, &t.torn)
		t.works = err == nil
		if err != nil {
			t.all += lost
			t.q.lost.Add(lost)
			t.lost = loss{lines: t.lost.lines + lost, err: err}
		}
	}
	t.q.give(lines)
}

// tell reports what was lost, if the report can be written, and if the last report was at least tellEvery ago or now is true.
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

// due returns a channel that receives when a loss may be reported; nil while there is none to report.
func (t *teller) due() <-chan time.Time {
	if t.full == 0 && t.lost.err == nil || t.q.alone && !t.works {
		return nil
	}
	return time.After(time.Until(t.next))
}
