package runner

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/jobs"
	"tenfour/sock"
)

// RequestOf is what a client asked for, as a job keeps it, without its body: the target as it goes to a backend, and the field lines
// that go on. Those about the connection and about the framing of the body are not among them, nor is what tenfour adds when
// the request is sent: so credentials of a route are never on the disk. The request's head is complete, and its route is known.
func RequestOf(r *forward.Request) jobs.Request {
	head, buf := &r.Head, r.In.Head()
	return jobs.Request{
		Route:      r.Route.Name,
		Method:     string(head.Method.In(buf)),
		Target:     r.AppendTarget(nil),
		Fields:     appendFields(nil, head, buf),
		Client:     r.Remote,
		Secure:     r.Secure,
		HTTP10:     head.Minor == 0,
		Idempotent: head.Verb.Idempotent(),
		Keyed:      hasField(head, buf, "Idempotency-Key"),
	}
}

// appendFields appends the field lines of a head that a job keeps.
func appendFields(dst []byte, head *httpparse.Request, buf []byte) []byte {
	absolute := head.Form == httpparse.AbsoluteForm
	if absolute { // its authority stands for whatever Host said (RFC 9112 §3.2.2)
		dst = appendLine(dst, []byte("Host"), head.Host.In(buf))
	}
	for i := range head.Fields {
		f := &head.Fields[i]
		switch {
		case f.Hop || f.ID == httpparse.FieldExpect || f.ID == httpparse.FieldHost && absolute:
		case f.ID == httpparse.FieldContentLength: // the body says it
		default:
			dst = appendLine(dst, f.Name.In(buf), f.Value.In(buf))
		}
	}
	return dst
}

func appendLine(dst, name, value []byte) []byte {
	return append(append(append(append(dst, name...), ": "...), value...), "\r\n"...)
}

// hasField reports whether a head has a field, by its name.
func hasField(head *httpparse.Request, buf []byte, name string) bool {
	return slices.ContainsFunc(head.Fields, func(f httpparse.Field) bool { return strings.EqualFold(string(f.Name.In(buf)), name) })
}

// fill makes x a request that was kept, without its body.
func fill(x *forward.Exchange, req *jobs.Request) error {
	raw := appendHead(nil, req)
	limits := httpparse.Limits{Head: len(raw), Fields: len(raw)} // it was within the limits when it came
	n, err := x.Head.Parse(raw, &limits)
	if err != nil {
		return fmt.Errorf("the request of the job cannot be read: %w", err)
	}
	x.In = sock.InputOf(raw)
	x.In.Keep(n)
	x.Remote, x.Secure = req.Client, req.Secure
	x.BodyWhole = x.Head.Framing != httpparse.NoBody
	return nil
}

// appendHead appends the head of a request that was kept.
func appendHead(dst []byte, req *jobs.Request) []byte {
	version := " HTTP/1.1\r\n"
	if req.HTTP10 {
		version = " HTTP/1.0\r\n"
	}
	dst = append(append(dst, req.Method...), ' ')
	dst = append(append(dst, req.Target...), version...)
	dst = append(dst, req.Fields...)
	if req.Body.Size > 0 {
		dst = fmt.Appendf(dst, "Content-Length: %d\r\n", req.Body.Size)
	}
	return append(dst, "\r\n"...)
}

// openBody returns a request's body, with one user; nil for none.
func (r *Runner) openBody(of jobs.Body) (*forward.Body, error) {
	if of.Size == 0 {
		return nil, nil
	}
	content, err := r.Store.OpenBody(of)
	if err != nil {
		return nil, err
	}
	if file, ok := content.(interface {
		io.ReaderAt
		io.Closer
	}); ok {
		return forward.FileBody(file, of.Size), nil
	}
	defer content.Close()
	all, err := io.ReadAll(io.LimitReader(content, of.Size))
	if err == nil && int64(len(all)) < of.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("read the body of a request: %w", err)
	}
	b := forward.NewBody(r.Held, 0)
	b.Append(all)
	return b, nil
}
