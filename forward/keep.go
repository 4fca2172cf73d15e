package forward

import (
	"errors"
	"syscall"
	"time"

	"tenfour/httpparse"
	"tenfour/value/choice"
)

// alone reports whether the connection that carries x's request must carry no other after it, whatever the response
// says. What the backend ties to the connection, and what it leaves unread on it, would be the next client's.
func (x *Exchange) alone(framing httpparse.Framing, length int64) bool {
	s := x.Route.Settings
	content := framing == httpparse.Chunked || framing == httpparse.Length && length > 0
	switch {
	case s.KeepAlive == choice.KeepOff || s.KeepIdle <= 0:
		return true
	case content && (s.KeepAlive == choice.KeepBodyless || framing == httpparse.Chunked || !x.expectsContent()):
		return true
	}
	return x.Req.WebSocket || x.logsIn()
}

// expectsContent reports whether servers read the content of such a request. POST, PUT and PATCH alone are defined by it
// (RFC 9110 §9.3). With other methods simple servers leave it unread, and take it for their next request.
func (x *Exchange) expectsContent() bool {
	switch x.Req.Verb {
	case httpparse.Post, httpparse.Put:
		return true
	case httpparse.OtherVerb:
		return string(x.Req.Method.In(x.In.B)) == "PATCH"
	}
	return false
}

// logsIn reports whether x's request shows a login that belongs to its connection (RFC 4559).
func (x *Exchange) logsIn() bool {
	const proxys = "Proxy-Authorization"
	for i := range x.Req.Fields {
		switch f := &x.Req.Fields[i]; f.ID {
		case httpparse.FieldOther:
			if f.Name.Len() == len(proxys) && httpparse.SameField(f.Name.In(x.In.B), proxys) && httpparse.IsLogin(f.Value.In(x.In.B)) {
				return true
			}
		case httpparse.FieldAuthorization:
			if httpparse.IsLogin(f.Value.In(x.In.B)) {
				return true
			}
		}
	}
	return x.Route.Settings.Request.logsIn()
}

// mayRepeat reports whether x's request may go out a second time after a backend had some of it.
func (x *Exchange) mayRepeat() bool {
	return x.resends() < x.Route.Settings.Resend && x.whole() && x.Req.Verb.Idempotent()
}

// repeats counts a request that goes out a second time after a backend had some of it, if it may.
func (x *Exchange) repeats() bool {
	if !x.mayRepeat() {
		return false
	}
	if x.entry != nil {
		return int(x.entry.race.resent.Add(1)) <= x.Route.Settings.Resend
	}
	x.resent++
	return true
}

// resends is how often x's request went out again; in a race, how often all its parts together did.
func (x *Exchange) resends() int {
	if x.entry != nil {
		return int(x.entry.race.resent.Load())
	}
	return x.resent
}

// coldAfter is how long a connection may have been idle for a request that may not go out twice: its backend may be about
// to close it.
const coldAfter = int64(time.Second)

// good reports whether the request may go out on l, which was kept. One that may not go out twice needs a backend that has
// served a second request on a connection before: many simple servers close theirs after each response and do not say so.
// The kernel is asked each time: the lot may not have told yet of bytes that nobody asked for, and they would be taken for
// the response to this request.
func (x *Exchange) good(l *link) bool {
	switch {
	case x.now >= l.until:
		return false
	case !x.mayRepeat() && !(x.origin.reuses.Load() && x.now-l.idle < coldAfter):
		return false
	}
	return !l.Stale()
}

// mayKeep reports whether the connection may carry another exchange (RFC 9112 §9.3): nothing on it was for x's request
// alone, the backend lets it persist, the response had an end of its own and was read to it, the request was sent, and no
// byte is left over.
func (x *Exchange) mayKeep() bool {
	res := &x.Res
	switch {
	case x.failure != nil || x.slot == nil || x.phase != relaying || x.single || x.unsure:
		return false
	case !res.KeepAlive || res.Announced || res.LoggedIn || res.Framing == httpparse.UntilClose:
		return false
	}
	return x.up.done() && !x.upStopped && x.down.taken && x.down.inLen() == 0 && !x.back.HungUp() && x.lender.MayKeep()
}

// asksToClose reports whether the request has told the backend to end the connection.
func (x *Exchange) asksToClose() bool { return x.single && !x.Req.WebSocket }

const (
	// resetPause is how long a new connection is put off after which a server like `nc -l` does not listen any more: the next
	// one does.
	resetPause = int64(10 * time.Millisecond)
	// resetFor is for how long a backend that has reset a new connection counts as such a server.
	resetFor = int64(time.Minute)
)

// awaitListener puts the connection off for a request that may not go out twice, if the backend has reset a new one that had a
// request. A server that serves one connection and ends, in a loop, listens until it has ended: what connects a moment too
// early is reset with it. It waits on x's worker.
func (x *Exchange) awaitListener() {
	at := x.origin.resetAt.Load()
	if at == 0 || x.now-at > resetFor || x.mayRepeat() {
		return
	}
	for until := x.now + resetPause; x.now < until && !x.off(); x.now = x.lot.Now() {
		x.slot.SetDeadline(until)
		x.slot.Wait()
	}
}

// noteReset notes that the backend has ended a new connection that had a request, if it did so with a reset.
func (x *Exchange) noteReset(err error) {
	if !x.back.reused && !x.heard && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
		x.origin.resetAt.Store(x.now)
	}
}
