// Package sock has one connection that never blocks: read, write, splice, shut; TCP or TLS.
//
//	n, err := c.Read(buf)
//	switch {
//	case err == sock.ErrWait: // nothing yet: Arm, then wait in the lot for Readable
//	case err == io.EOF:       // the peer's clean end
//	case err != nil:          // reset, or broken TLS
//	}
//
// A Conn remembers what the kernel has said, and so saves system calls: after a short read it does not read again before
// the lot reports more bytes. An Input holds what was read on a connection and not taken yet. The package knows nothing of HTTP,
// and it does not wait: the lot does.
package sock

import (
	"errors"
	"io"
	"net/netip"

	"golang.org/x/sys/unix"

	"tenfour/lot"
)

// ErrWait means that nothing can be read or written now without waiting.
var ErrWait = errors.New("would wait")

// Conn is one connection. One goroutine at a time may use it: the one that owns the lot.Waiter that it wakes.
// The zero value is ready for Init.
type Conn struct {
	Watch  lot.Watch
	Remote netip.AddrPort

	fd       int
	open     bool
	canRead  bool // a read may find something
	canWrite bool
	hungUp   bool // the peer has shut its side: after a short read there is still the end to read
	broken   bool
	wasReset bool // the kernel has reported a reset, which it does once; the end that it reports next is not clean
	last     bool // the end of the connection follows at once after the next write
	dialling bool // nothing was written yet: the connection may not be established
	acks     acks
	tls      *session // nil without TLS
}

// Init makes c the connection of an open, non-blocking descriptor. Bytes may already have arrived.
func (c *Conn) Init(lot *lot.Lot, fd int, remote netip.AddrPort) {
	c.fd, c.Remote = fd, remote
	c.open, c.canRead, c.canWrite = true, true, true
	c.hungUp, c.broken, c.wasReset, c.dialling, c.last = false, false, false, false, false
	c.acks = acks{quick: true}
	c.tls = nil
	c.Watch.Init(lot, fd)
}

// Look takes over the events that the lot has noted for c. The owner calls it after it was woken.
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

// HandTo makes the lot wake w from now on when something happens on c, and takes note of what has happened before. The caller owns w, or
// is about to give c up to it.
func (c *Conn) HandTo(w *lot.Waiter) {
	c.Watch.Tell(w)
	c.Look()
}

// HungUp reports whether the peer has shut its sending side, as of the last Look.
func (c *Conn) HungUp() bool { return c.hungUp }

// Broken reports whether the connection was reset, as of the last Look.
func (c *Conn) Broken() bool { return c.broken }

// Open reports whether c has a descriptor.
func (c *Conn) Open() bool { return c.open }

// Plain reports whether c has no TLS, so that its bytes may be spliced.
func (c *Conn) Plain() bool { return c.tls == nil }

// Connecting reports whether c was dialled and may not be connected yet. It is false after the first write.
func (c *Conn) Connecting() bool { return c.dialling }

// Retry makes the next Read ask the kernel, even if the last one had found nothing.
func (c *Conn) Retry() { c.canRead = true }

// RetryWrite makes the next Write ask the kernel, even if the last one had found no room.
func (c *Conn) RetryWrite() { c.canWrite = true }

// MayRead reports whether Read may find something. If not, it would return ErrWait.
func (c *Conn) MayRead() bool { return c.canRead }

// MayWrite reports whether the kernel may take bytes. If not, Write would return ErrWait.
func (c *Conn) MayWrite() bool { return c.canWrite }

// Arm makes the lot wake c's waiter when c becomes readable (read) or writable (write). It asks only for what the kernel has
// refused last.
func (c *Conn) Arm(read, write bool) error {
	var ev lot.Events
	if read && !c.canRead {
		ev |= lot.Readable
	}
	if (write || c.tls != nil && c.tls.on.answers) && !c.canWrite { // an answer of TLS goes out before the next read
		ev |= lot.Writable
	}
	return c.Watch.Arm(ev)
}

