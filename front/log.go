package front

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"tenfour/forward"
	"tenfour/logs"
	"tenfour/value/secret"
)

// idSource numbers requests: a prefix of this process, and a count.
type idSource struct {
	prefix string
	count  *atomic.Uint64
}

func newIDSource() idSource {
	var b [4]byte
	rand.Read(b[:])
	return idSource{hex.EncodeToString(b[:]), new(atomic.Uint64)}
}

func (s idSource) next() uint64 { return s.count.Add(1) }

func (s idSource) text(id uint64) string { return s.prefix + "-" + strconv.FormatUint(id, 36) }

// failure notes how a request ended to which no response was sent.
func (r *request) failure(status int, why string) { r.status, r.reason = status, why }

// log says how the exchange went to all that want to know, when there is one: to its trace, to the access log, and at warn to the log if it
// was lost.
func (r *request) log() {
	f := r.c.front
	if why := r.loss(); why != "" {
		e := r.describe(f.Log.Warn().Str("id", f.ids.text(r.id)))
		e.Str("backend", r.Backend).Int("status", r.status).Int64("bytes", r.bytes).Msg(why)
	}
	if !f.times() && r.Trace == nil {
		return
	}
	took := r.phases()
	if f.Metrics.On() {
		r.count(&took)
	}
	if f.Trace.On() || r.Trace != nil { // it may have been switched off meanwhile
		r.endTrace(&took)
	}
	if f.Access != nil {
		r.logAccess(took)
	}
}

// logAccess writes the exchange's line to the access log.
func (r *request) logAccess(took logs.Phases) {
	f := r.c.front
	e := logs.Entry{
		ID: f.ids.text(r.id), Client: r.c.conn.Remote, Name: r.caller.Name,
		Status: r.status, Bytes: r.bytes, Backend: r.Backend, Phases: took, Reason: r.reason,
	}
	if r.joinedTo != 0 {
		e.Joined = f.ids.text(r.joinedTo)
	}
	if a := r.caller.Addr; a.IsValid() && a != r.c.conn.Remote.Addr().Unmap() { // as a trusted proxy says
		e.For = a
	}
	if r.hasHead() {
		r.quote(&e)
	}
	f.Access.Write(&e)
}

// phases returns how long the exchange has taken, up to now.
func (r *request) phases() logs.Phases {
	p := logs.Phases{Limited: logs.None, Body: logs.None, Queue: logs.None, Connect: logs.None, FirstByte: logs.None, Total: logs.None}
	if r.waited > 0 {
		p.Limited = time.Duration(r.waited)
	}
	if r.Began == 0 {
		return p
	}
	t, now := &r.Times, r.c.front.Lot.Now()
	if r.bodyFrom != 0 {
		p.Body = time.Duration(r.bodyTook)
		if r.bodyTook == 0 { // it ended in its middle
			p.Body = time.Duration(now - r.bodyFrom)
		}
	}
	switch {
	case t.Taken != 0:
		p.Queue = time.Duration(t.Taken - r.Began - r.waited - r.bodyTook)
	case r.place.Late != 0: // it left the queue unserved
		p.Queue = time.Duration(now - r.Began - r.waited - r.bodyTook)
	}
	if t.Connected != 0 {
		p.Connect = time.Duration(t.Connected - t.Taken)
	}
	if t.FirstByte != 0 {
		p.FirstByte = time.Duration(t.FirstByte - t.Taken)
	}
	p.Total = time.Duration(now - r.Began)
	return p
}

// quote takes from the head what the access log says of it.
func (r *request) quote(e *logs.Entry) {
	h, in := &r.Head, r.In.Head()
	e.Method, e.Target, e.Proto = h.Method.In(in), r.shownTarget(), "HTTP/1.1"
	if h.Minor == 0 {
		e.Proto = "HTTP/1.0"
	}
	if h.HasHost {
		e.Host = h.Host.In(in)
	}
	for i := range h.Fields {
		name := h.Fields[i].Name.In(in)
		switch value := h.Fields[i].Value.In(in); {
		case bytes.EqualFold(name, userAgent):
			e.UserAgent = value
		case bytes.EqualFold(name, referer):
			e.Referer = secret.Redact(value)
		}
	}
}

var userAgent, referer = []byte("User-Agent"), []byte("Referer")

// loss says why the client has no whole response, or none of a backend's, when that is no fault of its own; "" if that is not so.
func (r *request) loss() string {
	if r.handle != nil {
		return "" // it was logged when the job ended
	}
	cut := r.Failure != nil && r.Status != 0 && r.Status != 101 && r.Failure.Side != forward.Client
	switch {
	case cut:
		return "the client got a part of the response: " + r.reason
	case r.Lost != "":
		return "no backend had a usable answer: " + r.Lost
	case r.status == 500, r.status == 502, r.status == 504, r.status == 507: // a backend's own have no reason here
		return r.reason
	}
	return ""
}

// shownTarget returns the target as a log may have it: without what is probably a secret. The handle of a job is one.
func (r *request) shownTarget() []byte {
	return secret.Redact(r.Head.Target.In(r.In.Head()))
}

// describe adds what was asked for, as far as the head was read.
func (r *request) describe(e *zerolog.Event) *zerolog.Event {
	if r.hasHead() {
		e.Bytes("method", r.Head.Method.In(r.In.Head())).Bytes("target", r.shownTarget())
	}
	return e
}
