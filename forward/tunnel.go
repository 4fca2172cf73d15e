package forward

import (
	"tenfour/httpparse"
	"tenfour/sock"
)

// startTunnel passes the 101 on, and from then on bytes both ways (RFC 9110 §7.8). The 101 has n bytes.
func (a *Attempt) startTunnel(n int) outcome {
	a.state, a.endless = tunnelling, true
	a.status, a.sink.persists = 101, false
	a.tellUp()
	a.endImpatience()
	if a.down.out == nil {
		a.down.out = sock.GetBuffer(firstRead)
	}
	out, up := a.down.out, a.up.out
	client, backend := a.sink.conn, &a.link.Conn
	a.down = flow{from: backend, to: client, framing: httpparse.UntilClose, hold: a.hold(), portion: &a.portion, out: out, in: &a.link.in}
	a.link.in.Keep(n)
	out.B = a.appendResponseHead(out.B)
	a.link.in.Forget()
	up.B = up.B[:0]
	a.up = flow{from: client, to: backend, framing: httpparse.UntilClose, hold: a.hold(), portion: &a.portion, out: up, in: a.req.In}
	return a.tunnel()
}

// tunnel moves bytes both ways. One side's end is passed on; the attempt is over when both have ended.
func (a *Attempt) tunnel() outcome {
	out := waits
	for _, f := range []*flow{&a.up, &a.down} {
		content := f.content
		more, err := f.step()
		out = max(out, goOnIf(more))
		if f.content > content {
			a.touch()
		}
		if err != nil {
			side := Backend
			if err.taking == (f == &a.up) {
				side = Client
			}
			return a.fail(side, 502, err.err)
		}
		if f.done() && !f.ended {
			f.ended = true
			a.touch()
			f.to.CloseWrite()
		}
	}
	if a.up.ended && a.down.ended {
		return over
	}
	return out
}
