package forward

import "tenfour/httpparse"

// carried is a held body, or what is left of it, that a flow gives after its outgoing bytes.
type carried struct {
	body    *Body  // nil for none
	piece   int    // the first of its pieces that is not given yet
	pieceAt int    // the first byte of that
	tail    string // what ends the chunk that it is, until out has it
}

// carry has b follow what is in out: its first piece goes out with that, in one write, and the others from where they
// lie, since b may be shared.
func (f *flow) carry(b *Body) {
	if f.chunked {
		f.content += int64(b.Len())
		f.out.B = httpparse.AppendChunkSize(f.out.B, b.Len())
		f.tail = "\r\n"
	}
	f.out.B = append(f.out.B, b.pieces[0].B...)
	f.body, f.piece, f.pieceAt = b, 1, 0
	if !f.carries() {
		f.endChunk()
	}
}

// carries reports whether pieces of body are still to be given.
func (f *flow) carries() bool { return f.body != nil && f.piece < len(f.body.pieces) }

// giveBody writes what is left of body. All of out was given before.
func (f *flow) giveBody() error {
	for f.carries() {
		p := f.body.pieces[f.piece].B
		n, err := f.to.Write(p[f.pieceAt:])
		f.pieceAt += n
		f.given += int64(n)
		if err != nil {
			return err
		}
		f.piece, f.pieceAt = f.piece+1, 0
	}
	if f.tail == "" {
		return nil
	}
	f.out.B, f.outAt = f.out.B[:0], 0
	f.endChunk()
	return f.giveOut()
}

// endChunk ends the chunk that body is.
func (f *flow) endChunk() {
	f.out.B = append(f.out.B, f.tail...)
	f.tail = ""
}

// rewind has all that f was given at its beginning be given once more. It was given nothing else since, or nothing of
// it has gone out.
func (f *flow) rewind() { f.outAt, f.given, f.piece, f.pieceAt = 0, 0, min(f.piece, 1), 0 }
