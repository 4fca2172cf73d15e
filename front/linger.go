package front

import (
	"time"

	"tenfour/sock"
)

// A client that still sends has its bytes read, and forgotten, after the last response. If the connection was closed while some of
// them are unread, the kernel would reset it, and the client might never see the response (RFC 9112 §9.6): many read it only when
// they have sent all. There is no bound in bytes, because a client that sends pays as much for them as tenfour.
const (
	lingerIdle = int64(5 * time.Second)  // for the client's next byte, or its end
	lingerMost = int64(30 * time.Second) // in all
)

// lingerUntil returns how long the client's next byte is waited for, with an end to all of it.
func lingerUntil(now, end int64) int64 { return min(now+lingerIdle, end) }

func (c *client) beginLinger() outcome {
	if err := c.conn.CloseWrite(); err != nil {
		return c.close()
	}
	c.phase = lingering
	c.conn.Retry()
	now := c.front.Lot.Now()
	c.since.Store(moment(now))
	c.lingerEnd = now + lingerMost
	c.waiter.SetDeadline(lingerUntil(now, c.lingerEnd))
	return goOn
}

// linger reads once and forgets what it read. A drain does not wait for a client that only sends on.
func (c *client) linger() outcome {
	now := c.front.Lot.Now()
	if c.front.draining.Load() {
		c.lingerEnd = min(c.lingerEnd, now+lastWords)
		c.waiter.SetDeadline(min(c.waiter.Deadline(), c.lingerEnd))
	}
	n, err := c.conn.ReadOff(4 * firstBuffer)
	switch {
	case err == sock.ErrWait:
		return c.park(false)
	case err != nil, now >= c.lingerEnd:
		return c.close()
	case n > 0:
		c.waiter.SetDeadline(lingerUntil(now, c.lingerEnd))
	}
	return goOn
}
