package front

import "time"

// lastWords is how long a client has, after the time to drain is over, for the answer that says so.
const lastWords = int64(250 * time.Millisecond)

// stopped ends a connection when the time to drain is over. A client whose request has begun is told so in words; what
// was under way at a backend is told by its exchange, which ends by itself.
func (c *client) stopped() {
	switch {
	case c.stopping: // its answer is on the way
		if !c.late() {
			c.serve()
			return
		}
	case c.phase == lingering: // it has its answer, and may be reading it
		c.waiter.SetDeadline(min(c.waiter.Deadline(), c.until(lastWords)))
		c.serve()
		return
	case c.phase == limited:
		c.req.stopWaiting()
		c.phase = reading
		c.lastAnswer()
		return
	case c.phase == reserving, c.phase == buffering, c.phase == reading && c.req != nil:
		c.lastAnswer()
		return
	}
	if c.phase == flushing {
		c.reset() // a part of a response does not end as if that was all
		return
	}
	c.close()
}

// lastAnswer tells a client that its request is not served any more.
func (c *client) lastAnswer() {
	c.answer(503, stoppingWords, retryAfter)
	c.serve()
}

const stoppingWords = "tenfour is stopping"

// until is when a wait of c that begins now is too long: after most nanoseconds, and soon when tenfour is about to end.
func (c *client) until(most int64) int64 {
	now := c.front.Lot.Now()
	if c.front.stop.Load() {
		c.stopping = true
		most = min(most, lastWords)
	}
	return now + most
}
