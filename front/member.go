package front

import (
	"tenfour/forward"
	"tenfour/lot"
	"tenfour/sock"
)

// member is a request in a group. Its client's connection belongs to the group, and to the goroutine that takes the member out of it. A
// waiter of its own notices meanwhile that the client leaves. It is made for one wait, because the lot may still wake it afterwards.
type member struct {
	r      *request
	joins  *Joins
	client *lot.Watch // of its connection
	waiter lot.Waiter // shared; woken when something happens at the client
	since  int64      // when it began to wait, in the lot's time

	group  *group // that it waits in; nil before and after; guarded by joins, with the next
	hungUp bool   // its client has shut its sending side

	from *group // whose answer it gets, once it is out of its group; nil if it goes alone
}

// mayJoin reports whether r, whose route joins requests, may be answered with the response to another one.
func (r *request) mayJoin() bool { return r.Route.Settings.Same.MayShare(&r.Request) }

// join makes c's request wait for the response that one like it waits for, or ask for it as the first of those that follow.
func (c *client) join() outcome {
	r := c.req
	r.Secure = c.secure
	j, now := r.joins, c.front.Lot.Now()
	key := r.Route.Settings.Same.AppendKey(r.key[:0], &r.Request)
	r.key = key
	c.waiter.SetDeadline(0)
	m := &member{r: r, joins: j, client: &c.conn.Watch, since: now, hungUp: c.conn.HungUp()}
	m.waiter.InitShared(c.front.Lot, m)
	r.joined = m
	c.phase = joined
	c.conn.Watch.Tell(&m.waiter)
	c.conn.Watch.Arm(lot.Readable) // where it fails, a client that leaves is noticed at the end
	how := j.enter(m, key, now)
	switch how {
	case isJoined: // m has c and r
		m.Unpark() // its client may have left before
		return waits
	case isFirst:
		newGroup(r, string(key)).begin(m)
		return waits
	}
	c.unjoin()
	if how == isTooMuch {
		return c.answer(503, "as many requests as may wait for this response wait for it already", retryAfter)
	}
	return c.place()
}

// unjoin makes c, which is in no group, its own again.
func (c *client) unjoin() {
	c.conn.HandTo(&c.waiter)
	c.req.joined = nil
	c.phase = reading
}

// Unpark takes m out of its group if its client has left. The lot calls it, at any time and on any goroutine, also when m is in no group any
// more. A client that has only shut its sending side has left if the exchange waits; else it may still read the response.
func (m *member) Unpark() {
	j := m.joins
	j.mu.Lock()
	g := m.group
	switch {
	case g == nil:
		j.mu.Unlock()
		return
	case m.client.Happened(lot.Broken):
		empty := g.remove(m)
		j.mu.Unlock()
		m.leave(g, empty)
		return
	}
	m.hungUp = m.hungUp || m.client.Happened(lot.HungUp)
	hungUp, all := m.hungUp, g.allHungUp()
	j.mu.Unlock()
	switch {
	case hungUp && g.grip.Waits():
		m.leaveQueued(g)
	default:
		g.grip.SetLeft(all)
	}
}

// leaveQueued takes m out of g, in which it was a moment ago.
func (m *member) leaveQueued(g *group) {
	j := m.joins
	j.mu.Lock()
	if m.group != g {
		j.mu.Unlock()
		return
	}
	empty := g.remove(m)
	j.mu.Unlock()
	m.leave(g, empty)
}

// leave ends the connection of m's client, which has left: m was taken out of g. If g is empty now, its exchange is cut.
func (m *member) leave(g *group, empty bool) {
	if empty {
		g.grip.Cut()
	}
	c := m.r.c
	c.unjoin()
	c.dropped("left while it waited for the response to a request like its own")
}

// giveBack makes m's client, which was taken out of its group, its own again. It goes on in its next turn.
func (m *member) giveBack() {
	c := m.r.c
	c.conn.HandTo(&c.waiter)
	c.waiter.Again()
}

// goAlone has members that were taken out of their group go on as any other request.
func goAlone(members []*member) {
	for _, m := range members {
		m.giveBack()
	}
}

// receive gives the response of g's exchange to m, which was taken out of g: it goes on as if the exchange was its own.
func (m *member) receive(g *group) forward.Receiver {
	r := m.r
	c := r.c
	r.joined, r.lead = nil, g
	r.isOf(g)
	c.phase = placed
	return forward.Receiver{Client: &c.conn, Waiter: &c.waiter, Minor: r.Head.Minor, Persists: r.Persists}
}

// resume goes on with the exchange that lasts: r's own, or the one whose response it got alone.
func (r *request) resume() {
	if r.lead != nil {
		r.lead.Resume()
		return
	}
	r.Resume()
}

// endJoin gives back what r has of a group's response.
func (r *request) endJoin() {
	if g := r.joined.from; g != nil {
		g.leave()
	}
	r.joined = nil
}

// inlineMost is how much content is written together with the head of its response.
const inlineMost = 4 << 10

// afterJoin goes on with a request that was taken out of its group.
func (c *client) afterJoin() outcome {
	r, g := c.req, c.req.joined.from
	if g == nil {
		r.joined = nil
		return c.place()
	}
	r.takeResult(g)
	if r.Failure != nil {
		return c.failed(&r.Result)
	}
	c.writeShared(g)
	return goOn
}

// isOf notes that g's exchange has answered r.
func (r *request) isOf(g *group) {
	if g.id != r.id {
		r.joinedTo = g.id
	}
}

// takeResult makes g's result r's. If the exchange had begun before r came, r has waited for no slot.
func (r *request) takeResult(g *group) {
	r.isOf(g)
	res := forward.Result{Status: g.Status, Failure: g.Failure, Backend: g.Backend, Lost: g.Lost, Content: g.Content, Times: g.Times}
	if res.Failure != nil {
		res.Status, res.Content = 0, 0 // the client had no byte of it
	}
	res.Keep = r.Persists && !r.front.draining.Load()
	t := &res.Times
	if t.Taken != 0 {
		t.Taken = max(t.Taken, r.joined.since)
	}
	if t.Connected != 0 {
		t.Connected = max(t.Connected, t.Taken)
	}
	if t.FirstByte != 0 {
		t.FirstByte = max(t.FirstByte, t.Taken)
	}
	r.Result = res
}

// writeShared makes the response that g has the next thing that c writes.
func (c *client) writeShared(g *group) {
	r := c.req
	out := sock.GetBuffer(len(g.head) + 256 + inlineMost)
	out.B = forward.AppendRecorded(out.B[:0], g.Status, g.head, g.content, r.Head.Minor, r.Keep)
	r.status, r.bytes = r.Status, r.Content
	r.given(out.B)
	r.log()
	c.then = c.after(&r.Result)
	c.keepRest()
	c.out, c.outAt = out, 0
	if len(g.content) <= inlineMost {
		out.B = append(out.B, g.content...)
	} else {
		g.users.Add(1)
		c.shares = g
	}
	c.phase = flushing
	c.waiter.SetDeadline(0)
	c.endRequest()
}

// writesShare reports whether the content that c shares with others has still to be written. It follows what is c's own, which was written.
func (c *client) writesShare() bool {
	if c.out == c.shares.record {
		return false
	}
	sock.PutBuffer(c.out)
	c.out = c.shares.record
	c.outAt = len(c.out.B) - len(c.shares.content)
	return true
}

// endShare gives back the content that c shares with others.
func (c *client) endShare() {
	if c.out == c.shares.record {
		c.out = nil
	}
	c.shares.leave()
	c.shares = nil
}
