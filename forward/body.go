package forward

import (
	"errors"
	"sync"
	"sync/atomic"

	"tenfour/sock"
)

// Body is content of a request that is held, in pieces: it grows without being copied, and its memory is more than
// what came only by the rest of the last piece. One goroutine fills it; once its request was handed over it is
// read-only and may be shared. The last user's Leave gives its memory back. A body that is too large for memory is spilled: see
// Spill.
type Body struct {
	pieces  []*sock.Buffer
	size    int // bytes of content, in the file and in the pieces
	memory  int // bytes of the pieces
	spilled     // nothing, for most bodies
	portion Portion
	certain bool // memory was reserved for all of it
	users   atomic.Int32
}

var bodies = sync.Pool{New: func() any { return &Body{} }}

// A small body costs little, and a large one few writes: each piece is larger than the one before.
const (
	pieceLeast = 4 << 10
	pieceMost  = 64 << 10
)

// NewBody returns an empty body with one user, whose memory is counted by held. Of that it has reserved bytes already.
func NewBody(held *Held, reserved int) *Body {
	b := bodies.Get().(*Body)
	b.portion, b.certain = Portion{of: held, bytes: reserved}, reserved > 0
	b.users.Store(1)
	return b
}

// Len is the number of bytes of content. A nil body has none.
func (b *Body) Len() int {
	if b == nil {
		return 0
	}
	return b.size
}

// Share makes its caller one more user of b, which may be nil.
func (b *Body) Share() *Body {
	if b != nil {
		b.users.Add(1)
	}
	return b
}

// Leave ends one use of b.
func (b *Body) Leave() {
	if b.users.Add(-1) > 0 {
		return
	}
	b.dropPieces()
	b.size = 0
	b.closeFile()
	bodies.Put(b)
}

// dropPieces gives the memory of b back.
func (b *Body) dropPieces() {
	for i, piece := range b.pieces {
		sock.PutBuffer(piece)
		b.pieces[i] = nil
	}
	b.portion.Give()
	b.pieces, b.memory = b.pieces[:0], 0
}

// ErrNoMemory is what Fill returns when hold_max lets no more of a body be held. The rest streams.
var ErrNoMemory = errors.New("no more may be held")

// Fill reads once from c into b, at most most bytes, which are 1 or more. The error is ErrNoMemory, or that of Conn.Read.
func (b *Body) Fill(c *sock.Conn, most int) (int, error) {
	if !c.MayRead() {
		return 0, sock.ErrWait
	}
	if b.free() == 0 {
		piece := b.next(most)
		if !b.fits(piece) && !b.certain {
			sock.PutBuffer(piece)
			return 0, ErrNoMemory
		}
		b.add(piece)
	}
	n, err := c.Fill(b.last(), most)
	b.size += n
	return n, err
}

// next is another piece for up to most bytes, which is not b's yet.
func (b *Body) next(most int) *sock.Buffer {
	size := pieceLeast
	if n := len(b.pieces); n > 0 {
		size = min(4*cap(b.pieces[n-1].B), pieceMost)
	}
	return sock.GetBuffer(min(size, most))
}

// fits takes the memory of a piece, and reports whether it may be held.
func (b *Body) fits(piece *sock.Buffer) bool {
	return b.portion.take(b.memory + cap(piece.B) - b.portion.bytes)
}

// add makes a piece b's, counted if that was not done.
func (b *Body) add(piece *sock.Buffer) {
	piece.B = piece.B[:0]
	b.pieces = append(b.pieces, piece)
	b.memory += cap(piece.B)
	b.portion.Raise(b.memory)
}

// Whole says that nothing more comes: what was reserved in vain is given back.
func (b *Body) Whole() { b.portion.Lower(b.memory) }

// last is the last piece; there is one.
func (b *Body) last() *sock.Buffer { return b.pieces[len(b.pieces)-1] }

// free is how many bytes the last piece has room for.
func (b *Body) free() int {
	if len(b.pieces) == 0 {
		return 0
	}
	p := b.last().B
	return cap(p) - len(p)
}

// Append adds p, which has been read already. It reports false when its memory is beyond what may be held.
func (b *Body) Append(p []byte) bool {
	fits := true
	for len(p) > 0 {
		if b.free() == 0 {
			piece := b.next(len(p))
			if !b.fits(piece) && !b.certain {
				fits = false
			}
			b.add(piece)
		}
		n := min(b.free(), len(p))
		b.last().B = append(b.last().B, p[:n]...)
		b.size += n
		p = p[n:]
	}
	return fits
}

// speaksHTTP10 reports whether the last response of one of r's backends was of HTTP/1.0, which has no chunked bodies.
func (r *Route) speaksHTTP10() bool {
	for _, o := range r.Origins {
		if o.http10.Load() {
			return true
		}
	}
	return false
}
