package front

import (
	"errors"

	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/sock"
)

// beginBody takes in the body, or as much of it as is held, before a slot is taken: so a client that sends slowly holds no
// slot. A body that is known to be larger streams from its beginning.
func (c *client) beginBody() outcome {
	r := c.req
	expects := r.Head.Expect100 && len(c.in.B) == r.InAt
	if r.Head.Framing == httpparse.Length && r.Head.ContentLength > int64(r.Route.Settings.Buffer) {
		r.Continue = expects // once the backend has the head: it may refuse by that alone
		return c.place()
	}
	if r.MustBeWhole() {
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
	if r.Head.Expect100 && len(c.in.B) == r.InAt {
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
	whole, enough, err := r.takeIn()
	switch {
	case err != nil:
		return c.refuse(err)
	case whole || enough:
		if r.BodyWhole = whole; whole {
			r.Body.Whole()
		}
		return c.place()
	}
	var n int
	var rerr error
	if r.Head.Framing == httpparse.Length {
		n, rerr = r.readContent()
	} else {
		n, rerr = r.readChunks()
	}
	switch {
	case rerr == errNoMemory:
		return c.place()
	case rerr == nil:
		if n > 0 {
			c.bodyCame()
		}
		return goOn
	case rerr == sock.ErrWait:
		if c.waiter.Deadline() == 0 {
			c.waitForBody()
		}
		return c.park(false)
	}
	return c.dropped("left inside its request's body")
}

// errNoMemory: hold_max lets no more of the body be held. It streams from here.
var errNoMemory = errors.New("no more may be held")

// takeIn moves into Body what has arrived of the body. It reports whether that is all of it (whole), or as much as may be
// held (enough).
func (r *request) takeIn() (whole, enough bool, _ *httpparse.Refusal) {
	hold := r.Route.Settings.Buffer
	in := r.In
	if r.Head.Framing == httpparse.Length {
		want := int(min(r.Head.ContentLength, int64(hold)))
		n := min(want-r.Body.Len(), len(in.B)-r.InAt)
		fits := r.Body.Append(in.B[r.InAt : r.InAt+n])
		r.InAt += n
		return int64(r.Body.Len()) == r.Head.ContentLength, r.Body.Len() >= hold || !fits, nil
	}
	fits := true
	for r.InAt < len(in.B) && r.Body.Len() < hold && fits {
		n, data, done, err := r.Chunks.Next(in.B[r.InAt:], &r.c.front.Limits)
		if err != nil {
			return false, false, err.(*httpparse.Refusal)
		}
		r.InAt += n
		fits = r.Body.Append(data)
		if done {
			return true, false, nil
		}
	}
	return false, r.Body.Len() >= hold || !fits, nil
}

// readContent reads more of a body of known length, into Body.
func (r *request) readContent() (int, error) {
	if !r.c.conn.MayRead() {
		return 0, sock.ErrWait
	}
	left := int(min(r.Head.ContentLength, int64(r.Route.Settings.Buffer))) - r.Body.Len()
	free := r.Body.Free(left)
	if len(free) == 0 {
		return 0, errNoMemory
	}
	n, err := r.c.conn.Read(free)
	r.Body.Took(n)
	return n, err
}

// readChunks reads more of a chunked body into the buffer, after the head. takeIn decodes it from there.
func (r *request) readChunks() (int, error) {
	in := r.In
	if r.InAt == len(in.B) {
		in.B, r.InAt = in.B[:r.HeadLen], r.HeadLen
	}
	return forward.ReadMore(&r.c.conn, in, firstBuffer/4, firstBuffer)
}
