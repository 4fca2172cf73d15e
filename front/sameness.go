package front

import (
	"bytes"
	"time"

	"tenfour/httpparse"
	"tenfour/jobs"
)

// keyMost is how many characters an Idempotency-Key may have.
const keyMost = 255

// keyLasts is as good as for ever: a key is free when its job is removed. That may be long after the job's deadline and keep, because a callback
// is due for a day, and because an operator may have the job run again.
const keyLasts = 100 * 365 * 24 * time.Hour

// ruleKey is what readKey reads by.
const ruleKey = "draft-ietf-httpapi-idempotency-key-header §2.1: the Idempotency-Key is not one value of 1 to 255 visible characters, with or without quotes"

// readKey reads the request's Idempotency-Key, if it has one. A quoted one is the same as one without quotes.
// It reports false if that cannot be one; at is the byte of the head that is wrong.
func (r *request) readKey(d *deferral) (ok bool, at int) {
	fields := r.fieldsNamed("Idempotency-Key")
	if len(fields) == 0 {
		return true, 0
	}
	if len(fields) > 1 {
		return false, int(fields[1].Name.Start)
	}
	value := fields[0].Value
	key := unquote(value.In(r.In.Head()))
	if i := bytes.IndexFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }); i >= 0 {
		return false, int(value.Start) + max(0, bytes.Index(value.In(r.In.Head()), key[i:]))
	}
	if len(key) == 0 || len(key) > keyMost {
		return false, int(value.Start) + min(value.Len(), len(key))
	}
	d.key = bytes.Clone(key)
	return true, 0
}

// fieldsNamed returns the lines of a field.
func (r *request) fieldsNamed(name string) (fields []*httpparse.Field) {
	for i := range r.Head.Fields {
		if f := &r.Head.Fields[i]; bytes.EqualFold(f.Name.In(r.In.Head()), []byte(name)) {
			fields = append(fields, f)
		}
	}
	return fields
}

// valuesOf returns the values of a field, by its name, one for each line.
func (r *request) valuesOf(name string) (values [][]byte) {
	for _, f := range r.fieldsNamed(name) {
		values = append(values, f.Value.In(r.In.Head()))
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
