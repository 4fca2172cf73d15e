package sock

import (
	"math/bits"

	"github.com/valyala/bytebufferpool"
)

// Input is what was read from a Conn and not taken yet. It is a pooled buffer with one offset, and has no buffer while it is
// empty. The zero value is empty. Only the owner of the connection touches it.
//
//	in.Fill(c, least, room)         // read once, after what is there
//	n, err := head.Parse(in.Rest()) // a whole head, of n bytes:
//	in.Keep(n)                      // it stays, and is in.Head()
//	in.Take(n)                      // n bytes of the body were used
//	in.Next()                       // the message is over, and the rest is the next one
type Input struct {
	buf  *Buffer // nil for none
	head int32   // how many of its first bytes stay
	at   int32   // the first byte not taken yet
}

// InputOf returns an input of p, which becomes its own.
func InputOf(p []byte) *Input { return &Input{buf: &Buffer{B: p}} }

// Len is the number of bytes not taken yet.
func (in *Input) Len() int {
	if in.buf == nil {
		return 0
	}
	return len(in.buf.B) - int(in.at)
}

// Rest returns the bytes not taken yet. They are valid until the next Fill.
func (in *Input) Rest() []byte {
	if in.buf == nil {
		return nil
	}
	return in.buf.B[in.at:]
}

// Take takes n bytes.
func (in *Input) Take(n int) { in.at += int32(n) }

// Keep takes a message's head of n bytes, which begins the input, and keeps its bytes for Head.
func (in *Input) Keep(n int) { in.head, in.at = int32(n), int32(n) }

// Head returns the bytes that Keep has kept. They are valid until the next Fill, which may move them: what points into them
// counts from their beginning.
func (in *Input) Head() []byte {
	if in.buf == nil {
		return nil
	}
	return in.buf.B[:in.head]
}

// Forget lets the next Fill write over the head.
func (in *Input) Forget() { in.head = 0 }

// Fill reads once from c, as Conn.Read does. If fewer than least bytes are free, the buffer grows by room or more; the first
// has room bytes.
func (in *Input) Fill(c *Conn, least, room int) (int, error) {
	if !c.MayRead() {
		return 0, ErrWait
	}
	b := in.buf
	switch {
	case b == nil:
		b = GetBuffer(room)
		in.buf, in.head, in.at = b, 0, 0
	case int(in.at) == len(b.B):
		b.B, in.at = b.B[:in.head], in.head
	}
	if n := len(b.B); cap(b.B)-n < least {
		larger := make([]byte, n, max(2*cap(b.B), n+room))
		copy(larger, b.B)
		b.B = larger
	}
	n := len(b.B)
	got, err := c.Read(b.B[n:cap(b.B)])
	b.B = b.B[:n+got]
	return got, err
}

// Next ends a message: its bytes are forgotten, and the rest begins the input.
func (in *Input) Next() {
	if in.Len() == 0 {
		in.Drop()
		return
	}
	in.buf.B = in.buf.B[:copy(in.buf.B, in.Rest())]
	in.head, in.at = 0, 0
}

// Shrink moves up to most bytes, of which none was taken, to a buffer of about that size, if the present one is much larger.
func (in *Input) Shrink(most int) {
	if in.buf == nil || len(in.buf.B) > most || cap(in.buf.B) <= 2*most {
		return
	}
	small := GetBuffer(most)
	small.B = append(small.B[:0], in.buf.B...)
	PutBuffer(in.buf)
	in.buf = small
}

// Drop gives the buffer back, and forgets what is in it.
func (in *Input) Drop() {
	if in.buf != nil {
		PutBuffer(in.buf)
		*in = Input{}
	}
}

// Fill reads once into the free part of b, at most most bytes, as Read does. b must have a free part.
func (c *Conn) Fill(b *Buffer, most int) (int, error) {
	free := b.B[len(b.B):cap(b.B)]
	n, err := c.Read(free[:min(len(free), most)])
	b.B = b.B[:len(b.B)+n]
	return n, err
}

// ReadOff reads once, up to most bytes, and forgets them.
func (c *Conn) ReadOff(most int) (int, error) {
	if !c.MayRead() {
		return 0, ErrWait
	}
	b := GetBuffer(most)
	n, err := c.Fill(b, most)
	PutBuffer(b)
	return n, err
}

// Buffer is memory for bytes that were read or are to be written. It comes from GetBuffer, and goes back with PutBuffer.
type Buffer = bytebufferpool.ByteBuffer

// buffers are the pooled buffers, with a pool for each capacity of 1 KiB times a power of 4. So a use that needs a little does
// not get, and does not keep, what a large body once needed. A bytebufferpool.Pool drops buffers larger than most of those it
// gets back, by the bytes in use; so PutBuffer has it see the capacity.
var buffers [6]bytebufferpool.Pool

const smallest = 1 << 10

// GetBuffer returns an empty buffer with room for n bytes. Its taker gives it back with PutBuffer.
func GetBuffer(n int) *Buffer {
	i := class(n)
	b := buffers[i].Get()
	if cap(b.B) < n {
		b.B = make([]byte, 0, max(n, smallest<<(2*i)))
	}
	return b
}

// PutBuffer gives a buffer back. It may have grown since.
func PutBuffer(b *Buffer) {
	size := cap(b.B)
	if size < smallest {
		return
	}
	b.B = b.B[:size]
	buffers[classOf(size)].Put(b)
}

// class is the pool from which n bytes come: the smallest whose buffers have that many.
func class(n int) int {
	return min((bits.Len(uint(max(n, smallest)-1))-bits.Len(smallest-1)+1)/2, len(buffers)-1)
}

// classOf is the pool to which a buffer of size bytes, smallest or more, goes: the largest whose buffers have no more.
func classOf(size int) int { return min((bits.Len(uint(size))-bits.Len(smallest))/2, len(buffers)-1) }
