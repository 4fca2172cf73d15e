package front

import (
	"bytes"
	"errors"
	"time"

	"tenfour/jobs"
)

// keyMost is how many characters an Idempotency-Key may have.
const keyMost = 255

// keyLasts is as good as for ever: a key is free when its job is removed. That may be long after the job's deadline and keep, because a callback
// is due for a day, and because an operator may have the job run again.
const keyLasts = 100 * 365 * 24 * time.Hour

var errKey = errors.New("the Idempotency-Key is not one value of 1 to 255 visible characters, with or without quotes: draft-ietf-httpapi-idempotency-key-header §2.1")

// readKey reads the request's Idempotency-Key, if it has one. A quoted one is the same as one without quotes.
func (r *request) readKey(d *deferral) error {
	values := r.valuesOf("Idempotency-Key")
	if len(values) == 0 {
		return nil
	}
	key := unquote(values[0])
	if len(values) > 1 || len(key) == 0 || len(key) > keyMost || bytes.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return errKey
	}
	d.key = bytes.Clone(key)
	return nil
}

// valuesOf returns the values of a field, by its name, one for each line.
func (r *request) valuesOf(name string) (values [][]byte) {
	head := r.In.Head()
	for i := range r.Head.Fields {
		if f := &r.Head.Fields[i]; bytes.EqualFold(f.Name.In(head), []byte(name)) {
			values = append(values, f.Value.In(head))
		}
	}
	return values
}

// sameness returns what joins the request to equal ones, for all but its body, which jobs.Job.WithBody adds.
func (r *request) sameness(j *jobs.Job) jobs.Dedupe {
	d, q := r.deferral, &j.Request
	asked := [][]byte{[]byte(q.Method), r.Head.Host.In(r.In.Head()), q.Target}
	whose := [][]byte{[]byte(q.Route), d.owner[:]}
	switch {
	case d.key != nil:
		return jobs.Dedupe{
			Key: jobs.HashParts(append([][]byte{[]byte("key"), d.key}, whose...)...), Body: jobs.HashParts(asked...),
			Until: j.Created.Add(keyLasts),
		}
	case d.async.Dedupe > 0:
		parts := append(append([][]byte{[]byte("request")}, whose...), asked...)
		return jobs.Dedupe{Key: jobs.HashParts(append(parts, r.chosen()...)...), Until: j.Created.Add(d.async.Dedupe)}
	}
	return jobs.Dedupe{}
}

// chosen returns the fields in which equal requests agree.
func (r *request) chosen() (parts [][]byte) {
	for _, name := range append([]string{"Authorization", "Cookie"}, r.deferral.async.DedupeFields...) {
		parts = append(parts, bytes.ToLower([]byte(name)))
		parts = append(parts, r.valuesOf(name)...)
	}
	return parts
}
