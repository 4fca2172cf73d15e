package metrics

import (
	"sync/atomic"
	"time"
)

// Phase is a part of an exchange's time. Each means what it means in the access log.
type Phase uint8

const (
	Total     Phase = iota // from the end of the request's head to the end of the exchange
	Limited                // it waited for a limit
	Body                   // the request's body came, or as much of it as is held
	Queue                  // it waited for a slot
	Connect                // from the slot until the backend took the request's first byte
	FirstByte              // from the slot until the response's first byte came
	Rest                   // from there to the end of the exchange
	phases
)

var phaseNames = [phases]string{"total", "limited", "body", "queue", "connect", "first_byte", "rest"}

func (p Phase) String() string { return phaseNames[p] }

// None is the duration of a phase that an exchange did not reach.
const None time.Duration = -1

// Exchange is how an exchange went.
type Exchange struct {
	Status int  // that the client got; 0 or 499 for none
	Own    bool // the response was tenfour's own
	Cut    bool // the client got a part of the response
	Joined bool // it was answered by the exchange of another request
	In     int64
	Out    int64                 // bytes of content: of the request, and of the response
	Took   [phases]time.Duration // None for a phase that it did not reach
}

// Event is something that happens to some exchanges of a route, and that is counted.
type Event uint8

const (
	Queued    Event = iota // it had to wait for a slot
	Held                   // it had to wait because all backends of its route were down, when it came or later
	QueueFull              // it was refused: the queue had no room
	QueueLate              // it was refused: it had waited in the queue for as long as it may
	HeldOut                // it was refused: it had been held for as long as it may
	Left                   // its client left while it was queued or held
	Retried                // it was given to a backend again, because nothing had come of an attempt
	Resent                 // its request went out again to the same backend, whose kept connection had ended
	Raced                  // several backends were asked, or might have been
	Hedged                 // one more backend was asked, because those before it took long
	Admitted               // a limit let it pass
	OverLimit              // a limit refused it
	events
)

var eventNames = [events]string{
	"queued", "held", "queue_full", "queue_late", "held_out", "left", "retried", "resent", "raced", "hedged", "admitted", "limited",
}

// Route counts the exchanges of a route. Safe for use by several goroutines. A nil *Route counts nothing.
type Route struct {
	Name string

	often  sharded[routePart]
	own    [len(ownStatuses) + 1]atomic.Uint64 // answers of tenfour's own, by status; the last is of all others
	events [events]atomic.Uint64
	cut    atomic.Uint64
	joined atomic.Uint64

	recent recent[routeTally] // guarded by Metrics
}

// routePart is what most exchanges add to, in one shard.
type routePart struct {
	answers [classes]atomic.Uint64
	in, out atomic.Uint64
	took    [phases]histogram
}

func (m *Metrics) newRoute(name string) *Route {
	return &Route{Name: name, often: sharded[routePart]{of: &m.shards}}
}

// Ended counts an exchange, at its end. The caller calls it once for each request.
func (r *Route) Ended(x *Exchange) {
	if r == nil {
		return
	}
	if x.Own {
		r.own[ownIndex(x.Status)].Add(1)
	}
	if x.Cut {
		r.cut.Add(1)
	}
	if x.Joined {
		r.joined.Add(1)
	}
	part, shard := r.often.take()
	if x.In > 0 {
		part.in.Add(uint64(x.In))
	}
	if x.Out > 0 {
		part.out.Add(uint64(x.Out))
	}
	for p := range x.Took {
		if d := x.Took[p]; d >= 0 {
			part.took[p].observe(int64(d))
		}
	}
	part.answers[classOf(x.Status)].Add(1) // last: where this has not changed, nothing has
	r.often.give(shard)
}

// Count counts an event of an exchange.
func (r *Route) Count(e Event) {
	if r != nil && r.often.of.on.Load() {
		r.events[e].Add(1)
	}
}

// class is the class of a response's status (RFC 9110 §15).
type class uint8

const classes = 6

// noAnswer is the class of exchanges whose client had no response.
const noAnswer class = 5

var classNames = [classes]string{"1xx", "2xx", "3xx", "4xx", "5xx", "none"}

func classOf(status int) class {
	if status < 100 || status > 599 || status == 499 { // 499 is the access log's word for a client that left
		return noAnswer
	}
	return class(status/100 - 1)
}

// ownStatuses are those with which tenfour itself answers.
var ownStatuses = [...]int{200, 202, 301, 308, 400, 401, 403, 404, 405, 408, 409, 410, 411, 413, 414, 417, 422, 429, 431, 500, 501, 502, 503, 504, 505, 507, 508}

// ownIndex is where a status is counted.
func ownIndex(status int) int {
	for i, s := range ownStatuses {
		if s == status {
			return i
		}
	}
	return len(ownStatuses)
}

// routeTally is what a route has counted at a moment, of what its parts have.
type routeTally struct {
	answers [classes]uint64
	in, out uint64
	took    [phases]spread
	sums    [phases]int64
}

// tally adds up the parts of r.
func (r *Route) tally(t *routeTally) {
	*t = routeTally{}
	r.often.each(func(p *routePart) {
		for c := range p.answers {
			t.answers[c] += p.answers[c].Load()
		}
		t.in, t.out = t.in+p.in.Load(), t.out+p.out.Load()
		for i := range p.took {
			p.took[i].addTo(&t.took[i], &t.sums[i])
		}
	})
}

// answered is how many exchanges r has counted, by class.
func (r *Route) answered() (by [classes]uint64) {
	r.often.each(func(p *routePart) {
		for c := range p.answers {
			by[c] += p.answers[c].Load()
		}
	})
	return by
}

// totals are sums over routes.
type totals struct {
	answers [classes]uint64
	in, out uint64
	own     [len(ownStatuses) + 1]uint64
}

// add adds what r has counted.
func (t *totals) add(r *Route) {
	r.often.each(func(p *routePart) {
		for c := range p.answers {
			t.answers[c] += p.answers[c].Load()
		}
		t.in, t.out = t.in+p.in.Load(), t.out+p.out.Load()
	})
	for i := range r.own {
		t.own[i] += r.own[i].Load()
	}
}
