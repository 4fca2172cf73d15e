package forward

import (
	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/sock"
)

// Sink is where the response of an attempt goes: to the client's connection, into a record, or nowhere yet. In the latter two
// cases the response is held, because no client waits for it, or it is not decided whether it is the answer. A sink is changed while its
// attempt runs: when a racer wins it gets the client's. It belongs to its attempt.
type Sink struct {
	conn     *sock.Conn // the client's; nil while the response is held
	record   int        // with no client: how many bytes of content the response may have; 0 is that it is no record
	shared   bool       // it is a record that several clients wait for
	minor    uint8      // of the client's version, HTTP/1.minor
	persists bool       // the client's connection is to persist after this response
}

// giveTo makes a client's connection the place where the response goes from now on; with nil the response is held from now on. What
// is held goes out to the client. The goroutine that steps the attempt calls it, before a byte of the response went out: in its decider's unwanted, accepts
// or acceptsLarge.
func (a *Attempt) giveTo(client *sock.Conn) {
	a.sink.conn = client
	a.down.to = client
}

// isJob reports whether the response goes into the record of a job, which may take as long as it wants.
func (s *Sink) isJob() bool { return s.record > 0 && !s.shared }

// held reports whether the response is held.
func (s *Sink) held() bool { return s.conn == nil }

// frame chooses the framing of a response towards the client, and reports whether it is chunked. A response without an
// announced length ends with its connection for a client that has no chunks. sent reports whether all of the request was
// sent: a connection on which the client's body was not read to its end cannot persist.
func (s *Sink) frame(res *httpparse.Response, sent bool) (chunked bool) {
	open := isOpen(res)
	if s.record > 0 {
		return false
	}
	if open && s.minor == 0 || !sent {
		s.persists = false
	}
	return open && s.minor >= 1
}

// isOpen reports whether a response has a body of no announced length.
func isOpen(res *httpparse.Response) bool {
	return res.Framing == httpparse.Chunked || res.Framing == httpparse.UntilClose
}

// appendConnection appends what the client is told of its connection (RFC 9112 §9.3).
func (s *Sink) appendConnection(dst []byte) []byte {
	switch {
	case s.record > 0: // it says nothing of any connection
	case !s.persists:
		return append(dst, "Connection: close\r\n"...)
	case s.minor == 0:
		return append(dst, "Connection: keep-alive\r\n"...)
	}
	return dst
}

// open reports whether there is a connection to the client.
func (s *Sink) open() bool { return s.conn != nil && s.conn.Open() }

// look takes note of what has happened on the client's connection.
func (s *Sink) look() {
	if s.conn != nil {
		s.conn.Look()
	}
}

// broken reports whether the client's connection was reset, as of the last look.
func (s *Sink) broken() bool { return s.conn != nil && s.conn.Broken() }

// hungUp reports whether the client has shut its sending side, as of the last look.
func (s *Sink) hungUp() bool { return s.conn != nil && s.conn.HungUp() }

// pending reports whether something has happened since the last look.
func (s *Sink) pending() bool { return s.conn != nil && s.conn.Watch.Pending() }

// watch is the watch of the client's connection; nil for none.
func (s *Sink) watch() *lot.Watch {
	if s.conn == nil {
		return nil
	}
	return &s.conn.Watch
}

// handTo makes the lot wake w from now on when something happens at the client.
func (s *Sink) handTo(w *lot.Waiter) {
	if s.conn != nil {
		s.conn.HandTo(w)
	}
}

// last says whether the end of the client's connection follows at once after what is written next.
func (s *Sink) last(last bool) {
	if s.conn != nil {
		s.conn.Last(last)
	}
}

// retry makes the next read ask the kernel.
func (s *Sink) retry() {
	if s.open() {
		s.conn.Retry()
	}
}

// keepAlive has the kernel find out when the client has vanished.
func (s *Sink) keepAlive() {
	if s.conn != nil {
		s.conn.KeepAlive()
	}
}

// unsent is how many of the bytes that were written the client's kernel has not acknowledged.
func (s *Sink) unsent() int {
	if s.conn == nil {
		return 0
	}
	return s.conn.Unsent()
}
