package front

import (
	"strings"
	"testing"

	"github.com/valyala/bytebufferpool"

	"tenfour/forward"
)

// bufferOf is a buffer with bytes that were read.
func bufferOf(b []byte) *bytebufferpool.ByteBuffer { return &bytebufferpool.ByteBuffer{B: b} }

// TestShrink_keepsTheBytesOfHalfAHead: a short beginning moves to a small buffer, a long one stays where it is.
func TestShrink_keepsTheBytesOfHalfAHead(t *testing.T) {
	for _, n := range []int{0, 1, halfMost - 1, halfMost, halfMost + 1, firstBuffer} {
		half := strings.Repeat("x", n)
		c := &client{in: forward.GetBuffer(firstBuffer)}
		c.in.B = append(c.in.B[:0], half...)
		large := cap(c.in.B)
		c.shrink()
		if string(c.in.B) != half {
			t.Errorf("%d bytes: %d are left, or others", n, len(c.in.B))
		}
		if shrunk := cap(c.in.B) < large; shrunk != (n <= halfMost) {
			t.Errorf("%d bytes: the buffer went from %d to %d", n, large, cap(c.in.B))
		}
	}
}
