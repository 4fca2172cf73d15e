// Package trace keeps the last exchanges as they passed: their bytes, times and attempts, bounded in bytes.
//
//	b := trace.New(8 << 20)
//	x := b.Begin(&trace.Arrival{...}, head)     // the client's head is whole
//	a := x.Attempt("127.0.0.1:9001", now)
//	a.Head(head); a.Sent(now); a.Came(head, now); a.Ended(...)
//	x.Given(head, now)
//	x.End(trace.End{...})
//	b.Recent()                                  // newest first
//	b.Find("1f2e3d4c-7")                        // as a whole
//
// Under load few exchanges are kept, so few are recorded. Each route has a Lane, in which exchanges take turns: some in each second.
// An exchange whose turn it is, or of which a watcher is told, is recorded from its beginning. Of the others nothing is recorded, as long as
// they are neither slow nor failed. One that turns out to be so, and whose turn it is among those, is recorded from then on: its owner
// notes what has passed from what is still at hand.
//
// What is kept is a copy, which nothing changes: so it can be read while others are recorded. Credentials and cookies are masked in
// it. Nothing of a body is ever in it.
//
// Every method of a nil *Book and a nil *Exchange does nothing, so that the code of an exchange calls them without asking.
package trace

import "sync/atomic"

// Book records exchanges, and keeps some of them. It is safe for use by several goroutines. Make one with New.
type Book struct {
	mostRecording int64 // bytes that exchanges which are being recorded may have
	recording     atomic.Int64
	missed        atomic.Uint64 // exchanges that were not recorded, because others had all of that
	on            atomic.Bool   // exchanges are recorded
	unrouted      Lane          // of those that have reached no route

	secrets secretNames

	watcher    Watcher     // nil for none; fixed once an exchange has begun
	watchesAll atomic.Bool // of all exchanges, not only of those of routes that ask for it

	shelves shelves
}

// New makes a book that has up to so many bytes: a quarter for exchanges that are being recorded, and most of the rest for what is kept. With 0
// it keeps nothing, and only a watcher is told what passes.
func New(bytes int) *Book {
	b := &Book{mostRecording: max(int64(bytes)/4, 1<<20)}
	b.shelves.init(bytes * 5 / 8)
	b.Switch(true, bytes > 0)
	return b
}

// Switch has exchanges that begin from now on recorded, or not. keeps says that some of them are kept; without, a watcher alone is told of them, and
// what was kept is forgotten.
func (b *Book) Switch(on, keeps bool) {
	b.on.Store(on)
	if b.shelves.keeps.Swap(keeps); !keeps {
		b.shelves.forget()
	}
}

// On reports whether exchanges are recorded. A nil book records none.
func (b *Book) On() bool { return b != nil && b.on.Load() }

// Unrouted is the lane of requests that have reached no route.
func (b *Book) Unrouted() *Lane { return &b.unrouted }

// Watches reports whether a watcher is told of an exchange; route says that its route asks for it.
func (b *Book) Watches(route bool) bool { return b.watchesAll.Load() || route && b.watcher != nil }

// Turn reports whether an exchange of that lane may be kept on that shelf, and takes its turn if it may.
func (b *Book) Turn(l *Lane, on Shelf, now int64) bool {
	return b.shelves.keeps.Load() && l.Take(on, now)
}

// Watch has w told of what passes: of every exchange with all, else of those of routes that ask for it. It is called before the first
// exchange begins.
func (b *Book) Watch(w Watcher, all bool) {
	b.watcher = w
	b.watchesAll.Store(all)
}

// WatchAll says of which exchanges that begin from now on the watcher is told, as Watch does.
func (b *Book) WatchAll(all bool) { b.watchesAll.Store(all) }

// Missed is how many exchanges were not recorded, because those that were had all the memory for it.
func (b *Book) Missed() uint64 { return b.missed.Load() }

// Begin records an exchange whose client's head has come. It returns nil when b is nil, or has no memory left for it.
func (b *Book) Begin(from *Arrival, head []byte) *Exchange {
	if b == nil {
		return nil
	}
	if b.recording.Add(baseSize) > b.mostRecording && !from.Ends {
		b.recording.Add(-baseSize)
		b.miss(from)
		return nil
	}
	x := newExchange(b, from)
	if from.Lane == nil {
		x.arrival.Lane = b.Unrouted()
	}
	x.begin(head)
	return x
}

// miss counts an exchange that is not recorded.
func (b *Book) miss(from *Arrival) {
	b.missed.Add(1)
	if b.Watches(from.Watched) {
		b.watcher.Missed()
	}
}

// Recent returns what is known in short of all exchanges that are kept, newest first.
func (b *Book) Recent() []Summary {
	if b == nil {
		return nil
	}
	return b.shelves.recent()
}

// Find returns the exchange of that id; nil if it is not kept, or not any more. Nothing changes what it returns.
func (b *Book) Find(id string) *Kept {
	if b == nil {
		return nil
	}
	return b.shelves.find(id)
}
