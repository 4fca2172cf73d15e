package front

import (
	"fmt"

	"tenfour/httpparse"
)

// needs returns how many bytes are reserved for a body that must be held whole. The length of a chunked one is not known.
func (r *request) needs() int {
	most := r.Route.Settings.Buffer
	if r.Head.Framing == httpparse.Length {
		return int(min(r.Head.ContentLength, int64(most)))
	}
	return min(most, r.front.Held.Most())
}

// reserve makes c wait until all of its request's body can be held. It takes the memory before the first byte is read: two
// requests that had taken a part each could wait for each other for ever.
func (c *client) reserve() outcome {
	r, held := c.req, c.front.Held
	if held == nil {
		return c.takeBody(0)
	}
	n := r.needs()
	switch {
	case held.Most() == 0 || n > held.Most():
		return c.answerPlainly(503, "the request's body must be held whole, and is too large for that",
			fmt.Sprintf("the request's body must be held whole, and is larger than hold_max (%d bytes)", held.Most()), retryAfter)
	case held.Take(n):
		return c.takeBody(n)
	}
	c.phase = reserving
	c.waiter.SetDeadline(c.until(int64(r.Route.Settings.QueueTimeout)))
	held.Wait(&r.memory, n, &c.waiter)
	return goOn
}

// lookAtMemory goes on with a request once it was given memory.
func (c *client) lookAtMemory() outcome {
	r := c.req
	if !c.front.Held.Granted(&r.memory) {
		return c.park(false)
	}
	c.waiter.SetDeadline(0)
	return c.takeBody(r.needs())
}

// memoryLate answers a request that has waited too long for memory.
func (c *client) memoryLate() outcome {
	r := c.req
	if c.front.Held.Granted(&r.memory) {
		return c.takeBody(r.needs())
	}
	c.front.Held.Leave(&r.memory)
	late := r.Route.Settings.QueueTimeout
	return c.answerPlainly(503, fmt.Sprintf("there is no memory for the request's body, and there was none for %v", late),
		fmt.Sprintf("hold_max leaves no memory for the request's body, and has left none for %v", late), retryAfter)
}
