package logs

import (
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"tenfour/value/choice"
)

// Access is the access log: one line for each exchange, in one of three formats. It is safe for use by several goroutines.
type Access struct {
	to      io.Writer           // takes whole lines, and never waits
	format  choice.AccessFormat // not AccessAuto
	colours bool
	json    zerolog.Logger
	room    sync.Pool // of *[]byte, for lines
}

// Entry is what the access log says of one exchange. Bytes belong to the caller, and are read only before Write returns.
type Entry struct {
	ID     string         // the request's
	Joined string         // the ID of the request whose exchange this one was answered by; "" for its own
	Client netip.AddrPort // the connection's peer; invalid for one over a unix socket
	For    netip.Addr     // the client's address as a trusted proxy reports it; invalid if that says none, or the peer's
	Name   string         // of the client's token; "" for none

	Method, Target           []byte // nil before the head was complete
	Proto                    string // the version that the client speaks: HTTP/1.1; "" before the head was complete
	Host, UserAgent, Referer []byte // nil without the field

	Status  int    // of the response that went out; 499: the client left before it had one
	Bytes   int64  // of content that went out
	Backend string // that was asked last; "" for none
	Phases
	Reason string // why there was no response, or no whole one; "" for neither
}

// Phases are the times that an exchange took; None for a phase that it did not reach.
type Phases struct {
	Limited   time.Duration // it waited for a limit
	Body      time.Duration // the request's body, or what is held of it, was taken in
	Queue     time.Duration // it waited for a slot
	Connect   time.Duration // from there until the backend took the request's first byte
	FirstByte time.Duration // from there until the response's first byte
	Total     time.Duration // from the end of the request's head to the end of the exchange
}

// None is the time of a phase that an exchange did not reach.
const None time.Duration = -1

// newAccess is an access log that writes lines to a writer.
func newAccess(to io.Writer, format choice.AccessFormat, terminal bool) *Access {
	if format == choice.AccessAuto {
		format = choice.AccessJSON
		if terminal {
			format = choice.AccessText
		}
	}
	a := &Access{to: to, format: format, colours: terminal && mayColour(), json: zerolog.New(to).With().Timestamp().Logger()}
	a.room.New = func() any { return new([]byte) }
	return a
}

// Write writes the line of an exchange. It never waits.
func (a *Access) Write(e *Entry) {
	if a.format == choice.AccessJSON {
		writeJSON(&a.json, e)
		return
	}
	room := a.room.Get().(*[]byte)
	line := (*room)[:0]
	if a.format == choice.AccessText {
		line = appendText(line, e, time.Now(), a.colours)
	} else {
		line = appendCombined(line, e, time.Now())
	}
	*room = append(line, '\n')
	a.to.Write(*room)
	if cap(*room) <= roomKept {
		a.room.Put(room)
	}
}

// roomKept is the longest line, in bytes, whose memory is kept for the next one.
const roomKept = 4 << 10

// client is the address of the client: as a trusted proxy reports it, else the peer's; unix: over a unix socket, as nginx has it.
func (e *Entry) client(dst []byte) []byte {
	switch {
	case e.For.IsValid():
		return e.For.AppendTo(dst)
	case e.Client.IsValid():
		return e.Client.Addr().AppendTo(dst)
	}
	return append(dst, overUnix...)
}

// overUnix is what stands for the address of a client over a unix socket.
const overUnix = "unix:"
