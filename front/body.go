package front

import (
	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/sock"
	"tenfour/spool"
)

// beginBody takes in the body, or as much of it as is held, before a slot is taken: so a client that sends slowly holds no
// slot. A body that is known to be larger streams from its beginning.
func (c *client) beginBody() outcome {
	r := c.req
	expects := r.Head.Expect100 && c.in.Len() == 0
	if r.spools() {
		if r.tooLargeToSpool() {
			return c.spoolFailed(spool.ErrTooLarge)
		}
		return c.takeBody(0)
	}
	if r.Head.Framing == httpparse.Length && r.Head.ContentLength > int64(r.Route.Settings.Buffer) {
		r.Continue = expects // once the backend has the head: it may refuse by that alone
		return c.place()
	}
	if r.deferral != nil || r.MustBeWhole() {
		return c.reserve()
	}
	if !c.front.Held.Fits(firstBuffer) {
		r.Continue = expects
		r.Chunks.Reset()
		return c.place()
	}
	return c.takeBody(0)
}

// takeBody begins to take in the body, for which reserved bytes were taken of hold_max.
func (c *client) takeBody(reserved int) outcome {
	r := c.req
	r.Body = forward.NewBody(c.front.Held, reserved)
	r.Chunks.Reset()
	r.lines = r.Trace.ChunksIn()
	if r.Timed {
		r.bodyFrom = c.front.Lot.Now()
	}
	if r.Head.Expect100 && c.in.Len() == 0 {
		r.given([]byte(forward.Continue))
		if n, err := c.conn.Write([]byte(forward.Continue)); n < len(forward.Continue) {
			return c.dropped("closed before it was sent 100 Continue: " + err.Error())
		}
	}
	c.phase = buffering
	return goOn
}

// readBody takes in more of the body.
func (c *client) readBody() outcome {
	r := c.req
	came, refused := r.takeIn()
	if c.bodyTooLarge() {
		return goOn
	}
	switch {
	case refused != nil:
		return c.refuse(refused)
	case came == whole:
		r.BodyWhole = true
		r.Body.Whole()
		if r.Body.Spilled() {
			return c.spill()
		}
		return c.place()
	case came == enough && r.spools():
		return c.spill()
	case came == enough:
		return c.place()
	}
	switch err := r.fillBody(); {
	case err == nil:
		c.bodyCame()
		return goOn
	case err == forward.ErrNoMemory:
		return c.place()
	case err == sock.ErrWait:
		if c.waiter.Deadline() == 0 {
			c.waitForBody()
		}
		return c.park(false)
	}
	return c.dropped("left inside its request's body")
}

// intake is how much of a body has come.
type intake uint8

const (
	partly intake = iota // more of it is to be held
	enough               // as much as may be held in memory: the rest streams, or all of it goes to a file
	whole                // all of it
)

// takeIn moves into Body what has arrived of the body.
func (r *request) takeIn() (intake, *forward.Refused) {
	if r.Head.Framing == httpparse.Length {
		return r.takeContent(), nil
	}
	fits := true
	for r.In.Len() > 0 && r.Body.InMemory() < r.inMemoryMost() && fits {
		before, _ := r.Chunks.Lines()
		n, data, done, err := r.Chunks.Next(r.In.Rest(), r.Limits)
		if lines, size := r.Chunks.Lines(); lines > before {
			r.lines.Came(size)
		}
		if err != nil {
			return partly, forward.Refuse(err, &r.Chunks, r.In.Rest(), r.Limits)
		}
		r.In.Take(n)
		fits = r.Body.Append(data)
		if done {
			return whole, nil
		}
	}
	return r.heldSoFar(fits), nil
}

// takeContent is takeIn for a body of known length.
func (r *request) takeContent() intake {
	n := min(r.room(), r.In.Len())
	fits := r.Body.Append(r.In.Rest()[:n])
	r.In.Take(n)
	if int64(r.Body.Len()) == r.Head.ContentLength {
		return whole
	}
	return r.heldSoFar(fits)
}

// room is how much more is to be held in memory of a body of known length.
func (r *request) room() int {
	return int(min(r.Head.ContentLength-int64(r.Body.Len()), int64(r.inMemoryMost()-r.Body.InMemory())))
}

// inMemoryMost is how much of the body is held in memory.
func (r *request) inMemoryMost() int {
	switch {
	case r.Body.Spilled():
		return spillMost
	case r.spools():
		return max(1, r.Route.Settings.Buffer) // nothing of a body is not worth a file
	}
	return r.Route.Settings.Buffer
}

// heldSoFar says whether more of a body that has not ended is to be held. fits says that hold_max lets that be.
func (r *request) heldSoFar(fits bool) intake {
	if !fits || r.Body.InMemory() >= r.inMemoryMost() {
		return enough
	}
	return partly
}

// fillBody reads more of the body: into Body, or into the input, where takeIn decodes it, or looks whether there is memory for it.
func (r *request) fillBody() (err error) {
	if r.Head.Framing == httpparse.Length && !r.spools() {
		_, err = r.Body.Fill(&r.c.conn, r.room())
	} else {
		_, err = r.In.Fill(&r.c.conn, firstBuffer/4, firstBuffer)
	}
	return err
}
