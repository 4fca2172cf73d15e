package front

import (
	"fmt"
	"sync"

	"tenfour/forward"
)

// waitForBody says when c, whose client has sent no more of its request's body, must look at how slow that is.
func (c *client) waitForBody() {
	r := c.req
	now := c.front.Lot.Now()
	if r.BodyEnd == 0 && r.Route.Settings.BodyTimeout > 0 {
		r.BodyEnd = now + int64(r.Route.Settings.BodyTimeout)
	}
	if r.idleEnd == 0 {
		r.idleEnd = now + int64(c.front.site.Load().IdleTimeout)
	}
	r.Pace.Begin(now)
	at := min(r.idleEnd, r.Pace.Due())
	if r.BodyEnd != 0 {
		at = min(at, r.BodyEnd)
	}
	c.waiter.SetDeadline(at)
}

// bodyCame notes that more of the body has come.
func (c *client) bodyCame() {
	if c.waiter.Deadline() != 0 { // it had to be waited for
		c.req.Pace.End(c.front.Lot.Now())
		c.req.idleEnd = 0
		c.waiter.SetDeadline(0)
	}
}

// bodyLate answers a client that is too slow with its request's body, and parks one that is not.
func (c *client) bodyLate() outcome {
	r := c.req
	s := r.Route.Settings
	now := c.front.Lot.Now()
	r.Pace.End(now)
	switch {
	case r.BodyEnd != 0 && now >= r.BodyEnd:
		return c.answer(408, forward.TooLong(s.BodyTimeout).Error(), "")
	case now >= r.idleEnd:
		return c.answer(408, "the request's body did not go on for "+c.front.site.Load().IdleTimeout.String(), "")
	case r.Pace.Over() && r.Pace.Slow(int64(r.Body.Len()), s.MinRate):
		return c.answer(408, forward.TooSlow(s.MinRate).Error(), "")
	}
	c.waitForBody()
	return c.park(false)
}

// taking is how fast a client takes the rest of its response.
type taking struct {
	forward.Meter
	idleEnd int64 // until when it must have taken a byte
}

var takings = sync.Pool{New: func() any { return new(taking) }}

// waitForRoom says when c, whose client takes no more of its response, must look at how slow that is. moved is whether it
// took some a moment ago.
func (c *client) waitForRoom(moved bool) {
	first := c.taking == nil
	if first {
		c.taking = takings.Get().(*taking)
		c.taking.Meter = forward.NewMeter(c.taken())
	}
	if first || moved {
		c.taking.idleEnd = c.until(int64(c.front.site.Load().IdleTimeout))
	}
	c.taking.Begin(c.front.Lot.Now())
	c.waiter.SetDeadline(min(c.taking.idleEnd, c.taking.Due()))
}

// taken is how many bytes of the rest of the response the client's kernel has. What was written counts only then: the
// kernel here takes megabytes at once, and then nothing for minutes.
func (c *client) taken() int64 { return int64(c.outAt) - int64(c.conn.Unsent()) }

// roomLate cuts a client that is too slow in taking its response, and parks one that is not.
func (c *client) roomLate() outcome {
	m, site := c.taking, c.front.site.Load()
	m.End(c.front.Lot.Now())
	moved := false
	if m.Over() {
		taken := c.taken()
		moved = m.Since(taken) > 0
		if m.Slow(taken, site.MinRate) {
			return c.dropped(fmt.Sprintf("took its response at less than %d bytes a second for %v", site.MinRate, forward.MeterWindow))
		}
	}
	if !moved && c.front.Lot.Now() >= m.idleEnd {
		return c.dropped("took no byte of its response for " + site.IdleTimeout.String())
	}
	c.waitForRoom(moved)
	return c.park(true)
}

// endTaking forgets how fast the client took its response.
func (c *client) endTaking() {
	if c.taking != nil {
		takings.Put(c.taking)
		c.taking = nil
	}
}
