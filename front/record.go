package front

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/jobs/runner"
	"tenfour/sock"
)

// noStore keeps what is said about a job out of every cache.
const noStore = "Cache-Control: no-store\r\n"

// answerAccepted answers a request that asked to become a job.
func (c *client) answerAccepted(j jobs.Job, err error) outcome {
	r := c.req
	d := r.deferral
	where := "Location: " + r.locationOf(j.ID) + "\r\n"
	switch {
	case err == nil:
		applied := ""
		if text := d.prefers.applied(); text != "" {
			applied = "Preference-Applied: " + text + "\r\n"
		}
		return c.answerRecord(202, j, where+retryAfter+applied)
	case errors.Is(err, jobs.ErrDuplicate) && j.State.Ended():
		return c.answerRecord(200, j, where+replayed)
	case errors.Is(err, jobs.ErrDuplicate):
		return c.answerRecord(202, j, where+retryAt(j.Next)+replayed)
	case errors.Is(err, jobs.ErrKeyReused):
		return c.answer(422, "the Idempotency-Key belongs to another request: its method, target or body differs. Take another key", noStore)
	}
	return c.storeFailed(err)
}

// replayed says that a job was there already for a request like this one.
const replayed = "Idempotency-Replayed: true\r\n"

// storeFailed answers a request that the store could not serve.
func (c *client) storeFailed(err error) outcome {
	switch {
	case errors.Is(err, jobs.ErrFull):
		return c.answerPlainly(503, "there are as many jobs as there may be; try again later", err.Error(), noStore+retryAfter)
	case errors.Is(err, jobs.ErrNoRoom):
		return c.answerPlainly(507, "the disk to which jobs go is full; try again later", err.Error(), noStore)
	case errors.Is(err, jobs.ErrBodyTooLarge):
		return c.answerPlainly(413, "the request's body is larger than that of a job may be", err.Error(), noStore)
	case errors.Is(err, jobs.ErrClosed), errors.Is(err, jobs.ErrUnsure), errors.Is(err, forward.ErrNoMemory):
		return c.answerPlainly(503, "the store of jobs cannot be used at this moment; try again later", err.Error(), noStore+retryAfter)
	}
	return c.answerPlainly(500, "the store of jobs has failed; the log says why", err.Error(), noStore)
}

// locationOf returns where a job is, as the client sees it.
func (r *request) locationOf(id jobs.ID) string {
	prefix := ""
	if r.Route != nil {
		prefix = string(r.TrustedPrefix())
	}
	return prefix + handlePath + id.String()
}

// retryAt says when a job that is under way may have gone on: at its next attempt, a second from now at the earliest.
func retryAt(next time.Time) string {
	if wait := time.Until(next); wait > time.Second {
		return "Retry-After: " + strconv.Itoa(int((wait+time.Second-1)/time.Second)) + "\r\n"
	}
	return retryAfter
}

// answerRecord answers with a job's record, in JSON.
func (c *client) answerRecord(status int, j jobs.Job, extra string) outcome {
	page, err := json.Marshal(struct {
		jobs.View
		Location string `json:"location"`
	}{c.req.viewOf(&j), c.req.locationOf(j.ID)})
	if err != nil {
		return c.answerPlainly(500, "the job's record cannot be shown; the log says why", err.Error(), noStore)
	}
	c.keepIfWhole(status)
	return c.send(status, append(page, '\n'), true, "", noStore+extra)
}

// viewOf returns a job as its client sees it. The record names backends as the field X-Backend does, so it does not on a route that
// removes that field.
func (r *request) viewOf(j *jobs.Job) jobs.View {
	v := j.View()
	if to := r.routeOf(j); to != nil && to.Settings.Response.Hides("X-Backend") {
		for i := range v.Attempts {
			v.Attempts[i].Backend = ""
		}
	}
	return v
}

// routeOf returns the route of a job in the present configuration; nil if it is gone.
func (r *request) routeOf(j *jobs.Job) *runner.Route {
	if r.site == nil {
		r.site = r.front.enterSite()
	}
	if r.site.RouteOfJobs == nil {
		return nil
	}
	return r.site.RouteOfJobs(j.Request.Route)
}

// answerResult answers with what became of a job that has ended: with the backend's response, if there is one.
func (c *client) answerResult(j jobs.Job, content []byte) outcome {
	switch {
	case j.State == jobs.Cancelled:
		return c.answer(410, "this job was cancelled", noStore)
	case j.State == jobs.Interrupted:
		return c.answer(502, "this job was interrupted: "+j.Reason, noStore)
	case j.Result.Status == 0:
		return c.answer(502, "this job has failed: "+j.Reason, noStore)
	}
	return c.relay(&j, content)
}

// relay answers with the response that a job has, as its client would have got it, byte for byte. Only the framing is that of this
// connection.
func (c *client) relay(j *jobs.Job, content []byte) outcome {
	r := c.req
	res := &j.Result
	c.keepIfWhole(res.Status)
	out := sock.GetBuffer(len(res.Fields) + len(content) + 1024)
	b := append(out.B[:0], "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(res.Status), 10)
	b = append(append(append(b, ' '), res.Reason...), "\r\n"...)
	b = r.appendResultFraming(b, j)
	b = append(r.appendConnection(b), "\r\n"...)
	if !r.isHead() {
		b = append(b, content...)
		r.bytes = int64(len(content))
	}
	out.B = b
	r.status = res.Status
	portion := c.front.Held.Portion(cap(out.B)) // before the content that was copied is given back
	return c.deliver(out, portion)
}

// appendResultFraming appends the fields of a job's response, and the length of its content (RFC 9110 §8.6). The response to HEAD
// names the length that one to GET would have had, which is not that of what a GET of the job gets.
func (r *request) appendResultFraming(b []byte, j *jobs.Job) []byte {
	res := &j.Result
	ofHead := j.Request.Method == "HEAD"
	switch {
	case res.Status == 204 || res.Status == 304:
		return append(b, res.Fields...)
	case ofHead && r.isHead():
		return append(b, res.Fields...)
	case ofHead:
		b = appendWithoutLength(b, res.Fields)
	default:
		b = append(b, res.Fields...)
	}
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, res.Body.Size, 10)
	return append(b, "\r\n"...)
}

// appendWithoutLength appends field lines, but for Content-Length.
func appendWithoutLength(b, lines []byte) []byte {
	for line := range bytes.SplitAfterSeq(lines, []byte("\r\n")) {
		if name, _, _ := bytes.Cut(line, []byte(":")); !bytes.EqualFold(name, []byte("Content-Length")) {
			b = append(b, line...)
		}
	}
	return b
}
