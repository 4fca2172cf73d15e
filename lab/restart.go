package lab

import (
	"fmt"
	"net/http"
	"time"
)

// restart is a server without a fault that restarts again and again.
type restart struct {
	up, down time.Duration
}

func newRestart(o *options) fault {
	f := new(restart)
	o.duration(&f.up, "up", "1s", time.Millisecond, "how long it serves well")
	o.duration(&f.down, "down", "500ms", 0, "how long its port is closed")
	return f
}

func (f *restart) does() string {
	return fmt.Sprintf("serves well for %v, resets every connection, is gone for %v, and begins again", f.up, f.down)
}

func (f *restart) backlog() int { return roomy }

func (f *restart) run(b *Faulty) {
	for {
		death := time.AfterFunc(f.up, b.shut)
		b.each(serveWell)
		death.Stop()
		b.cut()
		b.visits.Wait() // a process that has ended sends no answer
		if !b.reopen(f.down) {
			return
		}
	}
}

// serveWell serves a client as a backend without a fault does.
func serveWell(v *visit) {
	for {
		r, ok := v.next()
		if !ok || !v.answer(r, http.StatusOK) {
			return
		}
	}
}
