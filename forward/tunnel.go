package forward

import (
	"tenfour/httpparse"
	"tenfour/sock"
)

// startTunnel passes the 101 on, and from then on bytes both ways (RFC 9110 §7.8). The 101 has n bytes.
func (a *Attempt) startTunnel(n int) outcome {
	a.state, a.lasting.endless = tunnelling, true
	a.result.Status, a.counting.status, a.sink.persists = 101, 101, false
	a.tellUp()
	a.clock.endImpatience(a.origin)
	a.down.need()
	client, backend := a.sink.conn, a.link
	backend.in.Keep(n)
	at := len(a.down.out.B)
	a.down.out.B = a.appendResponseHead(a.down.out.B)
	a.traceResponse(a.down.out.B[at:], backend.in.Head(), false)
	backend.in.Forget()
	a.memo.sent = append(a.memo.sent[:0], a.headSent()...)
	a.up.out.B, a.up.outAt = a.up.out.B[:0], 0
	a.down.hold, a.down.portion = a.req.hold(), &a.portion
	a.down.flow = through(&backend.Conn, client, &backend.in, a.down.outgoing)
	a.up.flow = through(client, &backend.Conn, a.req.In, a.up.outgoing)
	return a.tunnel()
}

// through is one direction of a tunnel. It begins with what is in `in` and in out.
func through(from, to *sock.Conn, in *sock.Input, out outgoing) flow {
	return flow{from: from, to: to, in: in, framing: httpparse.UntilClose, outgoing: out}
}

// tunnel moves bytes both ways. One side's end is passed on; the attempt is over when both have ended.
func (a *Attempt) tunnel() outcome {
	out := waits
	for _, f := range []*flow{&a.up.flow, &a.down.flow} {
		content := f.content
		moved, err := f.step()
		out = max(out, moved)
		if f.content > content {
			a.clock.touch()
		}
		if err != nil {
			side := Backend
			if err.taking == (f == &a.up.flow) {
				side = Client
			}
			return a.fail(side, 502, err.err)
		}
		if f.done() && !f.ended {
			f.ended = true
			a.clock.touch()
			f.to.CloseWrite()
		}
	}
	if a.up.ended && a.down.ended {
		return over
	}
	return out
}
