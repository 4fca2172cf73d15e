// Package sock is one connection that never blocks: read, write, splice, shut; TCP or TLS.
//
//	n, err := c.Read(buf)
//	switch {
//	case err == sock.ErrWait: // nothing yet: Arm, then wait in the lot for Readable
//	case err == io.EOF:       // the peer's clean end
//	case err != nil:          // reset, or broken TLS
//	}
//
// A Conn keeps in mind what the kernel has said, so that nobody asks twice: after a short read there is no second one
// before the lot tells of more bytes. It knows nothing of HTTP, and it waits for nothing: that is the lot's.
package sock

import (
	"errors"
	"io"
	"net/netip"

	"golang.org/x/sys/unix"

	"tenfour/lot"
)

// ErrWait says that nothing could be read or written now without waiting.
var ErrWait = errors.New("would wait")

// Conn is one connection. One goroutine at a time uses it; whoever owns the lot.Waiter that it tells owns it.
// The zero value is ready for Init.
type Conn struct {
	Watch  lot.Watch
	Remote netip.AddrPort

	fd       int
	open     bool
	canRead  bool // a read may find something
	canWrite bool
	hungUp   bool // the peer has shut its side: a short read does not mean that all was read
	broken   bool
	wasReset bool     // the kernel has told so, which it does once: the end that it tells of next is not a clean one
	last     bool     // the connection's end follows what is written
	dialling bool     // nothing was written yet: the connection may not stand
	tls      *session // nil without TLS
}

// Init makes c the connection of an open, non-blocking descriptor, whose bytes may be there already.
func (c *Conn) Init(lot *lot.Lot, fd int, remote netip.AddrPort) {
	c.fd, c.Remote = fd, remote
	c.open, c.canRead, c.canWrite = true, true, true
	c.hungUp, c.broken, c.wasReset, c.dialling, c.last = false, false, false, false, false
	c.tls = nil
	c.Watch.Init(lot, fd)
}

// Look takes note of what the lot has noticed.
func (c *Conn) Look() {
	ev := c.Watch.Take()
	if ev == 0 {
		return
	}
	if ev&lot.Readable != 0 {
		c.canRead = true
	}
	if ev&lot.Writable != 0 {
		c.canWrite = true
	}
	if ev&lot.HungUp != 0 {
		c.hungUp = true
	}
	if ev&lot.Broken != 0 {
		c.broken = true
	}
}

// HungUp reports whether the peer has shut its sending side, as far as the lot has noticed by the last Look.
func (c *Conn) HungUp() bool { return c.hungUp }

// Broken reports whether the connection was reset, as far as the lot has noticed by the last Look.
func (c *Conn) Broken() bool { return c.broken }

// Open reports whether c has a descriptor.
func (c *Conn) Open() bool { return c.open }

// Plain reports whether bytes go through c as they are, so that they may be spliced.
func (c *Conn) Plain() bool { return c.tls == nil }

// Connecting reports whether c was dialled and the connection may not stand yet: nothing was written.
func (c *Conn) Connecting() bool { return c.dialling }

// Retry has the next Read ask the kernel, whatever it said last.
func (c *Conn) Retry() { c.canRead = true }

// MayRead reports whether Read is worth calling.
func (c *Conn) MayRead() bool { return c.canRead }

// MayWrite reports whether Write is worth calling.
func (c *Conn) MayWrite() bool { return c.canWrite }

// Arm has the lot tell c's waiter what it must wait for: of read and write what the kernel has refused last.
func (c *Conn) Arm(read, write bool) error {
	var ev lot.Events
	if read && !c.canRead {
		ev |= lot.Readable
	}
	if write && !c.canWrite {
		ev |= lot.Writable
	}
	return c.Watch.Arm(ev)
}

// Await tells that the next bytes are yet to come, as after a request that was just written on a drained connection:
// Read returns ErrWait without asking the kernel until the lot has seen them.
func (c *Conn) Await() {
	if c.tls == nil {
		c.canRead = false
	}
}

// Read reads at least one byte into p, or returns ErrWait, or io.EOF at the peer's clean end.
func (c *Conn) Read(p []byte) (int, error) {
	if !c.canRead {
		return 0, ErrWait
	}
	if c.tls != nil {
		return c.tls.read(c, p)
	}
	return c.readFD(p)
}

