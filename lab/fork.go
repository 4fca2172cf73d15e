package lab

import (
	"fmt"
	"time"
)

// fork is a server that closes its listening socket each time it accepts a client, and opens it again when it is done:
// a netcat in a shell's loop, a BASIC program with one channel.
//
// Between two openings clients are refused. A client that connected while the socket was open, but was not the accepted one,
// waits in the backlog. When the socket closes the kernel resets it, even if it has sent its request, which the server never
// saw.
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

// backlog is the smallest possible, so that hardly any client waits in vain.
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
