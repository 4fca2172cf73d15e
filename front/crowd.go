package front

import "net/netip"

// crowd is all connections of clients, by their addresses. The addresses are a heap: the first has most connections. The front
// guards it.
type crowd struct {
	by     map[netip.Addr]*address
	heap   []*address
	last   *address // of the connection that came last: the next is often of the same; nil if it may have none
	open   int      // connections
	unused *address // addresses without a connection, to be used again
	kept   int      // how many
}

// keptMost is how many addresses without a connection are kept for use again.
const keptMost = 64

// add counts c under its address. It does nothing and reports false if that has most connections already; 0 is any number.
func (w *crowd) add(c *client, most int) bool {
	of := addressOf(c.conn.Remote.Addr())
	a := w.last
	if a == nil || a.of != of {
		a = w.by[of]
	}
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
	c.from, w.last = a, a
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
	w.last = nil
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

// address is the connections that one address of clients has open. The front guards it.
type address struct {
	of     netip.Addr // of IPv6 the network of 64 bits, because a client can use all its addresses
	open   int        // connections
	first  *client    // of a list of all: the one that has waited longest, as far as is known
	last   *client
	at     int      // its place in the front's crowd
	unused *address // the next that can be used again
}

// addressOf returns the address or network that a client is counted under.
func addressOf(remote netip.Addr) netip.Addr {
	remote = remote.Unmap()
	if remote.Is6() {
		if network, err := remote.WithZone("").Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return remote
}

// add puts c at the list's end.
func (a *address) add(c *client) {
	a.insert(c, a.last)
	a.open++
}

// remove takes c out of the list.
func (a *address) remove(c *client) {
	a.unlink(c)
	a.open--
}

// insert puts c after prev in the list; nil is before all.
func (a *address) insert(c, prev *client) {
	next := a.first
	if prev != nil {
		next = prev.next
	}
	c.prev, c.next = prev, next
	if prev != nil {
		prev.next = c
	} else {
		a.first = c
	}
	if next != nil {
		next.prev = c
	} else {
		a.last = c
	}
}

func (a *address) unlink(c *client) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		a.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		a.last = c.prev
	}
	c.prev, c.next = nil, nil
}

const (
	// looksMost is how many connections are looked at to find the one that has waited longest. The list is put in order
	// only then, so that it costs no request: a connection that has been busy since it was listed goes to the end.
	looksMost = 64
	// backMost is how many places before the end are compared to put it where it belongs.
	backMost = 8
)

// longest returns the connection that has waited longest for its client, or nil if none is found. It takes each look at a
// connection off looks, and stops when none is left.
func (a *address) longest(looks *int) *client {
	for ; *looks > 0 && a.first != nil; *looks-- {
		c := a.first
		since := c.since.Load()
		if since != 0 && since == c.listed {
			return c
		}
		c.listed = since
		prev := a.last
		if since != 0 {
			for n := 0; n < backMost && prev != c && prev.listed > since; n++ {
				prev = prev.prev
			}
		}
		if prev == c {
			continue
		}
		a.unlink(c)
		a.insert(c, prev)
	}
	return nil
}
