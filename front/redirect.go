package front

import (
	"bytes"

	"tenfour/httpparse"
)

// redirect answers a request for a prefix without its slash: the client should ask with it, because links in a page are relative to its
// path. The Location has no scheme and no host, because a proxy in front of tenfour may have others than the request that it sends.
func (c *client) redirect() outcome {
	r := c.req
	path, query := r.pathAndQuery()
	status := 308 // the client sends the same method, and its content, again (RFC 9110 §15.4.9)
	if verb := r.Head.Verb; verb == httpparse.Get || verb == httpparse.Head {
		status = 301
	}
	to := string(r.TrustedPrefix()) + string(path) + "/"
	return c.answer(status, "this path ends in a slash: "+to, "Location: "+to+string(query)+"\r\n")
}

// pathAndQuery returns the path that the client asked for, as its route was found by it, and its query, which begins with ? if there is one.
func (r *request) pathAndQuery() (path, query []byte) {
	origin := r.Head.Origin.In(r.In.Head())
	path = origin
	if q := bytes.IndexByte(origin, '?'); q >= 0 {
		path, query = origin[:q], origin[q:]
	}
	if r.plainer != nil {
		path = r.plainer
	}
	return path, query
}

// retarget sets the target that r asks its backend for: the path that found the route, without the route's prefix.
func (r *request) retarget(prefix string) {
	path, query := r.pathAndQuery()
	if len(path) < len(prefix) || string(path[:len(prefix)]) != prefix {
		prefix = "" // it has no path: "*"
	}
	to := r.target[:0]
	if path = path[len(prefix):]; prefix != "" && (len(path) == 0 || path[0] != '/') {
		to = append(to, '/')
	}
	to = append(append(to, path...), query...)
	r.target, r.Target = to, to
}
