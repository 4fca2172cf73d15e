package front

import (
	"bytes"
	"errors"
	"time"

	"tenfour/admit"
	"tenfour/httpparse"
	"tenfour/jobs"
	"tenfour/jobs/runner"
)

// handlePath is where the jobs are: the rest of the path is a job's ID.
const handlePath = "/.tenfour/jobs/"

// handle is a request about a job, by its handle: what it is, its result, or to end it. It belongs to its request.
type handle struct {
	id     jobs.ID
	act    act
	view   bool          // it asks for the record, and not for the result
	wait   time.Duration // how long it would wait for the job's end; 0 once it has waited
	said   string        // Preference-Applied; "" for none
	step   step
	errand *runner.Errand // of this step
}

// act is what a request about a job asks for.
type act uint8

const (
	look act = iota
	cancel
	pause
	resume
)

// step is how far a request about a job is.
type step uint8

const (
	finding step = iota // its record, and its result
	waiting             // for its end
	acting              // the act is on its way to the disk
)

// visitWaitMost is the longest time that a request waits for the end of a job.
const visitWaitMost = time.Minute

// isHandle reports whether a request is about a job.
func (r *request) isHandle() bool {
	return bytes.HasPrefix(r.Head.Origin.In(r.In.Head()), []byte(handlePath)) && r.front.jobs.Load() != nil
}

// visit begins a request about a job.
func (c *client) visit() outcome {
	r := c.req
	h := &handle{}
	r.handle = h
	r.BodyWhole = r.Head.Framing == httpparse.Length && r.Head.ContentLength == 0
	path, query, _ := bytes.Cut(r.Head.Origin.In(r.In.Head())[len(handlePath):], []byte("?"))
	text, doing, isAct := bytes.Cut(path, []byte("/"))
	id, err := jobs.ParseID(string(text))
	allowed := handleMethods
	if isAct {
		allowed = "POST"
	}
	switch known := h.choose(&r.Head, string(doing), isAct); {
	case err != nil, isAct && string(doing) != "pause" && string(doing) != "resume":
		return c.noSuchJob()
	case !known:
		return c.answer(405, "a job does not know this method here, but "+allowed, noStore+"Allow: "+allowed+"\r\n")
	}
	h.id = id
	_, views := withoutParam(append([]byte("?"), query...), "view")
	h.view = len(views) > 0 && string(views[0]) == "status"
	if p := prefers(&r.Head, r.In.Head()); p.waits && h.act == look {
		h.wait = min(p.wait, visitWaitMost)
		h.said = "Preference-Applied: " + preferences{waits: true, wait: h.wait}.applied() + "\r\n"
	}
	return c.find()
}

const handleMethods = "GET, HEAD, DELETE"

// choose sets what h asks for, by its method and the end of its path. It reports false for a method that is not there.
func (h *handle) choose(req *httpparse.Request, doing string, isAct bool) bool {
	switch verb := req.Verb; {
	case !isAct && (verb == httpparse.Get || verb == httpparse.Head):
		h.act = look
	case !isAct && verb == httpparse.Delete:
		h.act = cancel
	case isAct && verb == httpparse.Post && doing == "pause":
		h.act = pause
	case isAct && verb == httpparse.Post:
		h.act = resume
	default:
		return false
	}
	return true
}

// find asks for the job's record, and its result.
func (c *client) find() outcome {
	h := c.req.handle
	h.step = finding
	content := h.act == look && !h.view && c.req.Head.Verb != httpparse.Head
	return c.await(c.front.jobs.Load().Look(&c.waiter, h.id, content), storePatience)
}

// await parks c until an errand is settled, for at most so long.
func (c *client) await(e *runner.Errand, most int64) outcome {
	c.req.handle.errand = e
	c.phase = visiting
	c.waiter.SetDeadline(c.until(most))
	return goOn
}

