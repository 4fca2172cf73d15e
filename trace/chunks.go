package trace

import "strconv"

// Chunks notes the chunk lines of one body: those that come in, and those that go out. The zero value does nothing.
type Chunks struct {
	x         *Exchange
	number    uint8
	in, out   step
	inN, outN int // so far
}

// ChunksUp notes the chunk lines of the request's body.
func (a Sending) ChunksUp() Chunks {
	return Chunks{x: a.x, number: a.number, in: chunkIn, out: chunkSent}
}

// ChunksDown notes the chunk lines of the response's body.
func (a Sending) ChunksDown() Chunks {
	return Chunks{x: a.x, number: a.number, in: chunkCame, out: chunkOut}
}

// ChunksIn notes the chunk lines of a request's body that is taken in before it goes to a backend.
func (x *Exchange) ChunksIn() Chunks { return Chunks{x: x, in: chunkIn} }

// Came notes that a chunk of so many bytes has begun to come; 0 is the last one.
func (c *Chunks) Came(size int64) {
	if c.x != nil {
		c.note(c.in, &c.inN, size)
	}
}

// Goes notes that a chunk of so many bytes goes out; 0 is the last one.
func (c *Chunks) Goes(size int64) {
	if c.x != nil {
		c.note(c.out, &c.outN, size)
	}
}

// chunksTold is how many chunk lines of a body a watcher is told of.
const chunksTold = 16

// note keeps the first chunk line, and tells of the first few.
func (c *Chunks) note(s step, n *int, size int64) {
	if *n++; *n > chunksTold && size > 0 {
		return
	}
	x := c.x
	x.lock()
	e := &event{step: s, attempt: c.number}
	if *n == 1 {
		e.text = strconv.FormatInt(size, 16)
		e = x.put(*e, nil)
	}
	p := x.passing(ChunkLine, e, 0)
	x.unlock()
	if p != nil {
		p.Size = size
		p.Of = [...]Moment{chunkIn: FromClient, chunkOut: ToClient, chunkSent: ToBackend, chunkCame: FromBackend}[s]
		x.tell(p)
	}
}
