package trace

import (
	"sync"
	"time"
	"unsafe"
)

// step is what has happened to an exchange.
type step uint8

const (
	clientIn  step = iota // its client's head came
	clientOut             // a head went to the client
	attempt               // a worker has it, to send it to a backend
	reused                // it goes out on a connection that was kept
	opened                // it goes out on a new connection
	again                 // the kept connection had ended
	headOut               // a head that goes to the backend
	headIn                // a head that came from the backend
	ended                 // the attempt has ended
	chunkIn               // the first chunk line that came from the client; then to it, to the backend, and from it
	chunkOut
	chunkSent
	chunkCame
)

// event is one thing that happened. Only some steps use all of it.
type event struct {
	step    step
	attempt uint8  // from 0; of those of an attempt
	status  uint16 // with ended
	left    int32  // how many bytes of the head were not kept
	from    int32  // its bytes in the exchange's, up to to
	to      int32
	refused int32 // the byte of the head at which it was refused; -1 if it was not
	at      int64 // in the lot's time; 0 if it has not happened yet
	idle    int64 // with reused: for how long, in nanoseconds
	text    string
	more    string
}

const (
	roomFor   = 2 << 10  // bytes of heads that an exchange has room for from its beginning
	headMost  = 16 << 10 // bytes that are kept of one head
	fewEvents = 10       // more than a plain exchange has
	mostEvent = 120      // an exchange has at most
)

// baseSize is what an exchange counts for.
const baseSize = int64(unsafe.Sizeof(Exchange{})) + roomFor

// Exchange is one that is being recorded. Its methods are called by the goroutine that owns the exchange, until Share: from then on by
// several. A nil one does nothing.
type Exchange struct {
	book    *Book // fixed
	arrival Arrival

	shared  bool       // others may be in it, or may still come: it is locked
	mu      sync.Mutex // with shared, guards the rest
	events  []event
	few     [fewEvents]event // where those are at first
	bytes   []byte           // of heads
	grown   int64            // what it counts for beyond baseSize
	number  uint8            // of attempts that are recorded
	leftOut int              // attempts that are not, any more
	going   int              // attempts that have not ended
	holds   int              // of Hold, that have not ended
	watch   Watcher          // nil for none
	wall    time.Time        // with watch, when that began
	end     End              // once over
	over    bool
	gone    bool  // nothing is noted any more
	trimmed bool  // its heads are kept, and not here any more
	kept    *Kept // nil for not kept, or not yet
}

func newExchange(b *Book, from *Arrival) *Exchange {
	x := &Exchange{book: b, arrival: *from, bytes: make([]byte, 0, roomFor)}
	x.events = x.few[:0]
	return x
}

// begin notes the client's head, of which a watcher is told.
func (x *Exchange) begin(head []byte) {
	from := &x.arrival
	if x.book.Watches(from.Watched) {
		x.watch, x.wall = x.book.watcher, time.Now()
	}
	e := event{step: clientIn, at: from.Began, refused: -1}
	if from.Refused {
		e.refused, head = int32(from.RefusedAt), toRefusal(head, from.RefusedAt)
	}
	x.tell(x.passing(FromClient, x.put(e, head), from.Began))
}

// lock locks x if others may be in it.
func (x *Exchange) lock() {
	if x.shared {
		x.mu.Lock()
	}
}

func (x *Exchange) unlock() {
	if x.shared {
		x.mu.Unlock()
	}
}

// Share has several goroutines call x's methods from now on, because it is raced. They may still call them after End.
func (x *Exchange) Share() {
	if x != nil {
		x.shared = true
	}
}

// Hold is Share for an exchange that may outlive its request: several clients wait for its response, or it may become a job's. What is noted until
// Release belongs to it.
func (x *Exchange) Hold() {
	if x == nil {
		return
	}
	x.lock()
	x.holds++
	x.unlock()
	x.shared = true
}

// Release ends a Hold.
func (x *Exchange) Release() {
	if x == nil {
		return
	}
	x.mu.Lock()
	x.holds--
	x.endLate()
	x.mu.Unlock()
}

// endLate ends x, which is shared, if its end has come and the last attempt has ended: what is kept of it has all attempts then. x is locked.
func (x *Exchange) endLate() {
	if !x.over || x.going > 0 || x.holds > 0 || x.gone {
		return
	}
	if x.kept != nil {
		x.keep(x.kept.Summary.Kept, x.end.Now)
	}
	x.giveBack()
}

