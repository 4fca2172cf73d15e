package lab

import (
	"io"
	"slices"
)

// tape keeps the bytes of one message exactly as they are read from a connection. It keeps the first most of them, and counts
// all.
type tape struct {
	from io.Reader
	most int
	kept []byte
	read int64
}

func (t *tape) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	t.add(p[:n])
	return n, err
}

func (t *tape) add(p []byte) {
	t.read += int64(len(p))
	t.kept = append(t.kept, p[:min(len(p), t.most-len(t.kept))]...)
}

// rewind begins the next message with what has been read of it already.
func (t *tape) rewind(ahead []byte) {
	t.kept, t.read = t.kept[:0], 0
	t.add(ahead)
}

// message is the bytes of one request as they came. Those that it has are the first of size.
type message struct {
	bytes []byte
	size  int64
}

// message returns what has been read, less the bytes that belong to the next message.
func (t *tape) message(ahead int) message {
	size := t.read - int64(ahead)
	return message{slices.Clone(t.kept[:min(size, int64(len(t.kept)))]), size}
}
