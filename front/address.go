package front

import "net/netip"

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
