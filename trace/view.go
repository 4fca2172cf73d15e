package trace

import (
	"bytes"
	"time"
)

// keep keeps x as it is now, in place of what was kept of it before. x is locked.
func (x *Exchange) keep(on Shelf, now int64) {
	if x.gone {
		return
	}
	old := x.kept
	if x.trimmed {
		x.kept = x.viewAtEnd(on)
	} else {
		x.kept = x.view(on, now)
	}
	x.book.shelves.keep(x.kept, old)
}

// viewNow is x as it is now, whether it is kept or not. x is locked.
func (x *Exchange) viewNow(now int64) *Kept {
	if x.kept != nil {
		return x.kept
	}
	return x.view(Lately, now)
}

// view is x as it is now. x is locked.
func (x *Exchange) view(on Shelf, now int64) *Kept {
	k := &Kept{
		Client: "unix", TLS: x.arrival.Secure, Connection: Connection{Before: int(x.arrival.Before), Parked: Unknown},
		Attempts: make([]Attempt, 0, x.number),
	}
	switch {
	case x.arrival.Job != nil:
		k.Client = ""
	case x.arrival.Client.IsValid():
		k.Client = x.arrival.Client.String()
	}
	if x.arrival.Parked > 0 {
		k.Connection.Parked = ms(x.arrival.Parked)
	}
	for i := range x.events {
		x.show(k, &x.events[i])
	}
	k.Summary = x.summary(on, now)
	if len(k.ClientIn) > 0 {
		k.Summary.Method, k.Summary.Target = asked(k.ClientIn[0].Raw)
	}
	if n := len(k.Attempts); n > 0 && k.Summary.Backend == "" {
		k.Summary.Backend = k.Attempts[n-1].Backend
	}
	x.showEnd(k)
	return k
}

// summary is x in short, without what its heads say. x is locked.
func (x *Exchange) summary(on Shelf, now int64) Summary {
	took := max(0, now-x.arrival.Began)
	return Summary{
		ID: x.arrival.id(), Began: time.Now().Add(-time.Duration(took)), MS: ms(took), Route: x.arrival.Route, Kept: on, Lasts: !x.over,
		Attempts: int(x.number) + x.leftOut, Job: x.arrival.Job, Phases: Phases{Unknown, Unknown, Unknown, Unknown, Unknown, Unknown},
	}
}

// showEnd adds to k what is known at x's end. x is locked.
func (x *Exchange) showEnd(k *Kept) {
	if !x.over {
		if n := len(k.ClientOut); n > 0 {
			k.Summary.Status = statusOf(k.ClientOut[n-1].Raw)
		}
		return
	}
	e, s := &x.end, &k.Summary
	s.Status, s.Reason = e.Status, e.Reason
	if e.Backend != "" {
		s.Backend = e.Backend
	}
	k.Bytes, k.JoinedTo = e.Bytes, e.JoinedTo
	s.Phases = e.phases(e.Now - x.arrival.Began)
	for i := len(k.Attempts) - 1; i >= 0; i-- {
		if a := &k.Attempts[i]; a.Backend == s.Backend && a.Status == s.Status && s.Status != 0 {
			a.Won = true
			break
		}
	}
}

// phases are the times one after the other, of an exchange that took so long.
func (e *End) phases(took int64) Phases {
	p := Phases{ms(int64(e.Limited)), ms(int64(e.Body)), ms(int64(e.Queue)), ms(int64(e.Connect)), ms(int64(e.FirstByte)), Unknown}
	if p.FirstByte.Known() && p.Connect.Known() {
		p.FirstByte = max(0, p.FirstByte-p.Connect)
	}
	rest := ms(took)
	for _, part := range []MS{p.Limited, p.Body, p.Queue, p.Connect, p.FirstByte} {
		rest -= max(0, part)
	}
	p.Rest = max(0, rest)
	return p
}

// viewAtEnd is what was kept of x, which has lasted, with its end. x is locked.
func (x *Exchange) viewAtEnd(on Shelf) *Kept {
	k := *x.kept
	s := x.summary(on, x.end.Now)
	s.Began, s.Method, s.Target, s.Backend = k.Summary.Began, k.Summary.Method, k.Summary.Target, k.Summary.Backend
	k.Summary = s
	k.Attempts = append([]Attempt(nil), k.Attempts...)
	for i := range k.Attempts {
		if a := &k.Attempts[i]; !a.Ended.Known() && x.over {
			a.Ended, a.Status, a.Progress = s.MS, x.end.Status, "answering"
		}
	}
	x.showEnd(&k)
	return &k
}

