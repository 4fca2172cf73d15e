package lab

import (
	"fmt"
	"time"
)

// fork is a server that closes its listening socket with every client that it takes, and opens it again when it is done:
// a netcat in a shell's loop, a BASIC program with one channel.
//
// Between two openings, clients are refused. Who came while it was still open, but was not the one that was taken, waits in
// the backlog and is reset by the kernel when the socket closes, request and all: the server never saw it.
type fork struct {
	pause time.Duration
}

func newFork(o *options) fault {
	f := new(fork)
	o.duration(&f.pause, "pause", "40ms", 0, "from the end of an answer until it listens again")
	return f
}

func (f *fork) does() string {
	return fmt.Sprintf("closes its port at every accept, answers that one request, and listens again %v later", f.pause)
}

// backlog is the least there is, so that nearly nobody waits in vain.
func (f *fork) backlog() int { return 1 }

func (f *fork) run(b *Faulty) {
	for {
		v, ok := b.accept()
		if !ok {
			return
		}
		b.shut()
		if r, ok := v.next(); ok {
			v.answerLast(r)
		}
		v.Close()
		if !b.reopen(f.pause) {
			return
		}
	}
}
