// Package forward moves one exchange between a client and its backends: connect, reuse, stream, hold, race.
//
//	x.Init(lot, held)     // once
//	x.Head.Parse(…)        // the owner fills in the Request, and takes in a small body
//	x.Owner = owner       // and the other fields that say whose exchange it is
//	entered := x.Enter()  // a worker runs its attempt at a slot; at the end owner.Finished(x) is called
//	x.Result              // how it went
//
// The Exchange decides, an Attempt does the work: it is a state machine whose step never blocks. A worker steps it and sleeps
// in between. An attempt that lasts leaves its worker, and the lot's goroutine steps it. Nothing else differs between the two.
// docs/design/exchange.md has the types, and says which goroutine owns what, and when.
//
// What it does not do: it reads no request heads and writes no error pages (front), and it does not decide which clients may pass.
package forward

import (
	"net/netip"
	"time"

	"tenfour/value/choice"
)

// Settings is how patient an exchange is, and how much it may hold. Nothing changes it afterwards.
type Settings struct {
	ConnectTimeout time.Duration              // for a connection to a backend, with its TLS handshake; 1 ms or more
	BackendTimeout time.Duration              // for the next byte from a backend, or the next that it takes; 1 ms or more
	ClientTimeout  time.Duration              // for a client to take the next byte of its response, or to send its request's; 1 ms or more
	BodyTimeout    time.Duration              // for the whole body of a request; 0 is any time
	MinRate        int                        // bytes per second that a client must move of a body, measured by a Meter; 0 is any
	QueueTimeout   time.Duration              // for a slot
	Buffer         int                        // bytes of a body that are held for a peer slower than the other; below 4 KiB as much is held all the same
	KeepAlive      choice.KeepAlive           // which connections to a backend are kept
	KeepIdle       time.Duration              // for how long they are kept; 0 is not at all
	Resend         int                        // how often a request goes out again after a backend had some of it; 0 is never
	Racing         Racing                     // whether, and how, several backends are asked at once
	StripPrefix    string                     // was taken off the path, without a slash at its end; "" for nothing
	HostBackend    bool                       // Host names the backend, whatever the client's says
	Trusted        func(peer netip.Addr) bool // whether a peer is a proxy that is believed about its client; nil for none is
	Request        *Edits                     // of what the backend gets; nil for none
	Response       *Edits                     // of what the client gets
	Same           *Sameness                  // which requests may have one response; nil for none
}

const (
	// impatience is how long an exchange waits for its first byte before it suspects the backend to be sitting on
	// an idle connection: half of BackendTimeout if that is shorter.
	impatience = 100 * time.Millisecond
	// silence is how long the head of a response waits for the first byte of its body: most servers write the two one
	// after the other. They go out as one then, and a backend that dies between them has not been heard.
	silence = 20 * time.Millisecond
	// lull is how long nothing may come in the middle of a response, and how long in all a worker waits for the
	// client of one, before the exchange leaves its worker.
	lull = time.Second
	// openEnded is how long a response without an announced length may go on before it leaves its worker: motion JPEG,
	// radio and ndjson have no end.
	openEnded = 5 * time.Second
	// firstRead is enough for a head and a small page.
	firstRead = 16 << 10
	// spliceLeast is the rest of a body from which on moving it inside the kernel pays for the pipe.
	spliceLeast = 256 << 10
	// longFrom is how much of a body has come when the lot no longer tells of each segment, but only when the flow waits.
	longFrom = 256 << 10
	// stepMost is how many bytes one step moves before others have their turn.
	stepMost = 4 << 20
	// stepRounds is how often one step reads: a body in tiny chunks has few bytes of content for much work.
	stepRounds = 64
)