func (c *Conn) readFD(p []byte) (int, error) {
	n, err := recv(c.fd, p)
	switch {
	case err == ErrWait:
		c.canRead = false
		return 0, err
	case err != nil:
		return 0, c.failed(err)
	case n == 0:
		return 0, c.end()
	case n < len(p) && !c.hungUp:
		c.canRead = false
	}
	return n, nil
}

// failed notes what the kernel says only once.
func (c *Conn) failed(err error) error {
	c.wasReset = c.wasReset || err == unix.ECONNRESET
	return err
}

// end is what an end of the peer's bytes is: io.EOF when it is a clean one.
func (c *Conn) end() error {
	if c.wasReset {
		return unix.ECONNRESET
	}
	return io.EOF
}

// Write writes what it can of p, and returns how much, with ErrWait when that is not all.
func (c *Conn) Write(p []byte) (int, error) {
	if c.tls != nil {
		return c.tls.write(c, p)
	}
	return c.writeFD(p)
}

func (c *Conn) writeFD(p []byte) (int, error) {
	if !c.canWrite {
		return 0, ErrWait
	}
	n, err := send(c.fd, p, c.last)
	switch {
	case err == ErrWait, c.dialling && errors.Is(err, unix.ENOTCONN):
		c.canWrite = false
		return 0, ErrWait
	case err != nil:
		return 0, c.failed(err)
	}
	c.dialling = false
	if n < len(p) {
		c.canWrite = false
		return n, ErrWait
	}
	return n, nil
}

// Last says whether Close or CloseWrite follows at once behind what is written from now on. Then the kernel waits with
// it for that, and the peer gets both in one segment.
func (c *Conn) Last(last bool) { c.last = last }

// Flush writes what TLS holds back, and returns ErrWait until it is all written. Without TLS nothing is.
func (c *Conn) Flush() error {
	if c.tls == nil {
		return nil
	}
	return c.tls.flush(c)
}

// Holding reports whether TLS holds back bytes that were written, and that Flush has still to give to the kernel.
func (c *Conn) Holding() bool { return c.tls != nil && len(c.tls.on.out) > 0 }

// Stale reports whether an idle connection is no longer good for a request: the peer has ended it, or sent
// something that nobody asked for. It asks the kernel.
func (c *Conn) Stale() bool {
	c.Look()
	if c.hungUp || c.broken {
		return true
	}
	var b [1]byte
	if c.tls != nil {
		c.canRead = true
		_, err := c.tls.read(c, b[:])
		return err != ErrWait
	}
	_, err := peek(c.fd, b[:])
	return err != ErrWait
}

// Unread reports whether the kernel holds bytes from the peer: a connection that is closed with some is reset.
func (c *Conn) Unread() bool {
	var b [1]byte
	n, err := peek(c.fd, b[:])
	return n > 0 && err == nil
}

// CloseWrite shuts c's sending side: the peer sees a clean end behind all that was written.
func (c *Conn) CloseWrite() error {
	if c.tls != nil {
		c.tls.closeWrite(c)
	}
	return shutdownWrite(c.fd)
}

// Close closes the connection. What was written is still delivered, unless bytes were left unread.
func (c *Conn) Close() {
	if !c.open {
		return
	}
	if c.tls != nil {
		c.tls.close(c)
	}
	c.open = false
	c.Watch.CloseFD()
}

// Reset closes the connection so that its peer can tell: with a reset instead of a clean end.
func (c *Conn) Reset() {
	if !c.open {
		return
	}
	setLinger0(c.fd)
	c.open = false
	c.Watch.CloseFD()
}

// Ack has the kernel acknowledge at once what came. A peer that writes a message in pieces may hold the next one back
// until then (Nagle's algorithm), and an acknowledgement is delayed by 40 ms where traffic has gone to and fro.
func (c *Conn) Ack() { ackNow(c.fd) }

// KeepAlive has the kernel probe a peer that says nothing (TCP keep-alive): one that has vanished ends c within a minute.
func (c *Conn) KeepAlive() {
	if c.open {
		setKeepAlive(c.fd)
	}
}

// Unsent is the number of bytes that were written and that the peer's kernel has not acknowledged yet, 0 if the kernel
// does not tell. It asks the kernel.
func (c *Conn) Unsent() int {
	if !c.open {
		return 0
	}
	n, err := unsent(c.fd)
	if err != nil {
		return 0
	}
	return n
}
