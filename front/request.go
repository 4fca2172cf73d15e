package front

import (
	"io"
	"strconv"

	"tenfour/admit"
	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/pool"
	"tenfour/sock"
	"tenfour/trace"
)

// request is one request of a client, from its head's first byte to the last byte of its response, with its exchange and its
// place in a queue.
type request struct {
	forward.Exchange
	front  *Front // fixed
	c      *client
	place  pool.Place        // in the queue, while it waits there
	memory forward.HeldPlace // where it waits for memory for its body

	site      *Site   // the configuration that it keeps to its end; nil before its head is complete
	admission         // to its route
	joins     *Joins  // its route's; nil for none
	joined    *member // while it waits for a response with others like it, and until it has that
	joinedTo  uint64  // the id of the request whose exchange has answered it; 0 for its own
	lead      *group  // whose response it gets alone, as it comes; nil for that of its own exchange
	key       []byte  // memory for what joins it to others, used again
	target    []byte  // memory for Target, used again
	path      []byte  // memory for plainer, used again
	plainer   []byte  // the path by which its route was found, if it is not the target's own; nil if it is

	lacksSlash bool // its path is a prefix of its route without its slash

	deferral *deferral // how it becomes a job; nil for nearly all, which do not
	handle   *handle   // the job that it is about; nil for nearly all, which are about none

	headEnd int64         // when its head must be complete; 0 before it has been waited for
	idleEnd int64         // when the next byte of its body must have come; 0 while none is awaited
	pace    forward.Meter // of the client with what it sends of the body before the exchange is placed
	id      uint64

	parkedSince uint32 // when its connection began to wait for it, in the lot's moments; 0: it did not

	lines    trace.Chunks // notes the chunk lines of its body
	bodyFrom int64        // when the first of its body was taken in; 0 if none was, or no log asks
	bodyTook int64        // how long that took until it was placed, in nanoseconds; 0 before

	taken  int64  // bytes of its body that were held when it was placed
	status int    // of the response that the client got; 0 for none
	own    bool   // that is tenfour's own
	bytes  int64  // of content that it got
	reason string // for the log: why it was not served
}

func newRequest(f *Front) *request {
	r := &request{front: f}
	r.Init(f.Lot, f.Held)
	return r
}

func (r *request) start(c *client) {
	r.c = c
	r.id = c.front.ids.next()
	r.Limits = &c.front.site.Load().limits
}

func (r *request) end() {
	r.front.Held.Leave(&r.memory)
	r.endAdmission()
	if r.deferral != nil || r.handle != nil {
		r.endJob()
	}
	if r.joined != nil {
		r.endJoin()
	}
	r.Trace.Drop() // nothing was said of it
	r.Reset()
	if r.site != nil {
		r.site.leave()
		r.site = nil
	}
	r.place.Reset()
	r.plainer, r.lacksSlash, r.joins, r.joinedTo, r.lines = nil, false, nil, 0, trace.Chunks{}
	r.c, r.status, r.bytes, r.reason, r.headEnd, r.idleEnd, r.pace = nil, 0, 0, "", 0, 0, forward.Meter{}
	r.bodyFrom, r.bodyTook, r.taken, r.own = 0, 0, 0, false
}

// hasHead reports whether the request's head is complete, and may be trusted.
func (r *request) hasHead() bool { return r.In != nil }

// firstBuffer is enough for nearly every head.
const firstBuffer = 4 << 10

// readHead reads up to the end of a request's head.
func (c *client) readHead() outcome {
	if c.in.Len() > 0 {
		if c.req == nil {
			c.startHead()
		}
		n, err := c.req.Head.Parse(c.in.Rest(), c.req.Limits)
		switch {
		case err == nil:
			c.waiter.SetDeadline(0)
			return c.begin(n)
		case err != httpparse.ErrPartial:
			return c.refuseHead(err)
		}
	}
	switch _, err := c.in.Fill(&c.conn, firstBuffer/4, firstBuffer); {
	case err == nil:
		return goOn
	case err == sock.ErrWait:
		return c.parkReading()
	case err == io.EOF && c.req == nil:
		return c.close()
	}
	return c.dropped("left inside its request's head")
}

