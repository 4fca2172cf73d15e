package forward

import (
	"errors"
	"syscall"
	"time"

	"tenfour/httpparse"
	"tenfour/value/choice"
)

// alone reports whether the connection that carries the request must carry no other after it, whatever the response
// says. What the backend ties to the connection, and what it leaves unread on it, would be the next client's.
func (r *Request) alone(framing httpparse.Framing, length int64) bool {
	s := r.Route.Settings
	content := framing == httpparse.Chunked || framing == httpparse.Length && length > 0
	switch {
	case s.KeepAlive == choice.KeepOff || s.KeepIdle <= 0:
		return true
	case content && (s.KeepAlive == choice.KeepBodyless || framing == httpparse.Chunked || !r.expectsContent()):
		return true
	}
	return r.Head.WebSocket || r.logsIn()
}

// expectsContent reports whether servers read the content of such a request. POST, PUT and PATCH alone are defined by it
// (RFC 9110 §9.3). With other methods simple servers leave it unread, and take it for their next request.
func (r *Request) expectsContent() bool {
	switch r.Head.Verb {
	case httpparse.Post, httpparse.Put:
		return true
	case httpparse.OtherVerb:
		return string(r.Head.Method.In(r.In.Head())) == "PATCH"
	}
	return false
}

// logsIn reports whether the request shows a login that belongs to its connection (RFC 4559).
func (r *Request) logsIn() bool {
	const proxys = "Proxy-Authorization"
	for i := range r.Head.Fields {
		switch f := &r.Head.Fields[i]; f.ID {
		case httpparse.FieldOther:
			if f.Name.Len() == len(proxys) && httpparse.SameField(f.Name.In(r.In.Head()), proxys) && httpparse.IsLogin(f.Value.In(r.In.Head())) {
				return true
			}
		case httpparse.FieldAuthorization:
			if httpparse.IsLogin(f.Value.In(r.In.Head())) {
				return true
			}
		}
	}
	return r.Route.Settings.Request.logsIn()
}

// coldAfter is how long a connection may have been idle for a request that may not go out twice: its backend may be about
// to close it.
const coldAfter = int64(time.Second)

// good reports whether the request may go out on l, which was kept. One that may not go out twice needs a backend that has
// served a second request on a connection before: many simple servers close theirs after each response and do not say so.
// The kernel is asked each time: the lot may not have told yet of bytes that came without a request, and they would be taken for
// the response to this request.
func (a *Attempt) good(l *link) bool {
	switch {
	case a.clock.now >= l.until || !a.origin.leads(l):
		return false
	case !a.up.mayRepeat(a.req) && !(a.origin.reuses.Load() && a.clock.now-l.idle < coldAfter):
		return false
	}
	return !l.Stale()
}

// mayKeep reports whether the connection may carry another exchange (RFC 9112 §9.3): nothing on it was for the attempt's request
// alone, the backend lets it persist, the response had an end of its own and was read to it, the request was sent, and no
// byte is left over.
func (a *Attempt) mayKeep() bool {
	res := &a.res
	switch {
	case a.result.Failure != nil || !a.atWorker() || a.state != relaying || a.up.single || a.down.unsure:
		return false
	case !res.KeepAlive || res.Announced || res.LoggedIn || res.Framing == httpparse.UntilClose:
		return false
	}
	return a.up.done() && !a.up.stopped && a.down.taken && a.link.in.Len() == 0 && !a.link.HungUp() && a.origin.Backend.MayKeep() && a.origin.leads(a.link)
}

const (
	// resetPause is how long a new connection is put off after which a server like `nc -l` does not listen any more: the next
	// one does.
	resetPause = int64(10 * time.Millisecond)
	// resetFor is for how long a backend that has reset a new connection counts as such a server.
	resetFor = int64(time.Minute)
)

// awaitListener puts the connection off for a request that may not go out twice, if the backend has reset a new one that had a
// request. A server that serves one connection and ends, in a loop, listens until it has ended: what connects a moment too
// early is reset with it. It waits on the attempt's worker.
func (a *Attempt) awaitListener() {
	if !a.origin.hasReset(a.clock.now) || a.up.mayRepeat(a.req) {
		return
	}
	for until := a.clock.now + resetPause; a.clock.now < until && !a.off(); a.clock.now = a.lot.Now() {
		a.slot.SetDeadline(until)
		a.slot.Wait()
	}
}

// hasReset reports whether o has reset a new connection that had a request, not long ago.
func (o *Origin) hasReset(now int64) bool {
	at := o.resetAt.Load()
	return at != 0 && now-at <= resetFor
}

// noteReset notes that the backend has ended a new connection that had a request, if it did so with a reset.
func (a *Attempt) noteReset(err error) {
	if !a.link.reused && !a.down.heard && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
		a.origin.resetAt.Store(a.clock.now)
	}
}