// put notes an event, with a head's bytes. x is locked.
func (x *Exchange) put(e event, head []byte) *event {
	if len(x.events) == mostEvent || x.gone || x.trimmed {
		return &event{}
	}
	n := min(len(head), headMost, x.room(len(head)))
	e.from = int32(len(x.bytes))
	x.bytes = append(x.bytes, head[:n]...)
	e.to, e.left = int32(len(x.bytes)), int32(len(head)-n)
	if len(x.events) == cap(x.events) {
		x.grown += int64(len(x.events)) * int64(unsafe.Sizeof(e))
		x.book.recording.Add(int64(len(x.events)) * int64(unsafe.Sizeof(e)))
	}
	x.events = append(x.events, e)
	return &x.events[len(x.events)-1]
}

// room makes room for n bytes more, and returns how many there are. x is locked.
func (x *Exchange) room(n int) int {
	free := cap(x.bytes) - len(x.bytes)
	if n <= free {
		return free
	}
	larger := max(2*cap(x.bytes), len(x.bytes)+min(n, headMost))
	more := int64(larger - cap(x.bytes))
	if b := x.book; b.recording.Add(more) > b.mostRecording {
		b.recording.Add(-more)
		return free
	}
	x.grown += more
	bytes := make([]byte, len(x.bytes), larger)
	copy(bytes, x.bytes)
	x.bytes = bytes
	return larger - len(bytes)
}

// Given notes a head that goes to the client.
func (x *Exchange) Given(head []byte, now int64) {
	if x == nil {
		return
	}
	x.lock()
	p := x.passing(ToClient, x.put(event{step: clientOut, attempt: x.lastAttempt(), at: now, refused: -1}, head), now)
	x.unlock()
	x.tell(p)
}

// lastAttempt is the number of the last attempt that has begun; 0 if there is none. x is locked.
func (x *Exchange) lastAttempt() uint8 { return max(x.number, 1) - 1 }

// GivenLast is Given for a response that is written at x's end, unless its head has been given.
func (x *Exchange) GivenLast(response []byte, now int64) {
	if x == nil {
		return
	}
	var p *Passing
	x.lock()
	if !x.answered() && !x.trimmed {
		p = x.passing(ToClient, x.put(event{step: clientOut, attempt: x.lastAttempt(), at: now, refused: -1}, headOf(response)), now)
	}
	x.unlock()
	x.tell(p)
}

// answered reports whether the head of a final response went to the client. x is locked.
func (x *Exchange) answered() bool {
	for i := range x.events {
		if e := &x.events[i]; e.step == clientOut && !isInterim(x.bytes[e.from:e.to]) {
			return true
		}
	}
	return false
}

// Lasts notes that x goes on without an end in sight: it is kept from now on, and once more at its end.
func (x *Exchange) Lasts(now int64) {
	if x == nil {
		return
	}
	x.lock()
	x.keep(Lately, now)
	if x.answered() {
		x.trim()
	}
	p := x.passing(Lasting, nil, now)
	x.unlock()
	x.tell(p)
}

// trim gives back the memory for x's heads, all of which are kept. Nothing but its end is noted from now on. x is locked.
func (x *Exchange) trim() {
	if x.gone || x.kept == nil {
		return
	}
	less := x.grown + roomFor
	x.grown -= less
	x.book.recording.Add(-less)
	x.events, x.bytes, x.trimmed = x.few[:0], nil, true
}

// End ends x, which is kept or not. Nothing is noted afterwards, unless it is shared.
func (x *Exchange) End(e End) {
	if x == nil {
		return
	}
	x.lock()
	x.end, x.over = e, true
	if on, keeps := x.place(); keeps || x.kept != nil {
		x.keep(on, e.Now)
	}
	p := x.passing(Over, nil, e.Now)
	if p != nil {
		p.Kept = x.viewNow(e.Now)
	}
	if x.going+x.holds <= 0 || !x.shared {
		x.giveBack()
	}
	x.unlock()
	x.tell(p)
}

// place returns the shelf for x, which has ended, and whether it is kept. x is locked.
func (x *Exchange) place() (on Shelf, keeps bool) {
	from, e := &x.arrival, &x.end
	on = from.Lane.Judge(e.failed(), e.Now-from.Began, from.Number)
	if from.Turn && on == from.On || x.book.Turn(from.Lane, on, e.Now) {
		return on, true
	}
	return Lately, from.Turn
}

// Drop ends x, of which nothing is to be kept.
func (x *Exchange) Drop() {
	if x == nil {
		return
	}
	x.lock()
	x.over = true
	if (x.going+x.holds <= 0 || !x.shared) && !x.gone {
		x.giveBack()
	}
	x.unlock()
}

// giveBack gives back what x counts for. x is locked.
func (x *Exchange) giveBack() {
	x.gone = true
	x.book.recording.Add(-baseSize - x.grown)
	x.grown = 0
}
