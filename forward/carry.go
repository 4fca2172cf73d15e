package forward

import (
	"tenfour/httpparse"
	"tenfour/sock"
)

// carried is a held body, or what is left of it, that a flow gives after its outgoing bytes.
type carried struct {
	body    *Body  // nil for none
	fileAt  int64  // the first byte of its file that is not given yet
	piece   int    // the first of its pieces that is not given yet; they follow the file
	pieceAt int    // the first byte of that
	tail    string // what ends the chunk that it is, until out has it
}

// carry makes b what is given after out. If b is in memory, its first piece is copied to out, so that both go out in one write. The
// others go out from where they lie, because b may be shared.
func (f *flow) carry(b *Body) {
	if f.chunked {
		f.content += int64(b.Len())
		f.lines.Goes(int64(b.Len()))
		f.out.B = httpparse.AppendChunkSize(f.out.B, b.Len())
		f.tail = "\r\n"
	}
	f.body, f.fileAt, f.piece, f.pieceAt = b, 0, 0, 0
	if !b.Spilled() {
		f.out.B = append(f.out.B, b.pieces[0].B...)
		f.piece = 1
	}
	if !f.carries() {
		f.endChunk()
	}
}

// carries reports whether a part of body is still to be given.
func (f *flow) carries() bool { return f.body != nil && f.bodyLeft() }

// bodyLeft reports whether a part of body, which there is, is still to be given.
func (c *carried) bodyLeft() bool {
	return c.piece < len(c.body.pieces) || c.fileAt < c.body.fileSize()
}

// giveBody writes what is left of body. All of out was given before. Of a file it writes no more at a time than a step moves:
// then more of it is left.
func (f *flow) giveBody() error {
	if err := f.giveFile(); err != nil || f.fileAt < f.body.fileSize() {
		return err
	}
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

// fileStep is how many bytes of a file are read at once.
const fileStep = 64 << 10

// giveFile writes some of body's file. What the connection does not take is read again later: a body that waits has no memory.
func (f *flow) giveFile() error {
	left := f.body.fileSize() - f.fileAt
	if left == 0 {
		return nil
	}
	b := sock.GetBuffer(fileStep)
	defer sock.PutBuffer(b)
	for moved := 0; left > 0 && moved < stepMost; {
		p := b.B[:min(left, fileStep)]
		if n, err := f.body.file.ReadAt(p, f.fileAt); n < len(p) {
			return &spoolError{err}
		}
		n, err := f.to.Write(p)
		f.fileAt += int64(n)
		f.given += int64(n)
		if err != nil {
			return err
		}
		left -= int64(n)
		moved += n
	}
	return nil
}

// A spoolError is a failure of tenfour's own disk.
type spoolError struct{ err error }

func (e *spoolError) Error() string {
	return "the request's body could not be read from its temporary file: " + e.err.Error()
}
func (e *spoolError) Unwrap() error { return e.err }

func isSpool(err error) bool {
	_, spool := err.(*spoolError)
	return spool
}

// endChunk ends the chunk that body is.
func (f *flow) endChunk() {
	f.out.B = append(f.out.B, f.tail...)
	f.tail = ""
}

// rewind makes f give everything once more, from its first byte. Its caller has made sure that nothing was added since f was set up, or that
// nothing has gone out.
func (f *flow) rewind() {
	f.outAt, f.given, f.fileAt, f.pieceAt = 0, 0, 0, 0
	if f.body != nil && !f.body.Spilled() {
		f.piece = min(f.piece, 1)
	} else {
		f.piece = 0
	}
}
