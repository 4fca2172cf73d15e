package forward

import (
	"sync"
	"sync/atomic"

	"tenfour/lot"
)

// Held counts the bytes of memory that tenfour holds for bodies of requests, for responses and for races, all together,
// and bounds them (hold_max). Beyond the bound what can stream streams, a response has no more buffer than it has already,
// and a body that must be held whole waits in line. The first 16 KiB of what is on its way at a worker are not counted:
// the number of workers and of streams bounds those. A nil Held has no bound. Safe for use by several goroutines.
type Held struct {
	most  int64 // fixed
	bytes atomic.Int64
	line  atomic.Int32 // how many wait: Give locks nothing while none does

	mu   sync.Mutex // guards every HeldPlace
	head HeldPlace  // of the ring of those that wait; its next has waited longest
}

// HeldPlace is where a request waits for memory. It belongs to the request; the zero value stands nowhere.
type HeldPlace struct {
	waiter     *lot.Waiter // to wake
	bytes      int         // that it waits for, or has been given
	given      bool
	next, prev *HeldPlace // nil while it does not wait
}

// NewHeld makes a count that is bounded by most bytes.
func NewHeld(most int) *Held {
	h := &Held{most: int64(most)}
	h.head.next, h.head.prev = &h.head, &h.head
	return h
}

// Take counts n bytes more, and reports false, having counted nothing, when the bound does not allow them or others wait.
func (h *Held) Take(n int) bool { return h == nil || h.line.Load() == 0 && h.fits(n) }

// Fits reports whether Take would allow n bytes now.
func (h *Held) Fits(n int) bool {
	return h == nil || h.line.Load() == 0 && h.bytes.Load()+int64(n) <= h.most
}

// Most is the bound.
func (h *Held) Most() int { return int(h.most) }

// Bytes is how many are held.
func (h *Held) Bytes() int { return int(h.bytes.Load()) }

func (h *Held) fits(n int) bool {
	if h.bytes.Add(int64(n)) <= h.most {
		return true
	}
	h.Give(n)
	return false
}

// Count counts n bytes more whatever the bound is: they are held already.
func (h *Held) Count(n int) {
	if h != nil {
		h.bytes.Add(int64(n))
	}
}

// Give gives n bytes back, and wakes those for which there is memory now.
func (h *Held) Give(n int) {
	if h == nil || n == 0 {
		return
	}
	if h.bytes.Add(-int64(n)); h.line.Load() > 0 {
		h.serve()
	}
}

// serve gives memory to those that wait, in turn, and wakes them.
func (h *Held) serve() {
	var woken []*lot.Waiter
	h.mu.Lock()
	for p := h.head.next; p != &h.head && h.bytes.Add(int64(p.bytes)) <= h.most; p = h.head.next {
		h.remove(p)
		p.given = true
		woken = append(woken, p.waiter)
	}
	if p := h.head.next; p != &h.head { // the first of the others was too large
		h.bytes.Add(-int64(p.bytes))
	}
	h.mu.Unlock()
	for _, w := range woken {
		go w.Notify() // ends with the Unpark that it leads to; its caller may be in the midst of something
	}
}

// Wait puts p in line for n bytes; waiter is woken when it has them, and asks Granted.
func (h *Held) Wait(p *HeldPlace, n int, waiter *lot.Waiter) {
	h.mu.Lock()
	p.waiter, p.bytes, p.given = waiter, n, false
	p.prev, p.next = h.head.prev, &h.head
	p.prev.next, p.next.prev = p, p
	h.line.Add(1)
	h.mu.Unlock()
	h.serve() // what was given back before it stood in line has woken nothing
}

// Granted reports whether p has been given what it waited for, which is the caller's then.
func (h *Held) Granted(p *HeldPlace) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	given := p.given
	p.given = false
	return given
}

// Leave takes p out of the line, and gives back what it has been given and Granted has not told.
func (h *Held) Leave(p *HeldPlace) {
	if h == nil || p.bytes == 0 {
		return
	}
	h.mu.Lock()
	given := p.given
	if p.next != nil {
		h.remove(p)
	}
	n := p.bytes
	p.bytes, p.given = 0, false
	h.mu.Unlock()
	if given {
		h.Give(n)
	} else if h.line.Load() > 0 {
		h.serve() // it may have been the one that was too large
	}
}

func (h *Held) remove(p *HeldPlace) {
	p.prev.next, p.next.prev = p.next, p.prev
	p.next, p.prev = nil, nil
	h.line.Add(-1)
}

// Portion is the bytes of Held that one exchange has, or one client for the rest of its response. The zero value counts
// for no Held.
type Portion struct {
	of    *Held
	bytes int
	owed  bool // what it is for has to be held, even beyond the bound: the response of a job
}

// Portion counts n bytes, which are held already, and returns them as a portion.
func (h *Held) Portion(n int) Portion {
	h.Count(n)
	return Portion{of: h, bytes: n}
}

// take adds n bytes, if Held has them.
func (p *Portion) take(n int) bool {
	switch {
	case p.owed:
		p.count(n)
		return true
	case n > 0 && !p.of.Take(n):
		return false
	}
	p.bytes += max(n, 0)
	return true
}

// count adds n bytes that are held already.
func (p *Portion) count(n int) {
	if n > 0 {
		p.of.Count(n)
		p.bytes += n
	}
}

// Raise counts what p is to have and has not.
func (p *Portion) Raise(to int) { p.count(to - p.bytes) }

// Lower gives back what p has beyond that.
func (p *Portion) Lower(to int) {
	if n := p.bytes - to; n > 0 {
		p.bytes = to
		p.of.Give(n)
	}
}

// Give gives all of p back.
func (p *Portion) Give() { p.Lower(0) }

// moveTo makes what p has q's.
func (p *Portion) moveTo(q *Portion) {
	q.of = p.of
	q.bytes += p.bytes
	p.bytes = 0
}