// Await says that no bytes can be there yet, because a request was just written on a connection that was read empty.
// Until the lot has seen bytes, Read returns ErrWait without asking the kernel.
func (c *Conn) Await() {
	if c.tls == nil {
		c.canRead = false
	}
}

// Read reads at least one byte into p, or returns ErrWait, or io.EOF at the peer's clean end, or why the connection broke.
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
	c.acks.came()
	return n, nil
}

// failed notes a reset, because the kernel reports it only once.
func (c *Conn) failed(err error) error {
	c.wasReset = c.wasReset || err == unix.ECONNRESET
	return err
}

// end returns the error for the end of the peer's bytes: io.EOF, unless the connection was reset.
func (c *Conn) end() error {
	if c.wasReset {
		return unix.ECONNRESET
	}
	return io.EOF
}

// Write writes as much of p as the kernel takes, and returns how much. If that is not all, the error is ErrWait.
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
	c.acks.went()
	if n < len(p) {
		c.canWrite = false
		return n, ErrWait
	}
	return n, nil
}

// Last says whether Close or CloseWrite follows at once after the next writes. Then the kernel holds their bytes back until
// it does, and the peer gets both in one segment.
func (c *Conn) Last(last bool) { c.last = last }

// Flush writes the bytes that TLS holds back, and returns ErrWait until all are written. Without TLS there are none.
func (c *Conn) Flush() error {
	if c.tls == nil {
		return nil
	}
	return c.tls.flush(c)
}

// Holding reports whether TLS holds back bytes that Flush has not yet given to the kernel.
func (c *Conn) Holding() bool { return c.tls != nil && !c.tls.on.empty() }

// Stale reports whether an idle connection cannot be used for another request, because the peer has ended it or has sent
// bytes without a request. It asks the kernel.
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

// Unread reports whether the kernel holds bytes from the peer. Closing a connection with unread bytes resets it.
func (c *Conn) Unread() bool {
	var b [1]byte
	n, err := peek(c.fd, b[:])
	return n > 0 && err == nil
}

// CloseWrite shuts c's sending side: the peer sees a clean end after all written bytes.
func (c *Conn) CloseWrite() error {
	if c.tls != nil {
		c.tls.closeWrite(c)
	}
	return unix.Shutdown(c.fd, unix.SHUT_WR)
}

// Close closes the connection. Written bytes are still delivered, unless bytes from the peer were left unread.
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

// Reset closes the connection with a reset instead of a clean end, so that its peer sees that something is missing.
func (c *Conn) Reset() {
	if !c.open {
		return
	}
	unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	c.open = false
	c.Watch.CloseFD()
}

// acks knows whether the kernel may delay the acknowledgement of bytes that have come. It costs no system call.
//
// Linux acknowledges the first two segments of a connection at once. From the first write after them it expects that the next
// write can carry the acknowledgement, and delays it by 40 ms (RFC 9293 §3.8.6.3 allows 500 ms).
type acks struct {
	owed  bool // bytes have come, and none were written since
	quick bool // it is so early that the kernel delays nothing
}

// came notes that bytes were read.
func (a *acks) came() { a.quick, a.owed = a.quick && !a.owed, true }

// went notes that bytes were written: they carry the acknowledgement.
func (a *acks) went() { a.quick, a.owed = a.quick && !a.owed, false }

// due reports whether the kernel is to be asked before a wait, and counts what came as acknowledged.
func (a *acks) due() bool {
	due := a.owed && !a.quick
	*a = acks{quick: a.quick && !a.owed}
	return due
}

// Ack makes the kernel acknowledge at once the bytes that have come since the last write. The owner calls it before it waits
// inside a message: a peer that writes a message in pieces may hold the next piece back until then (Nagle's algorithm, RFC 9293
// §3.7.4). It costs a system call only if the kernel may delay: never after a write, nor in the first wait on a new connection.
// The kernel goes back to delaying with the next write, so each wait calls Ack. Systems other than Linux cannot be asked.
func (c *Conn) Ack() {
	if c.acks.due() {
		ackNow(c.fd)
	}
}
