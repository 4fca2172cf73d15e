package lab

import (
	"fmt"
	"net/http"
	"time"
)

// restart is a good server that somebody keeps restarting.
type restart struct {
	up, down time.Duration
}

func newRestart(o *options) fault {
	f := new(restart)
	o.duration(&f.up, "up", "1s", time.Millisecond, "for which it serves well")
	o.duration(&f.down, "down", "500ms", 0, "for which its port is closed")
	return f
}

func (f *restart) does() string {
	return fmt.Sprintf("serves well for %v, resets every connection, is gone for %v, and again", f.up, f.down)
}

func (f *restart) backlog() int { return roomy }

func (f *restart) run(b *Faulty) {
	for {
		death := time.AfterFunc(f.up, b.shut)
		b.each(serveWell)
		death.Stop()
		b.cut()
		b.visits.Wait() // a process that is dead answers nothing
		if !b.reopen(f.down) {
			return
		}
	}
}

// serveWell is what a backend without a fault does.
func serveWell(v *visit) {
	for {
		r, ok := v.next()
		if !ok || !v.answer(r, http.StatusOK) {
			return
		}
	}
}
