package front

import (
	"net/netip"
	"time"
)

// crowd is all connections of clients, by their addresses. The addresses are a heap: the first has most connections. The front
// guards it.
type crowd struct {
	by     map[netip.Addr]*address
	heap   []*address
	open   int      // connections
	unused *address // addresses without a connection, to be used again
	kept   int      // how many
}

// keptMost is how many addresses without a connection are kept for use again.
const keptMost = 64

// add counts c under its address. It does nothing and reports false if that has most connections already; 0 is any number.
func (w *crowd) add(c *client, most int) bool {
	of := addressOf(c.conn.Remote.Addr())
	a := w.by[of]
	if a == nil {
		a = w.unused
		if a != nil {
			w.unused, a.unused = a.unused, nil
			w.kept--
		} else {
			a = &address{}
		}
		a.of, a.at = of, len(w.heap)
		w.by[of] = a
		w.heap = append(w.heap, a)
	} else if most > 0 && a.open >= most {
		return false
	}
	c.from = a
	a.add(c)
	w.up(a)
	w.open++
	return true
}

// remove takes c out.
func (w *crowd) remove(c *client) {
	a := c.from
	c.from = nil
	a.remove(c)
	w.open--
	w.down(a)
	if a.open > 0 {
		return
	}
	last := len(w.heap) - 1 // an address without a connection leaves the heap
	moved := w.heap[last]
	w.put(moved, a.at)
	w.heap[last] = nil
	w.heap = w.heap[:last]
	if moved != a {
		w.up(moved)
		w.down(moved)
	}
	delete(w.by, a.of)
	if w.kept < keptMost {
		a.unused, w.unused = w.unused, a
		w.kept++
	}
}

func (w *crowd) put(a *address, at int) { w.heap[at], a.at = a, at }

// up moves a to where it belongs in the heap, after it got a connection more.
func (w *crowd) up(a *address) {
	for a.at > 0 {
		parent := w.heap[(a.at-1)/2]
		if parent.open >= a.open {
			return
		}
		w.swap(a, parent)
	}
}

// down moves a to where it belongs in the heap, after it lost a connection.
func (w *crowd) down(a *address) {
	for {
		most := a
		for _, at := range [2]int{2*a.at + 1, 2*a.at + 2} {
			if at < len(w.heap) && w.heap[at].open > most.open {
				most = w.heap[at]
			}
		}
		if most == a {
			return
		}
		w.swap(a, most)
	}
}

func (w *crowd) swap(a, b *address) {
	at := a.at
	w.put(a, b.at)
	w.put(b, at)
}

// each calls f for every connection.
func (w *crowd) each(f func(c *client)) {
	for _, a := range w.heap {
		for c := a.first; c != nil; c = c.next {
			f(c)
		}
	}
}

// addressesMost is how many addresses are looked at when room is to be made, those with most connections first.
const addressesMost = 7

// longest returns a connection that waits for its client: of the address that has most connections, the one that has waited
// longest. It looks at a few only, and returns nil when none of those waits.
func (w *crowd) longest() *client {
	looks := looksMost
	for _, a := range w.heap[:min(len(w.heap), addressesMost)] {
		if c := a.longest(&looks); c != nil {
			return c
		}
	}
	return nil
}

// notice counts what happens often, to be logged once in a while.
type notice struct {
	closed  int   // connections that made room for others
	refused int   // connections of an address that had as many as it may
	at      int64 // when it was logged last, in the lot's time; 0 for never
}

// noticeEvery is how often it is logged at most, in nanoseconds.
const noticeEvery = int64(10 * time.Second)

// due reports whether there is something to log now. It returns the counts then, and they begin anew.
func (n *notice) due(now int64) (said notice, due bool) {
	if n.closed+n.refused == 0 || n.at != 0 && now-n.at < noticeEvery {
		return notice{}, false
	}
	said = *n
	*n = notice{at: now}
	return said, true
}
