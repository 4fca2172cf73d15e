package trace

import "bytes"

// Sending is one attempt of an exchange, for the goroutine that has it. The zero value does nothing.
type Sending struct {
	x      *Exchange
	number uint8
}

// Attempt notes that a worker has x, to send it to a backend.
func (x *Exchange) Attempt(backend string, now int64) Sending {
	if x == nil {
		return Sending{}
	}
	x.lock()
	if !x.makeRoom() {
		x.leftOut++
		x.unlock()
		return Sending{}
	}
	a := Sending{x, x.number}
	x.put(event{step: attempt, attempt: x.number, at: now, text: backend}, nil)
	x.number++
	x.going++
	x.unlock()
	return a
}

// Records reports whether there is an exchange that a is recorded in.
func (a Sending) Records() bool { return a.x != nil }

// note notes an event of a, which has an exchange.
func (a Sending) note(e event, head []byte) {
	e.attempt = a.number
	a.x.lock()
	a.x.put(e, head)
	a.x.unlock()
}

// pass is note for what a watcher is told of.
func (a Sending) pass(m Moment, e event, head []byte) {
	e.attempt = a.number
	a.x.lock()
	p := a.x.passing(m, a.x.put(e, head), e.at)
	a.x.unlock()
	a.x.tell(p)
}

// Reused notes that the request goes out on a connection that was kept, and idle since a moment.
func (a Sending) Reused(since, now int64) {
	if a.x != nil {
		a.note(event{step: reused, at: now, idle: now - since}, nil)
	}
}

// Opened notes that the request goes out on a new connection, which is being made.
func (a Sending) Opened(now int64) {
	if a.x != nil {
		a.note(event{step: opened, at: now}, nil)
	}
}

// Again notes that the request goes out once more, because the connection that was kept had ended.
func (a Sending) Again(now int64) {
	if a.x != nil {
		a.pass(SentAgain, event{step: again, at: now}, nil)
	}
}

// Head notes the head that is about to go out.
func (a Sending) Head(head []byte) {
	if a.x != nil {
		a.note(event{step: headOut, refused: -1}, head)
	}
}

// Sent notes that the first byte of that head has gone out.
func (a Sending) Sent(now int64) {
	if a.x == nil {
		return
	}
	var p *Passing
	a.x.lock()
	if e := a.x.last(a.number, headOut); e != nil {
		e.at = now
		p = a.x.passing(ToBackend, e, now)
	}
	a.x.unlock()
	a.x.tell(p)
}

// last is the last event of an attempt with that step; nil for none. x is locked.
func (x *Exchange) last(number uint8, s step) *event {
	for i := len(x.events) - 1; i >= 0; i-- {
		if e := &x.events[i]; e.step == s && e.attempt == number {
			return e
		}
	}
	return nil
}

// Came notes a head that has come from the backend.
func (a Sending) Came(head []byte, now int64) {
	if a.x != nil {
		a.pass(FromBackend, event{step: headIn, at: now, refused: -1}, head)
	}
}

// Broken notes bytes from the backend that are no head, and at which of them they were refused.
func (a Sending) Broken(bytes []byte, at int, now int64) {
	if a.x != nil {
		a.pass(FromBackend, event{step: headIn, at: now, refused: int32(at)}, toRefusal(bytes, at))
	}
}

// Given notes a head that goes to the client.
func (a Sending) Given(head []byte, now int64) {
	if a.x != nil {
		a.pass(ToClient, event{step: clientOut, at: now, refused: -1}, head)
	}
}

// afterRefusal is how many bytes are kept after one that was refused.
const afterRefusal = 80

// toRefusal is bytes up to the one at which they were refused, and the rest of its line. What follows may be a body, and is not kept.
func toRefusal(p []byte, at int) []byte {
	at = min(at, len(p))
	rest := p[at:min(len(p), at+afterRefusal)]
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i+1]
	}
	return p[:at+len(rest)]
}

// Ended notes how a ended: with which status, how far the request came, and why it failed, "" if it has not.
func (a Sending) Ended(status int, progress, why string, now int64) {
	if a.x == nil {
		return
	}
	x := a.x
	x.lock()
	x.put(event{step: ended, attempt: a.number, at: now, status: uint16(status), text: why, more: progress}, nil)
	x.going--
	var p *Passing
	if why != "" {
		p = x.passing(AttemptOver, &event{attempt: a.number, text: why}, now)
	}
	x.endLate()
	x.unlock()
	x.tell(p)
}
