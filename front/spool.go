package front

import (
	"errors"
	"fmt"
	"syscall"

	"tenfour/httpparse"
	"tenfour/spool"
)

// spillMost is how much of a body that is in a file already is held in memory before it goes there too.
const spillMost = 128 << 10

// spools reports whether r's body goes to a file if it is too large for memory.
func (r *request) spools() bool { return r.front.Spool != nil && (r.Spools() || r.deferral != nil) }

// tooLargeToSpool reports whether it is known from the head that r's body cannot be kept.
func (r *request) tooLargeToSpool() bool {
	return r.Head.Framing == httpparse.Length && r.Head.ContentLength > int64(r.front.Spool.Most())
}

// spill has what is in memory of the body written to a file. Nothing is read from the client meanwhile, and no worker waits.
func (c *client) spill() outcome {
	r := c.req
	c.phase = spooling
	c.waiter.SetDeadline(c.until(int64(r.Route.Settings.QueueTimeout)))
	r.Body.Spill(c.front.Spool, &c.waiter)
	return goOn
}

// lookAtSpool goes on with a body once the disk has taken what there was of it.
func (c *client) lookAtSpool() outcome {
	r := c.req
	done, err := r.Body.Settled()
	switch {
	case !done:
		return c.park(false)
	case err != nil:
		return c.spoolFailed(err)
	case r.BodyWhole:
		return c.place()
	}
	c.waiter.SetDeadline(0)
	c.phase = buffering
	return goOn
}

// spoolFailed answers a request whose body cannot be kept.
func (c *client) spoolFailed(err error) outcome {
	c.req.Persists = false
	status, words, extra := spoolAnswer(err)
	reason := fmt.Sprintf("%s: spool_max is %d bytes, in %s", words, c.front.Spool.Most(), c.front.Spool.Dir())
	if status != 413 {
		reason = fmt.Sprintf("%s (%v); make room there, or set TMPDIR to another directory", reason, err)
	}
	return c.answerPlainly(status, words, reason, extra)
}

// spoolAnswer is the answer to a request whose body cannot be kept, because of err.
func spoolAnswer(err error) (status int, words, extra string) {
	switch {
	case err == spool.ErrTooLarge:
		return 413, "the request's body must be taken in whole, and is too large for that", ""
	case err == spool.ErrFull:
		return 503, "large request bodies have taken all the room that there is for them; try again later", retryAfter
	case err == spool.ErrMany, errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return 503, "too many connections are open; try again later", retryAfter
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return 507, "the disk to which large request bodies go is full; try again later", ""
	}
	return 500, "the request's body could not be written to a temporary file; the log says why", ""
}

// diskLate answers a request whose body the disk did not take in time.
func (c *client) diskLate() outcome {
	if done, _ := c.req.Body.Settled(); done {
		return c.lookAtSpool()
	}
	c.req.Persists = false
	return c.answer(503, fmt.Sprintf("the disk did not take the request's body within %v; try again later", c.req.Route.Settings.QueueTimeout), retryAfter)
}
