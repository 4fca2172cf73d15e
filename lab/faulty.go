package lab

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// Faulty is one misbehaving backend. StartFaulty makes it. It is safe for use by several goroutines.
type Faulty struct {
	fault fault
	seen  func(int, *http.Request)
	door  *door

	explain func([]byte) Explanation // nil, or Plan.Explain

	saying sync.Mutex   // held while said is called
	said   func(string) // nil, or Plan.Said

	closing context.Context
	cancel  context.CancelFunc
	ended   chan struct{}  // closed when the fault's run has returned
	visits  sync.WaitGroup // a goroutine for each visit; only the fault's run adds

	mu       sync.Mutex   // guards the rest
	listener net.Listener // nil while the port is shut
	open     map[*visit]bool
	counts   Counts
}

// Counts are what a misbehaving backend has counted so far.
type Counts struct {
	Openings    int // how often it began to listen
	Connections int // how many it accepted
	Requests    int // how many arrived whole
}

func newFaulty(p *Plan) (*Faulty, error) {
	d, err := newDoor(p.Listen)
	if err != nil {
		return nil, err
	}
	b := &Faulty{fault: p.fault, seen: p.Seen, door: d, explain: p.Explain, said: p.Said, ended: make(chan struct{}), open: map[*visit]bool{}}
	b.closing, b.cancel = context.WithCancel(context.Background())
	if n := b.fault.backlog(); n != shut {
		if err := b.listen(n); err != nil {
			b.cancel()
			d.close()
			return nil, err
		}
	}
	if f, ok := b.fault.(beginner); ok {
		if err := f.begin(); err != nil {
			b.cancel()
			b.shut()
			d.close()
			return nil, err
		}
	}
	return b, nil
}

// Addr returns where it listens, as "127.0.0.1:PORT". It never changes.
func (b *Faulty) Addr() string { return b.door.addr.String() }

// Counts returns what it has counted so far.
func (b *Faulty) Counts() Counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts
}

// Close ends the backend, resets its connections, gives its port up, and returns when all its goroutines have ended. A
// second Close does nothing.
func (b *Faulty) Close() error {
	b.cancel()
	b.shut()
	b.cut()
	<-b.ended
	b.visits.Wait()
	b.door.close() // a second time it is an error, which is ignored
	return nil
}

func (b *Faulty) run() {
	defer close(b.ended)
	b.fault.run(b)
}

// accept waits for a client, which the caller must close. It is not ok if the port has been shut.
func (b *Faulty) accept() (v *visit, ok bool) {
	b.mu.Lock()
	ln := b.listener
	b.mu.Unlock()
	if ln == nil {
		return nil, false
	}
	for {
		c, err := ln.Accept()
		if err == nil {
			return b.admit(c.(*net.TCPConn))
		}
		if !b.isOpen(ln) || !b.pause(breath) {
			return nil, false
		}
	}
}

// breath is the pause after the kernel has refused something, such as a descriptor.
const breath = 5 * time.Millisecond

func (b *Faulty) isOpen(ln net.Listener) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.listener == ln
}

// admit makes a visit of a connection, unless Close has been called, which might not see the visit any more.
func (b *Faulty) admit(c *net.TCPConn) (*visit, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing.Err() != nil {
		c.Close()
		return nil, false
	}
	b.counts.Connections++
	v := newVisit(b, c, b.counts.Connections)
	b.open[v] = true
	return v, true
}

// each calls meet for every client, in a goroutine of its own, until the port is shut.
func (b *Faulty) each(meet func(*visit)) {
	for {
		v, ok := b.accept()
		if !ok {
			return
		}
		b.visits.Go(func() { // ends with meet, at the latest when the visit is cut
			defer v.Close()
			meet(v)
		})
	}
}

// listen opens the port, unless Close has been called.
func (b *Faulty) listen(backlog int) error {
	ln, err := b.door.open(backlog)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing.Err() != nil {
		ln.Close()
		return nil
	}
	b.listener = ln
	b.counts.Openings++
	return nil
}

// shut closes the listening socket. The kernel resets the connections that waited in its backlog.
func (b *Faulty) shut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener != nil {
		b.listener.Close()
		b.listener = nil
	}
}

// reopen listens again after a pause. It reports false when the backend is being closed.
func (b *Faulty) reopen(after time.Duration) bool {
	for b.pause(after) {
		if b.listen(b.fault.backlog()) == nil {
			return true
		}
		after = breath
	}
	return false
}

// cut resets every connection.
func (b *Faulty) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for v := range b.open {
		v.abort()
	}
}

// pause waits. It reports false when the backend is being closed.
func (b *Faulty) pause(d time.Duration) bool {
	if d <= 0 {
		return b.closing.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-b.closing.Done():
		return false
	}
}

// count gives a request its number and calls Plan.Seen. It does both under the lock, so that Seen is called in the order of
// the numbers.
func (b *Faulty) count(r *http.Request) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts.Requests++
	if b.seen != nil {
		b.seen(b.counts.Requests, r)
	}
	return b.counts.Requests
}

// say tells of something that the backend has done.
func (b *Faulty) say(line string) {
	if b.said != nil {
		b.saying.Lock()
		defer b.saying.Unlock()
		b.said(line)
	}
}

func (b *Faulty) forget(v *visit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, v)
}
