package front

import (
	"errors"
	"slices"
	"time"

	"tenfour/admit"
	"tenfour/httpparse"
	"tenfour/jobs"
	"tenfour/jobs/runner"
)

// deferral is of a request that becomes a job: at once, or when its client has waited for its response for as long as it would. It
// belongs to its request; nil for nearly all.
type deferral struct {
	async    *Async
	prefers  preferences
	after    time.Duration // how long the client waits first; 0 is not at all
	owner    jobs.Hash     // of the token that the client has shown; zero for a route without tokens
	waits    bool          // limits of its route have not been asked, because it may have to wait for them
	callback string        // where its end is told; "" for none
	key      []byte        // its Idempotency-Key; nil for none

	errand   *runner.Errand // accepts it as a job; nil before
	handover *handover      // has its exchange; nil before, and when it was handed over
	job      jobs.Job       // that it becomes, if its client waits first
}

// atOnce reports whether d's client does not wait for its response at all.
func (d *deferral) atOnce() bool { return d != nil && d.after == 0 }

// deferBy returns how a request becomes a job of its route; nil if it does not. A client asks for it with Prefer, or the route does it by
// itself.
func (r *request) deferBy(a *Async) *deferral {
	if r.front.jobs.Load() == nil || r.Head.WebSocket {
		return nil
	}
	d := &deferral{async: a, prefers: prefers(&r.Head, r.In.Head())}
	switch p := d.prefers; {
	case p.waits: // with respond-async too: it would rather have its response within that time (RFC 7240 §4.3)
		d.after = p.wait
	case p.async:
	case a.After > 0:
		d.after = a.After
	default:
		return nil
	}
	return d
}

// asked reports whether the client has asked for it.
func (d *deferral) asked() bool { return d.prefers.async || d.prefers.waits }

// mayDefer looks at what a request must have to become a job, once it is admitted. It reports false if the request has been answered.
func (c *client) mayDefer() bool {
	r := c.req
	d := r.deferral
	if r.Head.Framing == httpparse.Length && r.Head.ContentLength > r.jobBodyMost() && !c.staysPlain() {
		return false
	}
	if r.deferral == nil {
		return true
	}
	if ok, at := r.readKey(d); !ok && d.asked() {
		c.refuseAt(400, ruleKey, at, "")
		return false
	}
	switch refused := r.takeCallback(d); {
	case refused != nil && refused.Status == 400:
		c.refuseAt(400, refused.Words, refused.Offset, "")
		return false
	case refused != nil:
		c.answer(refused.Status, refused.Words, "")
		return false
	}
	dropApplied(&r.Head, r.In.Head())
	return true
}

// jobBodyMost is how large the body of r may be, if r is to become a job: it must be held whole.
func (r *request) jobBodyMost() int64 {
	held := r.Route.Settings.Buffer
	if r.front.Spool != nil {
		held = r.front.Spool.Most()
	}
	return min(r.deferral.async.BodyMax, int64(held))
}

// staysPlain is for a request whose body is too large for a job. If its client waits for the response, it is served as any other, and
// staysPlain reports true: to become a job was only preferred. Else the request has been answered.
func (c *client) staysPlain() bool {
	r := c.req
	if r.deferral.atOnce() {
		r.Persists = false
		c.answerPlainly(413, "the request's body is larger than that of a job may be", "the request's body is larger than that of a job may be: see job_body_max", "")
		return false
	}
	r.deferral = nil
	return true
}

// bodyTooLarge reports whether the body that comes is too large for a job and the request was answered for that.
func (c *client) bodyTooLarge() bool {
	d := c.req.deferral
	return d != nil && int64(c.req.Body.Len()) > c.req.jobBodyMost() && !c.staysPlain()
}

// placeDeferred goes on with a request that becomes a job, and whose body is there.
func (c *client) placeDeferred() outcome {
	r := c.req
	r.Secure = c.secure
	if r.Head.Framing != httpparse.NoBody && !r.BodyWhole && !c.staysPlain() { // there is no spool
		return goOn
	}
	switch {
	case r.deferral == nil:
		return c.place()
	case r.deferral.atOnce():
		return c.accept()
	}
	return c.findSame()
}

// accept has the jobs take the request. The client's connection is parked until that is on the disk, and no worker waits.
func (c *client) accept() outcome {
	r := c.req
	body := r.Body
	r.Body = nil
	if r.deferral.waits {
		r.refund() // the runner asks all limits of the route together
	}
	c.phase = accepting
	c.waiter.SetDeadline(c.until(storePatience))
	r.deferral.errand = c.front.jobs.Load().Accept(&c.waiter, r.job(), body, !r.deferral.waits)
	return goOn
}

// storePatience is how long a client waits for the store of jobs, in nanoseconds: its disk may hang.
const storePatience = int64(30 * time.Second)

// lookAtAccept answers a request once it is a job.
func (c *client) lookAtAccept() outcome {
	d := c.req.deferral
	e := d.errand
	switch {
	case !e.Settled():
		return c.park(false)
	case !d.atOnce() && !errors.Is(e.Err, jobs.ErrDuplicate) && !errors.Is(e.Err, jobs.ErrKeyReused):
		endErrand(e)
		d.errand = nil
		return c.placeToHandOver()
	}
	return c.answerAccepted(e.Job, e.Err)
}

// acceptLate answers a request that the disk did not take in time.
func (c *client) acceptLate() outcome {
	d := c.req.deferral
	switch {
	case d.errand.Settled():
		return c.lookAtAccept()
	case !d.atOnce():
		endErrand(d.errand)
		d.errand = nil
		return c.placeToHandOver()
	}
	return c.answer(503, "the disk did not take the job within "+time.Duration(storePatience).String()+
		". It may take it yet: with an Idempotency-Key the request can be sent again without being run twice", retryAfter)
}

// deferAdmission has the limits that reject a request asked, and not those for which it would wait: the runner waits for them. What the
// client has shown of itself is the job's.
func (r *request) deferAdmission(rule *admit.Rule) {
	d := r.deferral
	if rule.Tokens != nil {
		d.owner = jobs.HashOf(admit.Bearer(&r.Head, r.In.Head()))
		r.dropField("Authorization") // it goes to no backend, and need not be on the disk
	}
	if d.atOnce() {
		r.limits = slices.DeleteFunc(slices.Clone(r.limits), func(l *admit.Limit) bool { return l.Wait })
		d.waits = len(r.limits) < len(rule.Limits)
	}
}

// job makes the record of a request that becomes a job.
func (r *request) job() jobs.Job {
	d := r.deferral
	now := time.Now().UTC().Round(0)
	j := jobs.Job{
		ID: jobs.NewID(), Created: now, Deadline: now.Add(d.async.Deadline), Keep: d.async.Keep, Owner: d.owner,
		Request: runner.RequestOf(&r.Request),
	}
	j.Request.ClientName = r.caller.Name
	if d.callback != "" {
		j.Callback = jobs.Callback{URL: d.callback, On: d.async.CallbackOn}
	}
	j.Dedupe = r.sameness(&j)
	return j
}

// endJob gives back what r has of jobs.
func (r *request) endJob() {
	if r.deferral != nil && r.deferral.errand != nil {
		endErrand(r.deferral.errand)
	}
	if r.handle != nil && r.handle.errand != nil {
		endErrand(r.handle.errand)
	}
	r.deferral, r.handle = nil, nil
}

// endErrand ends the use of an errand, settled or not.
func endErrand(e *runner.Errand) {
	if e.Settled() {
		e.Release()
	} else {
		e.Abandon()
	}
}
