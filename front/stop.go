package front

import "time"

// lastWords is how long a client has, after the time to drain is over, to take the answer that says so, in nanoseconds.
const lastWords = int64(250 * time.Millisecond)

// stopped ends a connection when the time to drain is over. If its request has begun, the client gets an answer that says so. An
// exchange at a backend ends by itself, and answers.
func (c *client) stopped() {
	switch {
	case c.stopping: // its last answer is being written
		if !c.late() {
			c.serve()
			return
		}
	case c.phase == lingering: // it has its last answer, and may still be reading it
		c.askKernel()
		c.serve()
		return
	case c.phase == joined: // its answer is there
		c.serve()
		return
	case c.phase == limited:
		c.req.stopWaiting()
		c.phase = reading
		c.lastAnswer()
		return
	case c.phase == handedOver:
		c.serve()
		return
	case c.phase == reserving, c.phase == buffering, c.phase == spooling, c.phase == accepting, c.phase == visiting, c.phase == reading && c.req != nil:
		c.lastAnswer()
		return
	}
	if c.phase == flushing {
		c.reset() // a part of a response must not look whole
		return
	}
	c.close()
}

// lastAnswer answers that tenfour is stopping.
func (c *client) lastAnswer() {
	c.answer(503, stoppingWords, retryAfter)
	c.serve()
}

const stoppingWords = "tenfour is stopping"

// until returns when a wait of c that begins now is too long: after most nanoseconds, or soon if the time to drain is over.
func (c *client) until(most int64) int64 {
	now := c.front.Lot.Now()
	if c.front.stop.Load() {
		c.stopping = true
		most = min(most, lastWords)
	}
	return now + most
}
