package front

import (
	"errors"
	"strconv"

	"tenfour/admit"
	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/pool"
	"tenfour/sock"
)

// request is a client's exchange, from its head's first byte to its response's last, and its place in a queue.
type request struct {
	forward.Exchange
	front  *Front // fixed
	c      *client
	place  pool.Place        // where it stands while it is queued
	memory forward.HeldPlace // where it waits for memory for its body

	site      *Site  // that it goes by; nil before it is decided
	admission        // to its route
	target    []byte // memory for Target, kept
	path      []byte // and for the path that it was found by

	headEnd int64 // when its head must be complete
	idleEnd int64 // when the next byte of its body must have come; 0 while it is not waited for
	id      uint64
	status  int    // of what the client got; 0 for nothing
	bytes   int64  // of content
	reason  string // why it was not served, for the log
}

func newRequest(f *Front) *request {
	r := &request{front: f}
	r.Init(f.Lot, f.Held)
	return r
}

func (r *request) start(c *client) {
	r.c = c
	r.id = c.front.ids.next()
}

func (r *request) end() {
	r.front.Held.Leave(&r.memory)
	r.endAdmission()
	r.Reset()
	if r.site != nil {
		r.site.leave()
		r.site = nil
	}
	r.place.Reset()
	r.c, r.status, r.bytes, r.reason, r.idleEnd = nil, 0, 0, "", 0
}

// viaMost is how often tenfour may stand in a request's Via before that is a loop.
const viaMost = 5

// begin decides about a request whose head of n bytes is complete.
func (c *client) begin(n int) bool {
	r, f := c.req, c.front
	req := &r.Req
	c.since.Store(0)
	c.served = true
	r.In, r.HeadLen, r.InAt = c.in, n, n
	r.KeepClient = req.KeepAlive && !f.draining.Load()
	if f.Access != nil {
		r.Timed = true
		r.Times.Began = f.Lot.Now()
	}
	switch {
	case req.Verb == httpparse.Trace:
		return c.answer(405, "TRACE is not served here", allow)
	case req.Verb == httpparse.Options && req.MaxForwards == 0:
		return c.answer(200, "Max-Forwards is 0: tenfour answers for itself", allow)
	case req.ViaSelf > viaMost:
		return c.answer(508, "the request has come through tenfour "+strconv.Itoa(req.ViaSelf)+" times: it goes in a loop", "")
	}
	site := f.enterSite()
	r.site = site
	m, err := site.Table.Find(req.Origin.In(c.in.B), req.Method.In(c.in.B), r.path[:0])
	switch {
	case err == admit.ErrAmbiguous:
		return c.answer(400, err.Error(), "")
	case m.Allow != "":
		return c.answer(405, "the route of this path has no such method", "Allow: "+m.Allow+"\r\n")
	case m.Route < 0:
		return c.answer(404, "no route names this path", "")
	case f.draining.Load():
		return c.answer(503, stoppingWords, retryAfter)
	}
	route := &site.Routes[m.Route]
	r.Route = route.Route
	if m.Path != nil || route.StripPrefix != "" {
		r.path = m.Path
		r.retarget(m.Path, route.StripPrefix)
	}
	if route.Rule != nil {
		return c.admit(route.Rule)
	}
	return c.admitted()
}

// admitted goes on with a request that may pass.
func (c *client) admitted() bool {
	if c.req.Req.Framing == httpparse.NoBody {
		return c.place()
	}
	return c.beginBody()
}

// allow lists what is not refused by itself; the backend may allow less.
const allow = "Allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS\r\n"

// retryAfter is when asking again may help.
const retryAfter = "Retry-After: 1\r\n"

