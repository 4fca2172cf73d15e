package front

import (
	"bytes"
	"fmt"
	"net/netip"

	"tenfour/forward"
	"tenfour/sock"
)

// Preview returns the request with a head as its route would get it from a client at an address, for showing what would go out: no rule
// and no limit is asked, and nothing is sent. If tenfour answers it by itself, it returns that answer, such as "404: no route names this
// path", and no request.
func (s *Site) Preview(head []byte, from netip.Addr) (req *forward.Request, answer string, err error) {
	r := &request{}
	limits := s.parserLimits()
	r.Limits = &limits
	head = bytes.Clone(head)
	n, err := r.Head.Parse(head, r.Limits)
	if err != nil {
		return nil, "", err
	}
	r.In = sock.InputOf(head)
	r.In.Keep(n)
	r.Remote, r.Persists = from, r.Head.KeepAlive
	own := r.goesNoFurther()
	if own.status == 0 {
		_, own = r.findRoute(s)
	}
	if own.status != 0 {
		return nil, fmt.Sprintf("%d: %s", own.status, own.words), nil
	}
	r.aim()
	if r.lacksSlash {
		return nil, "a redirect: this path ends in a slash", nil
	}
	return &r.Request, "", nil
}
