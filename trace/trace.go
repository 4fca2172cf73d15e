// Package trace keeps the last exchanges as they passed: their bytes, times and attempts, bounded in bytes.
//
//	b := trace.New(8 << 20)
//	x := b.Begin(&trace.Arrival{...}, head)     // the client's head is whole; nil when b is nil, or has no memory left
//	a := x.Attempt("127.0.0.1:9001", now)
//	a.Head(head); a.Sent(now); a.Came(head, now); a.Ended(...)
//	x.Given(head, now)
//	x.End(trace.End{...})                       // x may be used again from here on
//	b.Recent()                                  // newest first
//	b.Find("1f2e3d4c-7")                        // as a whole
//
// Recording copies heads into memory that is used again. Whether an exchange is kept is decided at its end, because only then it is
// known to be slow, or to have failed. What is kept is a copy, which nothing changes: so it can be read while others are recorded.
// Credentials and cookies are masked in it. Nothing of a body is ever in it.
//
// Every method of a nil *Book and a nil *Exchange does nothing, so that the code of an exchange calls them without asking.
package trace

import (
	"sync"
	"sync/atomic"
)

// Book records exchanges, and keeps some of them. It is safe for use by several goroutines. Make one with New.
type Book struct {
	mostRecording int64 // bytes that exchanges which are being recorded may have; as many again may be in the pool
	recording     atomic.Int64
	missed        atomic.Uint64 // exchanges that were not recorded, because others had all of that
	pool          sync.Pool     // of *Exchange

	secrets secretNames

	watcher    Watcher     // nil for none; fixed once an exchange has begun
	watchesAll atomic.Bool // of all exchanges, not only of those of routes that ask for it

	shelves shelves
}

// New makes a book that has up to so many bytes: a quarter for exchanges that are being recorded, as much for the memory of those that were, and
// most of the rest for what is kept. With 0 it keeps nothing, and only a watcher is told what passes.
func New(bytes int) *Book {
	b := &Book{mostRecording: max(int64(bytes)/4, 1<<20)}
	b.pool.New = func() any { return newExchange(b) }
	b.shelves.init(bytes * 7 / 16)
	return b
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
	if b.recording.Add(baseSize) > b.mostRecording {
		b.recording.Add(-baseSize)
		b.miss()
		return nil
	}
	x := b.pool.Get().(*Exchange)
	x.begin(from, head)
	return x
}

// miss counts an exchange that is not recorded.
func (b *Book) miss() {
	b.missed.Add(1)
	if b.watchesAll.Load() {
		b.watcher.Missed()
	}
}

// Late keeps an exchange that has ended, has failed, and was not recorded: with its client's head alone.
func (b *Book) Late(from *Arrival, head []byte, end End) {
	if b == nil || !end.failed() {
		return
	}
	x := newExchange(b)
	x.shared = true // it does not go to the pool
	b.recording.Add(baseSize)
	x.begin(from, head)
	x.End(end)
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
