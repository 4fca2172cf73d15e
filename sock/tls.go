package sock

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"tenfour/lot"
)

// session is TLS on a Conn that never blocks. crypto/tls needs a net.Conn. During the handshake its reads and writes wait.
// Afterwards a read that finds nothing ends in a timeout, which crypto/tls survives. Writes go to a buffer, because crypto/tls
// does not survive half a write.
type session struct {
	tls *tls.Conn
	on  *wire
}

// tlsOutMost is how many encrypted bytes may wait to be written before Write returns ErrWait.
const tlsOutMost = 64 << 10

// StartTLS does the TLS handshake on c, as a server or as a client. It blocks: its goroutine sleeps in waiter. It gives up at
// until, in the lot's time, and when off returns true. off is called each time waiter is notified; it may be nil. After
// success Read and Write are encrypted.
func (c *Conn) StartTLS(config *tls.Config, server bool, waiter *lot.Waiter, until int64, off func() bool) error {
	w := &wire{c: c, waiter: waiter, until: until, off: off}
	s := &session{on: w}
	if server {
		s.tls = tls.Server(w, config)
	} else {
		s.tls = tls.Client(w, config)
	}
	c.Watch.Tell(waiter)
	c.dialling = false
	if err := s.tls.Handshake(); err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	w.shaken = true
	c.tls = s
	c.canRead, c.canWrite = true, true
	return nil
}

func (s *session) read(c *Conn, p []byte) (int, error) {
	n, err := s.tls.Read(p)
	switch {
	case n > 0:
		c.canRead = true // TLS may hold more bytes, even if the kernel does not
		return n, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.canRead = false
		if ferr := s.flush(c); ferr != nil && ferr != ErrWait { // TLS may have answered a key update
			return 0, ferr
		}
		return 0, ErrWait
	case err == nil:
		return 0, ErrWait
	case err == io.EOF && s.on.ended: // crypto/tls accepts such an end between two records
		return 0, errNoCloseNotify
	}
	return 0, err
}

// errNoCloseNotify is an end without close_notify. An attacker on the way could have made it (RFC 8446 §6.1).
var errNoCloseNotify = errors.New("TLS: it ended without close_notify")

func (s *session) write(c *Conn, p []byte) (int, error) {
	if len(s.on.out) >= tlsOutMost {
		if err := s.flush(c); err != nil {
			return 0, err
		}
	}
	p = p[:min(len(p), tlsOutMost)]
	n, err := s.tls.Write(p)
	if err != nil {
		return n, err
	}
	if err := s.flush(c); err != nil && err != ErrWait {
		return n, err
	}
	return n, nil
}

// flush writes the encrypted bytes.
func (s *session) flush(c *Conn) error {
	for len(s.on.out) > 0 {
		n, err := c.writeFD(s.on.out)
		s.on.out = s.on.out[:copy(s.on.out, s.on.out[n:])]
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *session) closeWrite(c *Conn) {
	s.tls.CloseWrite()
	s.flush(c)
}

func (s *session) close(c *Conn) {
	s.tls.CloseWrite() // close_notify, if the peer still takes it
	s.flush(c)
}

// wire is the net.Conn that crypto/tls sees.
type wire struct {
	c      *Conn
	waiter *lot.Waiter // in which the handshake sleeps
	until  int64       // the deadline of the handshake
	off    func() bool // reports that the handshake is to end
	shaken bool
	ended  bool   // the peer has shut its side of the connection beneath TLS
	out    []byte // encrypted, not yet written
}

func (w *wire) Read(p []byte) (int, error) {
	for {
		n, err := w.c.readFD(p)
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
		w.out = append(w.out, p...)
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
	if err := w.c.Arm(read, write); err != nil {
		return err
	}
	w.waiter.SetDeadline(w.until)
	for {
		w.c.Look()
		switch {
		case read && w.c.canRead, write && w.c.canWrite:
			return nil
		case w.waiter.Now() >= w.until:
			return os.ErrDeadlineExceeded
		case w.off != nil && w.off():
			return os.ErrClosed
		}
		w.waiter.Wait()
	}
}

func (w *wire) Close() error                     { return nil }
func (w *wire) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (w *wire) RemoteAddr() net.Addr             { return net.TCPAddrFromAddrPort(w.c.Remote) }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

var _ net.Conn = (*wire)(nil)
var _ io.Reader = (*Conn)(nil)
