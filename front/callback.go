package front

import (
	"bytes"
	"net/url"

	"tenfour/admit"
)

// takeCallback takes out of the request where its job's end is to be told: its field Callback-URL, or its query's parameter callback.
// Neither is the backend's. On a route that calls back nowhere, a parameter of that name is the backend's unless the client asks for a
// job.
func (r *request) takeCallback(d *deferral) *admit.Refusal {
	fields := r.valuesOf("Callback-URL")
	target := r.AppendTarget(nil)
	rest, params := withoutParam(target, "callback")
	if d.async.Permits == nil && !d.asked() {
		params = nil
	}
	switch {
	case len(fields)+len(params) == 0:
		return nil
	case len(fields)+len(params) > 1:
		return &admit.Refusal{Status: 400, Words: "the request names more than one callback, in the field Callback-URL or the parameter callback: send one"}
	}
	to, err := callbackOf(fields, params)
	switch {
	case err != nil:
		return &admit.Refusal{Status: 400, Words: "the callback's URL is not encoded as RFC 3986 §2.1 says: " + err.Error()}
	case d.async.Permits == nil:
		return &admit.Refusal{Status: 403, Words: "this route calls back nowhere: callback_allow names no target"}
	}
	if err := d.async.Permits(to); err != nil {
		return &admit.Refusal{Status: 403, Words: "the callback's URL is refused: " + err.Error()}
	}
	d.callback = to
	r.Target = rest
	r.dropField("Callback-URL")
	return nil
}

// callbackOf returns the one URL that is there.
func callbackOf(fields, params [][]byte) (string, error) {
	if len(fields) > 0 {
		return string(fields[0]), nil
	}
	return url.PathUnescape(string(params[0])) // "+" stays one: it is no form
}

// dropField lets a field go no further.
func (r *request) dropField(name string) {
	for i := range r.Head.Fields {
		if f := &r.Head.Fields[i]; bytes.EqualFold(f.Name.In(r.In.Head()), []byte(name)) {
			f.Hop = true
		}
	}
}

// withoutParam takes a parameter out of a target's query. It returns the rest of the target, and the parameter's values as they were
// written. All else stays byte for byte.
func withoutParam(target []byte, name string) (rest []byte, values [][]byte) {
	path, query, found := bytes.Cut(target, []byte("?"))
	if !found {
		return target, nil
	}
	var kept [][]byte
	for pair := range bytes.SplitSeq(query, []byte("&")) {
		key, value, _ := bytes.Cut(pair, []byte("="))
		if plain, err := url.PathUnescape(string(key)); err == nil && plain == name {
			values = append(values, value)
			continue
		}
		kept = append(kept, pair)
	}
	if values == nil {
		return target, nil
	}
	rest = bytes.Clone(path)
	if len(kept) > 0 {
		rest = append(append(rest, '?'), bytes.Join(kept, []byte("&"))...)
	}
	return rest, values
}
