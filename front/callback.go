package front

import (
	"bytes"
	"net/url"

	"tenfour/admit"
	"tenfour/httpparse"
)

// takeCallback takes out of the request where its job's end is to be told: its field Callback-URL, or its query's parameter callback.
// Neither is the backend's. On a route that calls back nowhere, a parameter of that name is the backend's unless the client asks for a
// job.
func (r *request) takeCallback(d *deferral) *admit.Refusal {
	fields := r.fieldsNamed("Callback-URL")
	target := r.AppendTarget(nil)
	rest, params := withoutParam(target, "callback")
	if d.async.Permits == nil && !d.asked() {
		params = nil
	}
	switch {
	case len(fields)+len(params) == 0:
		return nil
	case len(fields)+len(params) > 1:
		return &admit.Refusal{Status: 400, Words: "the request names more than one callback, in the field Callback-URL or the parameter callback: send one", Offset: r.secondCallback(fields)}
	}
	to, err := r.callbackOf(fields, params)
	switch {
	case err != nil:
		return &admit.Refusal{Status: 400, Words: "RFC 3986 §2.1: the callback's URL is not percent-encoded as it must: " + err.Error(), Offset: r.badEscape()}
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
func (r *request) callbackOf(fields []*httpparse.Field, params [][]byte) (string, error) {
	if len(fields) > 0 {
		return string(fields[0].Value.In(r.In.Head())), nil
	}
	return url.PathUnescape(string(params[0])) // "+" stays one: it is no form
}

// secondCallback returns where in the head the second callback begins: a field line, or the second parameter if there is none.
func (r *request) secondCallback(fields []*httpparse.Field) int {
	if n := len(fields); n > 0 {
		return int(fields[min(1, n-1)].Name.Start)
	}
	_, second := r.callbackParams()
	return second
}

// callbackParams returns where in the head the first two parameters callback begin.
func (r *request) callbackParams() (first, second int) {
	target := r.Head.Origin.In(r.In.Head())
	at := bytes.IndexByte(target, '?') + 1
	for pair := range bytes.SplitSeq(target[at:], []byte("&")) {
		key, _, _ := bytes.Cut(pair, []byte("="))
		switch plain, err := url.PathUnescape(string(key)); {
		case err != nil || plain != "callback":
		case first == 0:
			first = int(r.Head.Origin.Start) + at
		case second == 0:
			second = int(r.Head.Origin.Start) + at
		}
		at += len(pair) + 1
	}
	return first, second
}

// badEscape returns where in the head the first percent sign of the parameter callback stands that encodes nothing.
func (r *request) badEscape() int {
	first, _ := r.callbackParams()
	rest := r.In.Head()[first:r.Head.Origin.End]
	for i := range rest {
		if rest[i] == '%' {
			if _, err := url.PathUnescape(string(rest[i:min(i+3, len(rest))])); err != nil {
				return first + i
			}
		}
	}
	return first
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