// startHead begins a request, whose first byte has come.
func (c *client) startHead() {
	c.req = c.front.requests.Get().(*request)
	c.req.start(c)
}

// headEnd is when the head must be complete, a part of which has come. With a new connection the timeout began when that was accepted.
func (c *client) headEnd() int64 {
	if d := c.waiter.Deadline(); d != 0 && c.served == 0 {
		return d
	}
	return c.front.Lot.Now() + int64(c.front.site.Load().HeadTimeout)
}

// parkReading parks c until bytes of a head come, with no more memory than it needs.
func (c *client) parkReading() outcome {
	switch {
	case c.req != nil:
		if c.req.headEnd == 0 {
			c.req.headEnd = c.headEnd()
		}
		c.waiter.SetDeadline(c.req.headEnd)
		c.in.Shrink(halfMost)
	case c.front.draining.Load():
		return c.close()
	case c.waiter.Deadline() == 0 && c.served == 0:
		c.in.Drop()
		c.waiter.SetDeadline(c.front.Lot.Now() + int64(c.via.firstTimeout()))
	case c.waiter.Deadline() == 0:
		c.in.Drop()
		now := c.front.Lot.Now()
		c.since.Store(moment(now))
		c.waiter.SetDeadline(now + int64(c.front.site.Load().IdleTimeout))
	default:
		c.in.Drop()
	}
	return c.park(false)
}

// halfMost is the most of a head that is kept in a small buffer: a client that sends half a head and waits keeps no large
// one.
const halfMost = 512

// viaMost is how often a request may have passed through this proxy before that counts as a forwarding loop.
const viaMost = 5

// begin decides what becomes of a request whose head, of n bytes, is complete.
func (c *client) begin(n int) outcome {
	r, f := c.req, c.front
	req := &r.Head
	r.parkedSince = c.since.Swap(0)
	c.served++
	c.in.Keep(n)
	r.In = &c.in
	r.Remote = c.conn.Remote.Addr()
	r.Persists = req.KeepAlive && !f.draining.Load() && !c.via.closed.Load()
	if f.times() {
		r.Timed = true
		r.Began = f.Lot.Now()
	}
	if c.surplus {
		r.record(false)
		f.sayNotice()
		r.Persists = false
		return c.answerClosing(503, surplusWords, retryAfter)
	}
	if own := r.goesNoFurther(); own.status != 0 {
		r.record(false)
		return c.answerOwn(own)
	}
	if f.jobs.Load() != nil && r.isHandle() {
		r.record(false)
		return c.visit()
	}
	r.site = f.enterSite()
	return c.route()
}

// An ownAnswer is tenfour's answer to a request that no route gets. Its zero value is that there is none.
type ownAnswer struct {
	status int    // 0 for none
	words  string // if a rule is broken, with its section in front
	rule   bool   // a rule is broken by the request as a whole
	byByte bool   // a rule is broken at the byte at of the head
	at     int
	fields string // further lines of its head
}

// answerOwn answers so.
func (c *client) answerOwn(o ownAnswer) outcome {
	switch {
	case o.byByte:
		return c.refuseAt(o.status, o.words, o.at, o.fields)
	case o.rule:
		return c.answerRule(o.status, o.words)
	}
	return c.answer(o.status, o.words, o.fields)
}