// beginBody takes in the body, or so much of it as is held before a slot is taken: a slow sender holds none. A body
// that is known to be larger is streamed from its beginning.
func (c *client) beginBody() bool {
	r := c.req
	expects := r.Req.Expect100 && len(c.in.B) == r.InAt
	if r.Req.Framing == httpparse.Length && r.Req.ContentLength > int64(r.Route.Settings.Buffer) {
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

// takeBody begins to take in the body, for which so many bytes are reserved.
func (c *client) takeBody(reserved int) bool {
	r := c.req
	r.Body = forward.NewBody(c.front.Held, reserved)
	r.Chunks.Reset()
	if r.Req.Expect100 && len(c.in.B) == r.InAt {
		if n, err := c.conn.Write([]byte(forward.Continue)); n < len(forward.Continue) {
			c.dropped("took not even 100 Continue: " + err.Error())
			return false
		}
	}
	c.phase = buffering
	return true
}

// readBody goes on with taking in the body.
func (c *client) readBody() bool {
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
	if r.Req.Framing == httpparse.Length {
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
		return true
	case rerr == sock.ErrWait:
		if c.waiter.Deadline() == 0 {
			c.waitForBody()
		}
		return c.park(false)
	}
	c.dropped("left inside its request's body")
	return false
}

// errNoMemory says that no more of a body may be held: it streams from here.
var errNoMemory = errors.New("no more may be held")

// takeIn moves into Body what has come of the body, and reports whether that is all of it, or all that is held.
func (r *request) takeIn() (whole, enough bool, _ *httpparse.Refusal) {
	hold := r.Route.Settings.Buffer
	in := r.In
	if r.Req.Framing == httpparse.Length {
		want := int(min(r.Req.ContentLength, int64(hold)))
		n := min(want-r.Body.Len(), len(in.B)-r.InAt)
		fits := r.Body.Append(in.B[r.InAt : r.InAt+n])
		r.InAt += n
		return int64(r.Body.Len()) == r.Req.ContentLength, r.Body.Len() >= hold || !fits, nil
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

// readContent reads more of a body of known length.
func (r *request) readContent() (int, error) {
	if !r.c.conn.MayRead() {
		return 0, sock.ErrWait
	}
	left := int(min(r.Req.ContentLength, int64(r.Route.Settings.Buffer))) - r.Body.Len()
	free := r.Body.Free(left)
	if len(free) == 0 {
		return 0, errNoMemory
	}
	n, err := r.c.conn.Read(free)
	r.Body.Took(n)
	return n, err
}

// readChunks reads more of a chunked body, behind the head.
func (r *request) readChunks() (int, error) {
	in := r.In
	if r.InAt == len(in.B) {
		in.B, r.InAt = in.B[:r.HeadLen], r.HeadLen
	}
	if cap(in.B)-len(in.B) < firstBuffer/4 {
		in.B = forward.Grown(in.B, firstBuffer)
	}
	n, err := r.c.conn.Read(in.B[len(in.B):cap(in.B)])
	in.B = in.B[:len(in.B)+n]
	return n, err
}

// place gives the exchange to its route. It reports whether c is still its caller's.
func (c *client) place() bool {
	r, f := c.req, c.front
	c.waiter.SetDeadline(0)
	r.Limits, r.Secure, r.Stop = &f.Limits, f.secure, &f.stop
	r.Client, r.Waiter, r.At, r.Owner = &c.conn, &c.waiter, &r.place, r
	c.phase = placed
	return !r.Enter() && c.failed(r.Failure)
}

// failed ends an exchange that never began its response. It reports whether c is to be served on.
func (c *client) failed(e *forward.Error) bool {
	if e.Status == 0 {
		c.dropped(e.Error())
		return false
	}
	return c.answerFailure(e)
}

// Lasting notes that the exchange goes on without a worker.
func (r *request) Lasting(*forward.Exchange) { r.c.phase = lasting }

// Finished goes on after an exchange. Its caller may be a worker: the next request is left to another goroutine.
func (r *request) Finished(x *forward.Exchange) {
	c := r.c
	c.conn.Look()
	r.bytes = x.Content()
	if e := x.Failure; e != nil && x.Status == 0 {
		if c.failed(e) {
			c.serveRest()
		}
		return
	}
	r.status = x.Status
	if x.Failure != nil {
		r.reason = x.Failure.Error()
	}
	r.log()
	c.then = goOn
	switch {
	case x.Cut == forward.CutReset:
		c.then = resetting
	case x.Cut == forward.CutClose:
		c.then = closing
	case x.Surplus || !x.KeepClient && x.InAt < len(c.in.B):
		// What the client sends beyond its last request would have the kernel reset the connection, and the
		// response lost, were it closed at once (RFC 9112 §9.6).
		c.then = lingerOn
	case !x.KeepClient:
		c.then = closing
	}
	c.keepRest(x.InAt)
	if c.conn.Broken() || x.Failure != nil && x.Failure.Side == forward.Client {
		c.endRequest()
		c.reset()
		return
	}
	if len(x.Pending()) > 0 || !c.conn.Plain() {
		c.phase = flushing
		c.waiter.SetDeadline(0)
		c.out, c.outAt = x.TakePending()
		c.portion = x.TakePortion()
		c.endRequest()
		if c.out == nil {
			c.out, c.outAt = forward.GetBuffer(0), 0
		}
		c.serveRest()
		return
	}
	c.endRequest()
	if c.proceed() {
		c.serveRest()
	}
}

// keepRest keeps the bytes behind a request, which are the next.
func (c *client) keepRest(at int) {
	if at >= len(c.in.B) || c.then != goOn {
		c.dropBuffer()
		return
	}
	c.in.B = c.in.B[:copy(c.in.B, c.in.B[at:])]
}
