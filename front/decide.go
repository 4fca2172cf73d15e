package front

import (
	"strconv"

	"tenfour/admit"
	"tenfour/httpparse"
)

// viaMost is how often a request may have passed through this proxy before that counts as a forwarding loop.
const viaMost = 5

// begin decides what becomes of a request whose head, of n bytes, is complete.
func (c *client) begin(n int) outcome {
	r, f := c.req, c.front
	req := &r.Head
	c.since.Store(0)
	c.served = true
	c.in.Keep(n)
	r.In = &c.in
	r.Remote = c.conn.Remote.Addr()
	r.Persists = req.KeepAlive && !f.draining.Load() && !c.via.closed.Load()
	if f.Access != nil {
		r.Timed = true
		r.Began = f.Lot.Now()
	}
	switch {
	case c.surplus:
		f.sayNotice()
		r.Persists = false
		return c.answerClosing(503, surplusWords, retryAfter)
	case req.Verb == httpparse.Trace:
		return c.answer(405, "TRACE is not served here", allow)
	case req.Verb == httpparse.Options && req.MaxForwards == 0:
		return c.answer(200, "Max-Forwards is 0: tenfour answers for itself", allow)
	case req.ViaSelf > viaMost:
		return c.answer(508, "the request has passed through this proxy "+strconv.Itoa(req.ViaSelf)+" times: a forwarding loop", "")
	}
	r.site = f.enterSite()
	return c.route()
}

// route finds the route of a request.
func (c *client) route() outcome {
	r, site := c.req, c.req.site
	req, head := &r.Head, r.In.Head()
	m, err := site.Table.Find(req.Origin.In(head), req.Method.In(head), r.path[:0])
	switch {
	case err == admit.ErrAmbiguous:
		return c.answer(400, err.Error(), "")
	case m.Allow != "":
		return c.answer(405, "the route of this path has no such method", "Allow: "+m.Allow+"\r\n")
	case m.Route < 0:
		return c.answer(404, "no route names this path", "")
	}
	route := &site.Routes[m.Route]
	r.Route, r.plainer, r.lacksSlash = route.Route, m.Path, m.Slash
	if c.front.draining.Load() {
		return c.answer(503, stoppingWords, retryAfter)
	}
	if m.Path != nil {
		r.path = m.Path // its memory, for the next request
	}
	if prefix := route.Settings.StripPrefix; m.Path != nil || prefix != "" {
		r.retarget(prefix)
	}
	if route.Rule != nil {
		return c.admit(route.Rule)
	}
	return c.admitted()
}

// admitted goes on with a request that the rules and limits let pass.
func (c *client) admitted() outcome {
	if c.req.lacksSlash {
		return c.redirect()
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

// retarget sets the target that r asks its backend for: the path that found the route, without the route's prefix.
func (r *request) retarget(prefix string) {
	path, query := r.pathAndQuery()
	if len(path) < len(prefix) || string(path[:len(prefix)]) != prefix {
		prefix = "" // it has no path: "*"
	}
	to := r.target[:0]
	if path = path[len(prefix):]; prefix != "" && (len(path) == 0 || path[0] != '/') {
		to = append(to, '/')
	}
	to = append(append(to, path...), query...)
	r.target, r.Target = to, to
}
