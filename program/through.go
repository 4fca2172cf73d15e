package program

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/rs/zerolog"

	"tenfour/explain"
	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/site"
	"tenfour/value/address"
)

// through is what messages become on their way through a tenfour that a configuration describes. It has all parts of that, and no
// socket.
type through struct {
	lot     *lot.Lot
	workers *pool.Pool
	builder *site.Builder
	site    *site.Site
	buffer  bool             // chunked bodies are held, or go to a file, so that they go out with a length
	last    *forward.Request // the request that the next response answers; nil for none yet
}

// anyBackend stands for the backends that tenfour starts by itself for a route without any: they are not started.
var anyBackend = address.Backend{Host: "127.0.0.1", Port: 9001}

// anyClient is the address of the client that sends what is explained.
var anyClient = netip.MustParseAddr("127.0.0.1")

// newThrough builds what the configuration describes that tenfour would read; file is named on the command line, or "".
func newThrough(ctx context.Context, file string) (*through, error) {
	var args []string
	if file != "" {
		args = []string{"--config", file}
	}
	e, err := read(ctx, args)
	if err != nil {
		return nil, err
	}
	c := e.Config()
	c.Routes = slices.Clone(c.Routes)
	for i := range c.Routes {
		if len(c.Routes[i].Backends) == 0 {
			c.Routes[i].Backends = []address.Backend{anyBackend}
		}
	}
	t := &through{buffer: c.SpoolMax > 0}
	if t.lot, err = lot.New(); err != nil {
		return nil, err
	}
	t.workers = pool.New(t.lot, func(any, []byte) {})
	log := zerolog.Nop()
	t.builder = site.NewBuilder(t.workers, &log)
	t.site, err = within(ctx, func() (*site.Site, error) { return t.builder.Prepare(&c) })
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *through) close() {
	if t.site != nil {
		t.builder.Drop(t.site)
	}
	t.workers.Close()
	t.lot.Close()
}

// sent returns what a message becomes: of a request what a backend gets, of a response what clients of HTTP/1.1 and 1.0 get. It is
// nothing for a message whose head is refused, or not all there.
func (t *through) sent(r *explain.Report) []*explain.Sent {
	switch {
	case r.Head == 0:
		return nil
	case r.What == explain.Request:
		return []*explain.Sent{t.request(r)}
	}
	return []*explain.Sent{t.response(r, 1), t.response(r, 0)}
}

// request is what a backend gets of a request.
func (t *through) request(r *explain.Report) *explain.Sent {
	s := &explain.Sent{To: "a backend"}
	head := r.Bytes[:r.Head]
	req, answer, err := t.site.Front.Preview(head, anyClient)
	switch {
	case err != nil:
		s.Instead = err.Error()
		return s
	case answer != "":
		s.Instead = "tenfour answers by itself: " + answer
		return s
	case r.Refusal != nil:
		s.Instead = fmt.Sprintf("its body is refused with %d: the backend never sees the end of it", r.Refusal.Status)
		return s
	}
	t.last = req
	origin := req.Route.Origins[0]
	content := r.Content()
	req.BodyWhole = req.Head.Framing == httpparse.Chunked && (t.buffer || content <= req.Route.Settings.Buffer)
	held := 0
	if req.BodyWhole {
		held = content
	}
	s.To = "the backend " + origin.Name
	s.Head = req.Preview(origin, held)
	s.Changes = explain.Changes(head, s.Head)
	s.Body = explain.BodyOf(s.Head, req.Head.Verb, content)
	return s
}

// response is what a client of HTTP/1.minor gets of a response.
func (t *through) response(r *explain.Report, minor uint8) *explain.Sent {
	s := &explain.Sent{To: fmt.Sprintf("a client of HTTP/1.%d", minor)}
	req := t.asked()
	if req == nil {
		s.Instead = "no route has the path /, so no request is known that it could answer: put one in front of it"
		return s
	}
	head := r.Bytes[:r.Head]
	out, err := req.PreviewResponse(req.Route.Origins[0], head, minor, minor == 1)
	switch {
	case err != nil:
		s.Instead = "502: the backend's response is malformed: " + err.Error()
	case len(out) == 0:
		s.Instead = "this interim response is not passed on"
	default:
		s.Head = out
		s.Changes = explain.Changes(head, out)
		s.Body = explain.BodyOf(out, req.Head.Verb, r.Content())
	}
	return s
}

// asked returns the request that a response answers: the one in front of it, else a plain GET.
func (t *through) asked() *forward.Request {
	if t.last == nil {
		t.last, _, _ = t.site.Front.Preview([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), anyClient)
	}
	return t.last
}
