package sock

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"

	"tenfour/lot"
)

// session is TLS on a Conn that never blocks. crypto/tls needs a net.Conn. During the handshake its reads and writes wait.
// Afterwards a read that finds nothing ends in a timeout, which crypto/tls survives. Writes go to a buffer, because crypto/tls
// does not survive half a write.
type session struct {
	tls *tls.Conn
	on  *wire
}

// recordMost is how much content one record carries (RFC 8446 §5.1), and Write encrypts at a time: no more than that
// waits, encrypted, for a peer that reads slowly.
const recordMost = 16 << 10

// StartTLS does the TLS handshake on c, as a server or as a client. It blocks: its goroutine sleeps in waiter. It gives up at
// until, in the lot's time, and when off returns true. off is called each time waiter is notified, and at the time that it
// returned; it may be nil. After success Read and Write are encrypted.
func (c *Conn) StartTLS(config *tls.Config, server bool, waiter *lot.Waiter, until int64, off func() (bool, int64)) error {
	w := &wire{c: c, waiter: waiter, until: until, off: off}
	s := &session{on: w}
	if server {
		s.tls = tls.Server(w, config)
	} else {
		s.tls = tls.Client(w, config)
	}
	c.HandTo(waiter)
	c.dialling = false
	if err := s.tls.Handshake(); err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	w.shaken, w.off, w.waiter, w.fruitless = true, nil, nil, 0
	c.tls = s
	c.canRead, c.canWrite = true, true
	return nil
}

// SpokePlain reports whether StartTLS has failed because the client sent text, which is what HTTP without TLS begins with. It
// returns a copy of the first bytes. Nothing was written then.
func SpokePlain(err error) (first []byte, ok bool) {
	var not tls.RecordHeaderError
	if !errors.As(err, &not) || not.Conn == nil {
		return nil, false
	}
	for _, b := range not.RecordHeader {
		if b < ' ' && b != '\r' && b != '\n' || b > '~' {
			return nil, false
		}
	}
	return not.RecordHeader[:], true
}

// read reads content. Records without any (key updates, tickets, empty ones) are read on the way, but none while an answer
// of TLS to one of them still waits to be written: a peer that asks and does not read would fill the memory with answers.
func (s *session) read(c *Conn, p []byte) (int, error) {
	for {
		if err := s.answer(c); err != nil {
			return 0, err
		}
		n, err := s.on.content(s.tls, p)
		switch {
		case n > 0:
			c.canRead = c.canRead || n == len(p) || err != nil || s.on.whole > 0 // TLS may hold more, even if the kernel does not
			return n, nil
		case errors.Is(err, os.ErrDeadlineExceeded) && s.on.answers:
			continue
		case errors.Is(err, os.ErrDeadlineExceeded) && s.on.fruitless > fruitlessMost:
			return 0, errFruitless
		case errors.Is(err, os.ErrDeadlineExceeded):
			c.canRead = false
			return 0, ErrWait
		case err == nil:
			return 0, ErrWait
		case err == io.EOF && s.on.ended: // crypto/tls accepts such an end between two records
			return 0, errNoCloseNotify
		}
		return 0, err
	}
}

// answer writes what TLS has to say to what was read. ErrWait: the peer takes no more of it now.
func (s *session) answer(c *Conn) error {
	if !s.on.answers {
		return nil
	}
	return s.flush(c)
}

// fruitlessMost is how many bytes of records without content may follow each other. Other implementations allow 32 key
// updates, which are 1 KiB.
const fruitlessMost = 64 << 10

var errFruitless = fmt.Errorf("TLS: more than %d bytes of records without content", fruitlessMost)

// errNoCloseNotify is an end without close_notify. An attacker on the way could have made it (RFC 8446 §6.1).
var errNoCloseNotify = errors.New("TLS: it ended without close_notify")

// write encrypts and writes p, a record at a time. What TLS has encrypted counts as written, also when the peer takes no
// more of it now: then Flush returns ErrWait.
func (s *session) write(c *Conn, p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if err := s.flush(c); err != nil {
			return n, err
		}
		sent, err := s.tls.Write(p[n:min(len(p), n+recordMost)])
		n += sent
		if err != nil {
			return n, err
		}
	}
	if err := s.flush(c); err != nil && err != ErrWait {
		return n, err
	}
	return n, nil
}

// flush writes what TLS has encrypted.
func (s *session) flush(c *Conn) error {
	for !s.on.empty() {
		n, err := c.writeFD(s.on.out.b[s.on.outAt:])
		s.on.outAt += n
		if err != nil {
			return err
		}
	}
	s.on.drop()
	return nil
}

func (s *session) closeWrite(c *Conn) {
	s.tls.CloseWrite()
	s.flush(c)
}

func (s *session) close(c *Conn) {
	s.tls.CloseWrite() // close_notify, if the peer still takes it
	s.flush(c)
	s.on.drop()
}

var _ io.Reader = (*Conn)(nil)
