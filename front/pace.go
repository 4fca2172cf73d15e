package front

import (
	"fmt"
	"sync"

	"tenfour/forward"
)

// waitForBody sets c's deadline while no more of its request's body has come: then bodyLate looks at how slow it is.
func (c *client) waitForBody() {
	r := c.req
	now := c.front.Lot.Now()
	if r.BodyEnd == 0 && r.Route.Settings.BodyTimeout > 0 {
		r.BodyEnd = now + int64(r.Route.Settings.BodyTimeout)
	}
	if r.idleEnd == 0 {
		r.idleEnd = now + int64(c.front.site.Load().IdleTimeout)
	}
	r.pace.Begin(now)
	at := min(r.idleEnd, r.pace.Due())
	if r.BodyEnd != 0 {
		at = min(at, r.BodyEnd)
	}
	c.waiter.SetDeadline(at)
}

// bodyCame notes that more of the body has arrived.
func (c *client) bodyCame() {
	if c.waiter.Deadline() != 0 { // c waited for it
		c.req.pace.End(c.front.Lot.Now())
		c.req.idleEnd = 0
		c.waiter.SetDeadline(0)
	}
}

// bodyLate answers 408 if the client sends its request's body too slowly, and else goes on waiting.
func (c *client) bodyLate() outcome {
	r := c.req
	s := r.Route.Settings
	now := c.front.Lot.Now()
	r.pace.End(now)
	switch {
	case r.BodyEnd != 0 && now >= r.BodyEnd:
		return c.answer(408, forward.TooLong(s.BodyTimeout).Error(), "")
	case now >= r.idleEnd:
		return c.answer(408, "the request's body did not go on for "+c.front.site.Load().IdleTimeout.String()+": --idle-timeout gives it more time", "")
	case r.pace.Over() && r.pace.Slow(int64(r.Body.Len()), s.MinRate):
		return c.answer(408, forward.TooSlow(s.MinRate).Error(), "")
	}
	c.waitForBody()
	return c.park(false)
}

// taking measures how fast a client takes the rest of its response.
type taking struct {
	forward.Meter
	idleEnd int64 // when it must have taken another byte
}

var takings = sync.Pool{New: func() any { return new(taking) }}

// waitForRoom sets c's deadline while its client takes no more of its response: then roomLate looks at how slow it is. moved
// says whether the client took some just now.
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

// taken returns how many bytes of the rest of the response have reached the client's kernel. Bytes that were only written do
// not count: the kernel on this side takes megabytes at once, and then nothing for minutes.
func (c *client) taken() int64 { return int64(c.outAt) - int64(c.conn.Unsent()) }

// roomLate cuts the connection if the client takes its response too slowly, and else goes on waiting.
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

// endTaking ends the measure of how fast the client took its response.
func (c *client) endTaking() {
	if c.taking != nil {
		takings.Put(c.taking)
		c.taking = nil
	}
}