// since is a moment as a time since x began. x is locked.
func (x *Exchange) since(at int64) MS {
	if at == 0 {
		return Unknown
	}
	return ms(max(0, at-x.arrival.Began))
}

// show adds an event to k. x is locked.
func (x *Exchange) show(k *Kept, e *event) {
	switch e.step {
	case clientIn:
		k.ClientIn = append(k.ClientIn, x.head(e))
		return
	case clientOut:
		k.ClientOut = append(k.ClientOut, x.head(e))
		return
	case chunkIn:
		if k.ChunkIn == "" {
			k.ChunkIn = e.text
		}
		return
	case chunkOut:
		k.ChunkOut = e.text
		return
	case attempt:
		k.Attempts = append(k.Attempts, Attempt{
			Number: x.numberOf(uint8(len(k.Attempts))), Backend: e.text, Idle: Unknown, Began: x.since(e.at), Sent: Unknown, FirstByte: Unknown, Ended: Unknown,
			Progress: "nothing sent",
		})
		return
	}
	if int(e.attempt) >= len(k.Attempts) {
		return
	}
	a := &k.Attempts[e.attempt]
	switch e.step {
	case reused:
		a.Connection, a.Idle = "reused", ms(e.idle)
	case opened:
		if a.Connection == "" {
			a.Connection = "new"
		}
	case again:
		a.Connection, a.Idle = "again", Unknown
	case headOut:
		a.Out = append(a.Out[:0], x.head(e))
		if a.Sent = x.since(e.at); a.Sent.Known() {
			a.Progress = "partly sent"
		}
	case headIn:
		a.In = append(a.In, x.head(e))
		if !a.FirstByte.Known() {
			a.FirstByte = x.since(e.at)
		}
		a.Progress = "answering"
	case ended:
		a.Ended, a.Status, a.Progress, a.Reason = x.since(e.at), int(e.status), e.more, e.text
	case chunkSent:
		a.ChunkOut = e.text
	case chunkCame:
		a.ChunkIn = e.text
	}
}

// head is an event's head, masked. x is locked.
func (x *Exchange) head(e *event) Head {
	raw, refused := mask(x.bytes[e.from:e.to], int(e.refused), x.book.secrets.names())
	return Head{At: x.since(e.at), Raw: raw, Left: int(e.left), Refused: refused}
}

// asked is the method and the target of a request's head, as far as it can be read.
func asked(head []byte) (method, target string) {
	head = bytes.TrimLeft(head, "\r\n")
	line, _, whole := bytes.Cut(head, []byte("\n"))
	first, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok || !whole && len(head) < len(line) {
		return "", ""
	}
	if to := bytes.LastIndexByte(rest, ' '); to >= 0 {
		rest = rest[:to]
	}
	return string(first), string(bytes.TrimRight(rest, "\r"))
}

// headOf is the head that begins a response.
func headOf(response []byte) []byte {
	if i := bytes.Index(response, []byte("\r\n\r\n")); i >= 0 {
		return response[:i+4]
	}
	return response
}

// statusOf is the status of a response's head; 0 if it has none.
func statusOf(head []byte) int {
	if len(head) < 12 || head[8] != ' ' {
		return 0
	}
	n := 0
	for _, c := range head[9:12] {
		if c < '0' || c > '9' {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// isInterim reports whether a head that tenfour has written is that of an interim response. 101 is none.
func isInterim(head []byte) bool {
	s := statusOf(head)
	return s >= 100 && s < 200 && s != 101
}

// size is how many bytes k takes, about.
func (k *Kept) size() int {
	const perKept, perHead, perAttempt = 700, 80, 300
	s := &k.Summary
	n := perKept + len(s.ID) + len(s.Method) + len(s.Target) + len(s.Reason) + len(k.Client)
	for _, heads := range [][]Head{k.ClientIn, k.ClientOut} {
		for i := range heads {
			n += perHead + cap(heads[i].Raw)
		}
	}
	for i := range k.Attempts {
		a := &k.Attempts[i]
		n += perAttempt + len(a.Reason)
		for _, heads := range [][]Head{a.Out, a.In} {
			for i := range heads {
				n += perHead + cap(heads[i].Raw)
			}
		}
	}
	return n
}
