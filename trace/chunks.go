package trace

import "strconv"

// Chunks notes the chunk lines of one body: those that come in, and those that go out. The zero value does nothing.
type Chunks struct {
	x       *Exchange
	number  uint8
	in, out chunkLines
}

// chunkLines are those of one body that pass one place.
type chunkLines struct {
	step  step
	n     int   // so far
	first int64 // the size in the first one
}

// ChunksUp notes the chunk lines of the request's body.
func (a Sending) ChunksUp() Chunks {
	return Chunks{x: a.x, number: a.number, in: chunkLines{step: chunkIn}, out: chunkLines{step: chunkSent}}
}

// ChunksDown notes the chunk lines of the response's body.
func (a Sending) ChunksDown() Chunks {
	return Chunks{x: a.x, number: a.number, in: chunkLines{step: chunkCame}, out: chunkLines{step: chunkOut}}
}

// ChunksIn notes the chunk lines of a request's body that is taken in before it goes to a backend.
func (x *Exchange) ChunksIn() Chunks { return Chunks{x: x, in: chunkLines{step: chunkIn}} }

// Came notes that a chunk of so many bytes has begun to come; 0 is the last one.
func (c *Chunks) Came(size int64) { c.pass(&c.in, size) }

// Goes notes that a chunk of so many bytes goes out; 0 is the last one.
func (c *Chunks) Goes(size int64) { c.pass(&c.out, size) }

// chunksTold is how many chunk lines of a body a watcher is told of.
const chunksTold = 16

// pass notes the first chunk line, and tells of the first few. If nothing is recorded it remembers the first one, for Late.
func (c *Chunks) pass(l *chunkLines, size int64) {
	if l.n++; l.n == 1 {
		l.first = size
	}
	if c.x == nil || l.n > chunksTold && size > 0 {
		return
	}
	x := c.x
	x.lock()
	e := &event{step: l.step, attempt: c.number}
	if l.n == 1 {
		e = c.put(l)
	}
	p := x.passing(ChunkLine, e, 0)
	x.unlock()
	if p != nil {
		p.Size = size
		p.Of = [...]Moment{chunkIn: FromClient, chunkOut: ToClient, chunkSent: ToBackend, chunkCame: FromBackend}[l.step]
		x.tell(p)
	}
}

// put puts the first chunk line into the exchange, which is locked.
func (c *Chunks) put(l *chunkLines) *event {
	return c.x.put(event{step: l.step, attempt: c.number, text: strconv.FormatInt(l.first, 16)}, nil)
}

// Late notes the first chunk lines that have passed, and from now on notes for a, which begins to be recorded in the middle.
func (c *Chunks) Late(a Sending) { c.late(a.x, a.number) }

// LateIn is Late for what ChunksIn returned.
func (c *Chunks) LateIn(x *Exchange) { c.late(x, 0) }

func (c *Chunks) late(x *Exchange, number uint8) {
	if x == nil {
		return
	}
	c.x, c.number = x, number
	c.x.lock()
	for _, l := range []*chunkLines{&c.in, &c.out} {
		if l.n > 0 {
			c.put(l)
		}
	}
	c.x.unlock()
}
