package front

import (
	"time"

	"tenfour/lot"
)

// greet waits for a new connection to begin TLS. One that says nothing needs no goroutine.
func (c *client) greet() outcome {
	if c.waiter.Deadline() != 0 && c.conn.MayRead() {
		go c.shakeHands() // ends with the handshake, within the head timeout
		return waits
	}
	if c.front.draining.Load() {
		return c.close()
	}
	c.conn.Await()
	if c.waiter.Deadline() == 0 {
		c.waiter.SetDeadline(c.front.Lot.Now() + int64(c.front.site.Load().HeadTimeout))
	}
	return c.park(false)
}

// shakeLeast is what a handshake has whose first byte came when the time for it was nearly over.
const shakeLeast = int64(time.Second)

// shakeHands begins TLS on a new connection.
func (c *client) shakeHands() {
	c.phase, c.asked = reading, false
	var asleep lot.Waiter
	asleep.InitSleeper(c.front.Lot)
	c.shaking.Store(&asleep)
	until := max(c.waiter.Deadline(), c.front.Lot.Now()+shakeLeast)
	unwelcome := func() bool { return c.front.stop.Load() || c.unwanted.Load() }
	err := c.conn.StartTLS(c.front.site.Load().TLS, true, &asleep, until, unwelcome)
	c.shaking.Store(nil)
	asleep.Leave()
	c.conn.Watch.Tell(&c.waiter)
	if err != nil {
		c.front.Log.Debug().Err(err).Stringer("client", c.conn.Remote).Msg("no TLS with a client")
		c.close()
		return
	}
	c.serve()
}
