package front

import (
	"errors"
	"slices"
	"sync/atomic"

	"tenfour/forward"
	"tenfour/pool"
	"tenfour/sock"
)

// group is one exchange, and the requests that wait for its response: they are the same, and came while it was under way. It asks for
// all of them with the head of the first. The exchange has a record for its sink, until it is known whether all members may have the
// response; else one of them gets it as it comes, and the others go alone.
type group struct {
	forward.Exchange
	front *Front
	joins *Joins
	site  *Site // the members' configuration
	key   string
	id    uint64     // of its first member
	since int64      // when that began to wait, in the lot's time
	place pool.Place // of the exchange
	grip  forward.Grip

	// Guarded by joins.
	members []*member // in the order in which they came; none once it has ended, or has left
	alone   *request  // the member that gets the response as it comes; nil for none

	// What was recorded, from the exchange's end until the last member has taken it.
	users   atomic.Int32 // members that have not
	record  *sock.Buffer // nil if there is no whole response
	head    []byte       // in record
	content []byte       // in record, to its end
	portion forward.Portion
}

// newGroup makes the group of requests like r, whose key it is. The exchange has a copy of r's head. It is a user of what it will record, until
// Finished, and one of the site's requests: r, which has entered the site, may end before it.
func newGroup(r *request, key string) *group {
	g := &group{front: r.front, joins: r.joins, site: r.site, key: key, id: r.id, since: r.joined.since}
	g.Init(g.front.Lot, g.front.Held)
	r.recordAll()
	g.Request = *r.Clone()
	g.Trace.Hold()
	g.Persists = false
	g.Stop, g.At, g.Owner, g.Grip, g.Sharers = &g.front.stop, &g.place, g, &g.grip, g
	g.Record = max(1, g.Route.Settings.Buffer)
	if most := g.Route.Settings.QueueTimeout; most > 0 {
		g.place.Late = g.since + int64(most)
	}
	g.site.under.Add(1)
	g.users.Store(1)
	return g
}

// begin begins g with members that are in no group, and gives its exchange to its route. If another group was faster, they join that. The
// members are not the caller's any more.
func (g *group) begin(members ...*member) {
	switch {
	case !g.joins.begin(g, members...):
		g.leave()
	case !g.Enter():
		g.Finished(&g.Exchange)
	}
	for _, m := range members {
		m.Unpark() // its client may have left before. After Enter, because it has not if the request has left the queue
	}
}

// add puts m into g. Joins is locked.
func (g *group) add(m *member) {
	if len(g.members) > 0 {
		g.joins.waiting++
	}
	g.members = append(g.members, m)
	m.group = g
}

// remove takes m out of g, and reports whether g is empty now, so that its exchange is not wanted any more. Joins is locked.
func (g *group) remove(m *member) (empty bool) {
	i := slices.Index(g.members, m)
	g.members = slices.Delete(g.members, i, i+1)
	m.group = nil
	if len(g.members) > 0 {
		g.joins.waiting--
		return false
	}
	g.joins.end(g)
	return true
}

// take takes all members out of g, which is not joined any more. Joins is locked.
func (g *group) take() []*member {
	all := g.members
	g.members = nil
	g.joins.waiting -= max(0, len(all)-1)
	g.joins.end(g)
	for _, m := range all {
		m.group = nil
	}
	return all
}

// allHungUp reports whether all members have shut their sending sides. Joins is locked.
func (g *group) allHungUp() bool {
	return !slices.ContainsFunc(g.members, func(m *member) bool { return !m.hungUp })
}

// Alone gives the response to the first member if it is the only one, or if the response cannot be for several. The others go alone then.
func (g *group) Alone(must bool) forward.Receiver {
	j := g.joins
	j.mu.Lock()
	if len(g.members) == 0 || len(g.members) > 1 && !must {
		j.mu.Unlock()
		return forward.Receiver{}
	}
	all := g.take()
	if must {
		j.apart.add(g.key, g.front.Lot.Now())
	}
	g.alone = all[0].r
	j.mu.Unlock()
	goAlone(all[1:])
	return all[0].receive(g)
}

// Lasting notes that the exchange has left its worker, and that the lot moves it on for the member that has its response.
func (g *group) Lasting(*forward.Exchange) {
	g.alone.c.phase = lasting
	g.Trace.Lasts(g.front.Lot.Now())
}

// Finished answers the members.
func (g *group) Finished(*forward.Exchange) {
	if r := g.alone; r != nil {
		r.lead, r.Result, g.Result = nil, g.Result, forward.Result{}
		g.leave()
		r.Finished(&r.Exchange)
		return
	}
	j := g.joins
	j.mu.Lock()
	all := g.take()
	apart := g.Status != 0 && g.Failure == nil && !g.Shareable && len(all) > 1 || g.Failure != nil && errors.Is(g.Failure, forward.ErrNotKept)
	if apart {
		j.apart.add(g.key, g.front.Lot.Now())
	}
	j.mu.Unlock()
	switch {
	case g.Failure != nil && apart:
		goAlone(all)
		all = nil
	case apart:
		goAlone(all[1:])
		all = all[:1]
	case g.Failure != nil:
		all = g.goOn(all)
	}
	g.answer(all)
	g.leave()
}

// answer gives members the response, or the failure.
func (g *group) answer(all []*member) {
	if g.Failure == nil {
		g.head, g.content = g.Recorded()
		g.record, _, g.portion = g.TakePending()
	}
	g.users.Add(int32(len(all)))
	for _, m := range all {
		m.from = g
		m.giveBack()
	}
}

// lateTenths is how long a member has waited, in tenths of how long the exchange has, when it has waited too long with it.
const lateTenths = 9

// outlasts reports whether the failure of g's exchange comes too soon for m: the exchange has waited too long for a backend, and m
// came much later; or it was given up because all clients seemed to have left, and that of m has not.
func (g *group) outlasts(m *member, now int64) bool {
	if g.Expired {
		return (now-m.since)*10 < (now-g.since)*lateTenths
	}
	return g.Failure.Side == forward.Client && !m.hungUp
}

// goOn makes a new group of the members for which the failure of g's exchange comes too soon. It returns the others.
func (g *group) goOn(all []*member) (failed []*member) {
	now := g.front.Lot.Now()
	var on []*member
	for _, m := range all {
		if g.outlasts(m, now) {
			on = append(on, m)
		} else {
			failed = append(failed, m)
		}
	}
	if len(on) == 0 {
		return failed
	}
	newGroup(on[0].r, g.key).begin(on...)
	return failed
}

// leave ends one use of what was recorded. With the last one it is given back.
func (g *group) leave() {
	if g.users.Add(-1) > 0 {
		return
	}
	if g.record != nil {
		sock.PutBuffer(g.record)
		g.record = nil
	}
	g.portion.Give()
	g.Trace.Release()
	g.Reset()
	g.site.leave()
}

var (
	_ forward.Owner   = (*group)(nil)
	_ forward.Sharers = (*group)(nil)
)
