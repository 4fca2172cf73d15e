// Package wire prints exchanges as they pass.
//
//	p := wire.New(os.Stdout, colours, told)
//	book.Watch(p, true)
//	p.Close(time.Second) // once nothing passes any more
//
// Each head is a block of lines, printed when the head passes: where it goes, each line of it, what tenfour removed, added and changed, and what
// it decided. The goroutines that move exchanges hand over what passes and go on: a queue, bounded in bytes, holds it until it is printed. What
// finds no room, or cannot be written, is not shown, and is told.
package wire

import (
	"io"
	"strconv"
	"sync"
	"time"

	"tenfour/trace"
)

// Printer prints what passes. It is safe for use by several goroutines. Make one with New.
type Printer struct {
	to   io.Writer // used by the printer's goroutine alone
	told func(Loss)
	page page
	wake chan struct{} // capacity 1; a value means: something waits, or the printer closes
	done chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex // guards the rest
	waiting []*trace.Passing
	bytes   int // of those, about
	dropped int // found no room, and this has not been said
	missed  int // exchanges that were not recorded, and this has not been said
	loss    Loss
	saidAt  time.Time // when the last loss was told
	closing bool
}

// Loss is how many blocks were not shown since the last report, and why.
type Loss struct {
	Blocks int
	Err    error // of the writer; nil: they found no room, because the program that reads them is too slow
}

// tellEvery is the shortest time between two reports of losses.
const tellEvery = 10 * time.Second

// waitingMost is how many bytes may wait to be printed.
const waitingMost = 512 << 10

// New starts a printer; Close ends it. colours is for a terminal. told is called with what is not shown, at once and then at most every 10
// seconds, and at the end; by any goroutine, so it must not wait.
func New(to io.Writer, colours bool, told func(Loss)) *Printer {
	p := &Printer{to: to, told: told, page: page{colours: colours}, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go p.run() // ends after Close, when the writer has taken or refused what waited
	return p
}

// Passes takes what passes, and never waits.
func (p *Printer) Passes(what *trace.Passing) {
	const each = 400
	n := each + len(what.Head.Raw) + len(what.Made)
	p.mu.Lock()
	room := !p.closing && p.bytes+n <= waitingMost
	if room {
		p.waiting = append(p.waiting, what)
		p.bytes += n
	} else {
		p.dropped++
	}
	p.mu.Unlock()
	p.signal()
	if !room {
		p.lose(1, nil)
	}
}

// lose notes blocks that are not shown, and tells of them if it is time.
func (p *Printer) lose(blocks int, why error) {
	p.mu.Lock()
	p.loss.Blocks += blocks
	if why != nil {
		p.loss.Err = why
	}
	if !p.saidAt.IsZero() && time.Since(p.saidAt) < tellEvery {
		p.mu.Unlock()
		return
	}
	p.saidAt = time.Now()
	loss := p.loss
	p.loss = Loss{}
	p.mu.Unlock()
	p.told(loss)
}

// Missed counts an exchange of which nothing is printed.
func (p *Printer) Missed() {
	p.mu.Lock()
	p.missed++
	p.mu.Unlock()
	p.signal()
}

func (p *Printer) signal() {
	select {
	case p.wake <- struct{}{}:
	default: // a signal is there already
	}
}

// Close ends the printer once it has printed what waits. It waits at most d for that, and reports whether it ended. It tells what was not
// shown by then.
func (p *Printer) Close(d time.Duration) bool {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	p.signal()
	defer p.tellRest()
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-p.done:
		return true
	case <-late.C:
		return false
	}
}

// tellRest tells what has not been told, with what waits still.
func (p *Printer) tellRest() {
	p.mu.Lock()
	loss := p.loss
	loss.Blocks += len(p.waiting)
	p.loss, p.waiting = Loss{}, nil
	p.mu.Unlock()
	if loss.Blocks > 0 {
		p.told(loss)
	}
}

// run prints until the printer is closed, and nothing waits. It goes on after an error of the writer: a disk that is full may have room later.
func (p *Printer) run() {
	defer close(p.done)
	for {
		batch, dropped, missed, closing := p.take()
		for _, what := range batch {
			if _, err := p.to.Write(p.page.block(what)); err != nil {
				p.lose(1, err)
			}
		}
		p.sayLost(dropped, " blocks were not shown: the program that reads them is too slow")
		p.sayLost(missed, " exchanges were not shown: there were too many at once")
		switch {
		case len(batch)+dropped+missed > 0:
		case closing:
			return
		default:
			<-p.wake
		}
	}
}

func (p *Printer) sayLost(n int, words string) {
	if n > 0 {
		io.WriteString(p.to, "... "+strconv.Itoa(n)+words+"\n\n")
	}
}

// take takes all that waits.
func (p *Printer) take() (batch []*trace.Passing, dropped, missed int, closing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	batch, dropped, missed = p.waiting, p.dropped, p.missed
	p.waiting, p.bytes, p.dropped, p.missed = nil, 0, 0, 0
	return batch, dropped, missed, p.closing
}

var _ trace.Watcher = (*Printer)(nil)