// goesNoFurther returns the answer to a request that no route gets, whatever its path.
func (r *request) goesNoFurther() ownAnswer {
	switch req := &r.Head; {
	case req.Verb == httpparse.Trace:
		return ownAnswer{status: 405, words: "RFC 9110 §9.3.8: TRACE is not served here", byByte: true, at: int(req.Method.Start), fields: allow}
	case req.Verb == httpparse.Options && req.MaxForwards == 0:
		return ownAnswer{status: 200, words: "Max-Forwards is 0: tenfour answers for itself", fields: allow}
	case req.ViaSelf > viaMost:
		words := "RFC 9110 §7.6.3: the request has passed through this proxy " + strconv.Itoa(req.ViaSelf) + " times: a forwarding loop"
		return ownAnswer{status: 508, words: words, rule: true}
	}
	return ownAnswer{}
}

// findRoute finds the route of r, and the path by which it is found. If there is none, it returns the answer.
func (r *request) findRoute(site *Site) (*Route, ownAnswer) {
	req, head := &r.Head, r.In.Head()
	m, err := site.Table.Find(req.Origin.In(head), req.Method.In(head), r.path[:0])
	switch {
	case err == admit.ErrAmbiguous:
		at := int(req.Origin.Start) + site.Table.OddAt(req.Origin.In(head))
		return nil, ownAnswer{status: 400, words: "RFC 3986 §6.2.2: " + err.Error(), byByte: true, at: at}
	case m.Allow != "":
		return nil, ownAnswer{status: 405, words: "the route of this path has no such method", fields: "Allow: " + m.Allow + "\r\n"}
	case m.Route < 0:
		return nil, ownAnswer{status: 404, words: "no route names this path"}
	}
	route := &site.Routes[m.Route]
	r.Route, r.joins, r.plainer, r.lacksSlash = route.Route, route.Joins, m.Path, m.Slash
	return route, ownAnswer{}
}

// route finds the route of a request.
func (c *client) route() outcome {
	r := c.req
	route, own := r.findRoute(r.site)
	if route == nil {
		r.record(false)
		return c.answerOwn(own)
	}
	r.record(route.Wire)
	if c.front.draining.Load() {
		return c.answer(503, stoppingWords, retryAfter)
	}
	if route.Async != nil {
		r.deferral = r.deferBy(route.Async)
	}
	r.aim()
	if route.Rule != nil {
		return c.admit(route.Rule)
	}
	return c.admitted()
}

// aim sets the target that r asks its backend for, where that is not its own.
func (r *request) aim() {
	if r.plainer != nil {
		r.path = r.plainer // its memory, for the next request
	}
	if prefix := r.Route.Settings.StripPrefix; r.plainer != nil || prefix != "" {
		r.retarget(prefix)
	}
}

// admitted goes on with a request that the rules and limits let pass.
func (c *client) admitted() outcome {
	if c.req.lacksSlash {
		return c.redirect()
	}
	if c.req.deferral != nil && !c.mayDefer() {
		return goOn
	}
	if c.req.joins != nil && c.req.mayJoin() {
		return c.join()
	}
	if c.req.Head.Framing == httpparse.NoBody {
		return c.place()
	}
	return c.beginBody()
}

// allow is what tenfour lets pass of the methods that are registered; a backend may allow fewer.
const allow = "Allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS\r\n"

// retryAfter says when another attempt may succeed.
const retryAfter = "Retry-After: 1\r\n"

// place gives the exchange to its route: to a worker, or into the queue.
func (c *client) place() outcome {
	r, f := c.req, c.front
	c.waiter.SetDeadline(0)
	if r.Body != nil {
		r.taken = int64(r.Body.Len())
	}
	if r.bodyFrom != 0 {
		r.bodyTook = f.Lot.Now() - r.bodyFrom
	}
	if r.deferral != nil {
		return c.placeDeferred()
	}
	r.Secure, r.Stop = c.secure, &f.stop
	r.Client, r.Waiter, r.At, r.Owner = &c.conn, &c.waiter, &r.place, r
	c.phase = placed
	if r.Raced() {
		r.recordAll()
	}
	if r.Enter() { // c and r are handed over: to a worker, to the queue, or to a race
		return waits
	}
	return c.failed(&r.Result)
}

var _ forward.Owner = (*request)(nil)
