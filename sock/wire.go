package sock

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"tenfour/lot"
)

// wire is the net.Conn that crypto/tls sees.
type wire struct {
	c      *Conn
	waiter *lot.Waiter          // in which the handshake sleeps
	until  int64                // the deadline of the handshake
	off    func() (bool, int64) // reports that the handshake is to end, and when to ask again
	asked  bool                 // the time for the handshake is over, and the kernel was asked once more
	shaken bool
	ended  bool // the peer has shut its side of the connection beneath TLS

	out   *outBuffer // encrypted bytes, written up to outAt; nil for none, so that an idle connection has no buffer
	outAt int

	records records
	whole   int // records that have come to their end and that TLS has not read: 0 is sure, more may be too many

	reading   bool // in a Read of TLS's
	answers   bool // what was read has had TLS write something, which waits in out
	fruitless int  // bytes read since there was content
}

// outBuffer is where encrypted bytes wait to be written.
type outBuffer struct{ b []byte }

var outBuffers = sync.Pool{New: func() any { return &outBuffer{make([]byte, 0, recordMost+recordMost/16)} }}

// outKept is the largest buffer that goes back to the pool.
const outKept = 64 << 10

// empty reports whether nothing waits to be written.
func (w *wire) empty() bool { return w.out == nil || w.outAt == len(w.out.b) }

// drop gives the buffer back.
func (w *wire) drop() {
	if w.out != nil && cap(w.out.b) <= outKept {
		w.out.b = w.out.b[:0]
		outBuffers.Put(w.out)
	}
	w.out, w.outAt, w.answers = nil, 0, false
}

// content is one Read of TLS's.
func (w *wire) content(c *tls.Conn, p []byte) (int, error) {
	w.reading = true
	n, err := c.Read(p)
	w.reading = false
	if n > 0 {
		w.fruitless = 0
	}
	if n > 0 && n < len(p) { // it gives no more of a record than was asked for, and never two at a time
		w.whole--
	}
	return n, err
}

func (w *wire) Read(p []byte) (int, error) {
	for {
		if w.shaken && (w.answers || w.fruitless > fruitlessMost) {
			return 0, os.ErrDeadlineExceeded
		}
		n, err := w.c.readFD(p)
		w.fruitless += n
		w.whole = w.records.pass(p[:n]) // TLS asks for bytes when it has no whole record
		w.ended = w.ended || err == io.EOF
		switch {
		case err != ErrWait:
			return n, err
		case w.shaken:
			return 0, os.ErrDeadlineExceeded
		}
		if err := w.wait(true, false); err != nil {
			return 0, err
		}
	}
}

func (w *wire) Write(p []byte) (int, error) {
	if w.shaken {
		if w.out == nil {
			w.out = outBuffers.Get().(*outBuffer)
		}
		w.out.b = append(w.out.b, p...)
		w.answers = w.answers || w.reading
		return len(p), nil
	}
	sent := 0
	for sent < len(p) {
		n, err := w.c.writeFD(p[sent:])
		sent += n
		if err == ErrWait {
			err = w.wait(false, true)
		}
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// wait sleeps until the handshake can go on.
func (w *wire) wait(read, write bool) error {
	if read {
		w.c.Ack()
	}
	if err := w.c.Arm(read, write); err != nil {
		return err
	}
	for {
		w.c.Look()
		off, at := w.isOff()
		switch {
		case read && w.c.canRead, write && w.c.canWrite:
			return nil
		case off:
			return os.ErrClosed
		case w.waiter.Now() >= w.until && w.asked:
			return os.ErrDeadlineExceeded
		case w.waiter.Now() >= w.until: // the lot may not have delivered yet what came in time
			w.asked = true
			w.c.Retry()
			w.c.RetryWrite()
			return nil
		}
		w.waiter.SetDeadline(at)
		w.waiter.Wait()
	}
}

// isOff reports whether the handshake is to end, and when to ask that again at the latest.
func (w *wire) isOff() (off bool, at int64) {
	if w.off == nil {
		return false, w.until
	}
	off, at = w.off()
	return off, min(at, w.until)
}

func (w *wire) Close() error                     { return nil }
func (w *wire) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (w *wire) RemoteAddr() net.Addr             { return net.TCPAddrFromAddrPort(w.c.Remote) }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

var _ net.Conn = (*wire)(nil)