// lookAtVisit goes on with a request about a job when its errand is settled. A client that has shut its sending side, and a tenfour
// that drains, wait for no job's end.
func (c *client) lookAtVisit() outcome {
	h := c.req.handle
	switch settled := h.errand.Settled(); {
	case !settled && h.step == waiting && (c.conn.HungUp() || c.front.draining.Load()):
		return c.stopVisiting()
	case !settled:
		return c.park(false)
	case h.step == finding:
		return c.found(h.errand.Job, h.errand.Err)
	case h.step == waiting:
		return c.stopVisiting()
	}
	return c.acted(h.errand.Job, h.errand.Err)
}

// stopVisiting goes on with a request that has waited for the end of a job: with the job as it is now.
func (c *client) stopVisiting() outcome {
	h := c.req.handle
	endErrand(h.errand)
	h.wait = 0
	return c.find()
}

// visitLate goes on with a request whose errand took too long.
func (c *client) visitLate() outcome {
	h := c.req.handle
	switch {
	case h.errand.Settled():
		return c.lookAtVisit()
	case h.step == waiting:
		return c.stopVisiting()
	}
	return c.answer(503, "the store of jobs has not answered for "+time.Duration(storePatience).String()+"; try again later", noStore+retryAfter)
}

// found goes on with a job that was looked for.
func (c *client) found(j jobs.Job, err error) outcome {
	h := c.req.handle
	if err != nil {
		return c.visitFailed(err)
	}
	if to := c.req.routeOf(&j); to != nil {
		c.req.Route = to.Route // its edits are those of this answer too
	}
	switch {
	case !c.mayVisit(&j):
		return c.answer(401, "this job belongs to the token that made it: show it, Authorization: Bearer TOKEN", noStore+"WWW-Authenticate: Bearer realm=\"tenfour\"\r\n")
	case h.act != look:
		return c.beginAct(h.act)
	case h.view:
		return c.answerRecord(200, j, "")
	case j.State.Ended():
		return c.answerResult(j, h.errand.Content)
	case h.wait > 0 && !c.front.draining.Load() && !c.conn.HungUp():
		endErrand(h.errand)
		h.step = waiting
		return c.await(c.front.jobs.Load().Await(&c.waiter, h.id), int64(h.wait))
	}
	return c.answerRecord(202, j, retryAt(j.Next)+h.said)
}

// mayVisit reports whether the request shows what is needed to see a job: the token that made it, while that is known.
func (c *client) mayVisit(j *jobs.Job) bool {
	r := c.req
	if j.Owner.IsZero() {
		return true
	}
	token := admit.Bearer(&r.Head, r.In.Head())
	if !j.Owner.Is(token) {
		return false
	}
	to := r.routeOf(j)
	return to == nil || to.Rule == nil || to.Rule.Knows(token)
}

// beginAct begins to do something with the job.
func (c *client) beginAct(a act) outcome {
	h, all := c.req.handle, c.front.jobs.Load()
	endErrand(h.errand)
	h.step = acting
	switch a {
	case pause:
		return c.await(all.Pause(&c.waiter, h.id), storePatience)
	case resume:
		return c.await(all.Resume(&c.waiter, h.id), storePatience)
	}
	return c.await(all.Cancel(&c.waiter, h.id), storePatience)
}

// acted answers a request that was to change a job.
func (c *client) acted(j jobs.Job, err error) outcome {
	if err != nil {
		return c.visitFailed(err)
	}
	return c.answerRecord(200, j, "")
}

// visitFailed answers a request about a job that could not be done.
func (c *client) visitFailed(err error) outcome {
	var refused *jobs.Refusal
	switch {
	case errors.Is(err, jobs.ErrUnknown):
		return c.noSuchJob()
	case errors.As(err, &refused):
		return c.answer(409, "cannot "+refused.Event+" this job: it is "+refused.In, noStore)
	}
	return c.storeFailed(err)
}

func (c *client) noSuchJob() outcome {
	return c.answer(404, "there is no such job, or the time for which it was kept is over", noStore)
}
