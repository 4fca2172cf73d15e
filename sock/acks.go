package sock

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
