package tests

import (
	"fmt"
	"time"

	"tenfour/tests/await"
)

// probe finds that every slot, every place in every queue and every place for streams is free, by taking them all: then
// one more is refused.
func (s *stress) probe() {
	s.t.Helper()
	s.configure(baseSettings(s.routes, true))
	for _, r := range s.routes {
		if !r.faultless {
			s.warm(r)
		}
	}
	s.configure(baseSettings(s.routes, false))
	for _, r := range s.routes {
		s.fill(r, "gate", r.workers*len(r.backends), baseQueue)
		if r.lasting {
			s.fill(r, "gated events", stressStreams, 0)
		}
	}
}

// holdAll finds that no byte is held for any body: one that must be held whole, and takes nearly all that may be, is
// forwarded. when is part of its name.
func (s *stress) holdAll(when string) {
	s.t.Helper()
	for _, r := range s.routes {
		if r.old {
			a := s.probing(r, "holding-"+when, 0)
			a.method, a.bodyAs, a.body = "POST", "chunked", 1_000_000
			s.asked(a, false)
			o := s.prober().exchanged(a)
			if s.ended(a, o); o.own || o.how != "whole" {
				s.t.Errorf("%s the stress a body of %d bytes, where %s may be held: %s %d %s", when, a.body, stressHoldMax, o.how, o.status, o.words)
			}
		}
	}
}

// warm returns when every backend of a route has answered so often that after an outage it gets as many exchanges as it
// has workers again.
func (s *stress) warm(r *stressRoute) {
	s.t.Helper()
	c := s.prober()
	defer c.hangUp()
	for i := 0; ; i++ {
		enough := true
		for _, b := range r.backends {
			enough = enough && b.answered() >= 8
		}
		switch {
		case enough:
			return
		case i == 1000:
			s.t.Fatalf("%s: after %d requests one of its backends is hardly asked", r.path, i)
		}
		a := s.probing(r, "warming", i)
		a.closes = false
		c.exchange(a)
	}
}

// fill sends as many requests of a kind as a route has places for, and one more. So many must be in hand at a time, so
// many wait, and one is refused.
func (s *stress) fill(r *stressRoute, kind string, inHand, queued int) {
	s.t.Helper()
	all := inHand + queued + 1
	told := make(chan stressOutcome, all)
	for i := range all {
		a, c := s.probing(r, kind, i), s.prober()
		s.asked(a, false)
		go func() { // ends with its response
			o := c.exchanged(a)
			s.ended(a, o)
			told <- o
		}()
	}
	refused := 0
	note := func(o stressOutcome) {
		if o.wrong != nil || o.how != "whole" {
			s.complain("all places of %s are taken by %q, and one got: %v %v", r.path, kind, o.err, o.wrong)
		}
		if o.own && o.status == 503 {
			refused++
		}
	}
	s.awaitGate(r, kind, inHand)
	select {
	case o := <-told:
		note(o)
	case <-time.After(patience):
	}
	for got := 1; got < all; {
		for _, b := range r.backends {
			b.openGate()
		}
		select {
		case o := <-told:
			note(o)
			got++
		case <-time.After(time.Millisecond): // those that were queued come to the gate
		}
	}
	if refused != 1 {
		s.t.Errorf("of %d %q on %s %d were refused, want 1: %d in hand, %d queued", all, kind, r.path, refused, inHand, queued)
	}
}

// awaitGate returns when so many requests wait at the gates of a route's backends.
func (s *stress) awaitGate(r *stressRoute, kind string, inHand int) {
	s.t.Helper()
	var n int
	if await.Holds(patience, func() bool {
		n = 0
		for _, b := range r.backends {
			n += b.atGate()
		}
		return n == inHand
	}) {
		return
	}
	for _, b := range r.backends {
		s.t.Logf("%s has %d at its gate, of %d; it has answered %d", b.name, b.atGate(), b.workers, b.answered())
	}
	s.t.Fatalf("on %s %d %q are in hand, want %d\n%s", r.path, n, kind, inHand, s.log)
}

func (s *stress) prober() *stressClient {
	return &stressClient{addr: s.addr, tls: s.clients[0].tls, ledger: s.ledger}
}

// probing is a request of the probe.
func (s *stress) probing(r *stressRoute, kind string, number int) *ask {
	a := &ask{
		id: fmt.Sprintf("probe-%s-%s-%d", r.path[1:], kind, number), route: r, method: "GET", kind: kind,
		status: 200, n: 2, as: "length", token: r.clientToken, closes: true,
	}
	if kind == "gated events" {
		a.as = "chunked"
	}
	a.key = a.id
	return a
}
