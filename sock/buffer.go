package sock

import (
	"math/bits"

	"github.com/valyala/bytebufferpool"
)

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
	i := class(size)
	if i > 0 && size < smallest<<(2*i) {
		i-- // a buffer that is taken from a pool has at least its size
	}
	b.B = b.B[:size]
	buffers[i].Put(b)
}

// class is the pool for n bytes.
func class(n int) int {
	if n <= smallest {
		return 0
	}
	return min((bits.Len(uint(n-1))-bits.Len(smallest-1)+1)/2, len(buffers)-1)
}
