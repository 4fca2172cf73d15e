package forward

import (
	"sync"
	"sync/atomic"

	"github.com/valyala/bytebufferpool"
)

// Body is content of a request that is held, in pieces: it grows without being copied, and its memory is more than
// what came only by the rest of the last piece. One goroutine fills it; once its request was handed over it is
// read-only and may be shared. The last user's Leave gives its memory back.
type Body struct {
	pieces []*bytebufferpool.ByteBuffer
	size   int // bytes of content
	users  atomic.Int32
}

var bodies = sync.Pool{New: func() any { return &Body{} }}

// A small body costs little, and a large one few writes: each piece is larger than the one before.
const (
	pieceLeast = 4 << 10
	pieceMost  = 64 << 10
)

// NewBody returns an empty body with one user.
func NewBody() *Body {
	b := bodies.Get().(*Body)
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
	for i, piece := range b.pieces {
		PutBuffer(piece)
		b.pieces[i] = nil
	}
	b.pieces, b.size = b.pieces[:0], 0
	bodies.Put(b)
}

// Free returns memory for the next 1 to most bytes. Took says how many were put there.
func (b *Body) Free(most int) []byte {
	free := b.last()
	if len(free) == 0 {
		next := pieceLeast
		if n := len(b.pieces); n > 0 {
			next = min(4*cap(b.pieces[n-1].B), pieceMost)
		}
		piece := GetBuffer(min(next, most))
		piece.B = piece.B[:0]
		b.pieces = append(b.pieces, piece)
		free = b.last()
	}
	return free[:min(len(free), most)]
}

// last is the free part of the last piece.
func (b *Body) last() []byte {
	if len(b.pieces) == 0 {
		return nil
	}
	p := b.pieces[len(b.pieces)-1].B
	return p[len(p):cap(p)]
}

// Took notes that n bytes were put into what Free returned.
func (b *Body) Took(n int) {
	if n > 0 {
		p := b.pieces[len(b.pieces)-1]
		p.B = p.B[:len(p.B)+n]
		b.size += n
	}
}

// Append adds p.
func (b *Body) Append(p []byte) {
	for len(p) > 0 {
		n := copy(b.Free(len(p)), p)
		b.Took(n)
		p = p[n:]
	}
}
