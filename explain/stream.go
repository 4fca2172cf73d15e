package explain

import (
	"bytes"

	"tenfour/httpparse"
)

// Messages explains the messages of a stream, one after the other: requests, responses, or a request and what came back, as nc
// shows it. say is called with each of them. Bytes that are not read because of the message before them belong to that one.
func Messages(raw []byte, o Options, say func(*Report)) {
	asked := asked{last: o.Method}
	for at := 0; at < len(raw) || at == 0; {
		o.Method = asked.next()
		r := Message(raw[at:], o)
		r.From = at
		at += r.Length
		r.takeRest(raw, at)
		at = r.From + r.Length
		asked.note(r)
		say(r)
		if r.Length == 0 {
			return
		}
	}
}

// asked is the methods of requests, so that each response is read as the answer to its own: they are answered in order (RFC 9112 §9.3.2).
type asked struct {
	methods []httpparse.Verb // of requests without a response so far
	last    httpparse.Verb   // of the request that was answered last
}

// next returns the method of the request that the next response answers. Without any it is the last one.
func (a *asked) next() httpparse.Verb {
	if len(a.methods) == 0 {
		return a.last
	}
	return a.methods[0]
}

func (a *asked) note(r *Report) {
	switch {
	case r.What == Request:
		a.methods = append(a.methods, r.method)
	case !r.interim:
		a.last = a.next()
		a.methods = a.methods[min(1, len(a.methods)):]
	}
}

// takeRest takes in the bytes after a message, which end at at, if they are no further message.
func (r *Report) takeRest(raw []byte, at int) {
	rest := raw[at:]
	if len(rest) == 0 || r.Refusal != nil || r.What == Request && isResponse(rest) {
		return
	}
	run := Run{From: r.Length, To: r.Length + len(rest)}
	switch {
	case r.What == Request && r.tunnels || r.What == Response && r.tunnels && !isResponse(rest):
		run.Kind, run.Says, run.Section = Tunnel, "bytes of the tunnel, once the backend has answered 101", "RFC 9110 §7.8"
	case len(bytes.Trim(rest, "\r\n")) == 0:
		run.Kind, run.Says, run.Section = Unread, "empty lines after the message: they are skipped", "RFC 9112 §2.2"
	case r.What == Request && r.closes:
		run.Kind, run.Says, run.Section = Unread, "not read: the connection ends with the request before", "RFC 9112 §9.6"
	case r.What == Response && !isResponse(rest):
		run.Kind, run.Says, run.Section = Unread, "bytes after a response: tenfour delivers none of them, and the backend's connection is closed", "RFC 9112 §9.2"
	default:
		return
	}
	r.Runs = append(r.Runs, run)
	r.Length += len(rest)
	r.Bytes = raw[r.From : r.From+r.Length : r.From+r.Length]
}
