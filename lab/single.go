package lab

import (
	"fmt"
	"net/http"
	"time"
)

// single is a server with one thread: it serves one connection at a time, and a few more wait in the kernel.
type single struct {
	queue int
	sleep time.Duration
	keep  bool
}

func newSingle(o *options) fault {
	f := new(single)
	o.count(&f.queue, "backlog", "5", 1, 5, "connections that may wait in the kernel, 1 to 5 (Linux keeps one more)")
	o.duration(&f.sleep, "sleep", "2ms", 0, "of work for each request")
	o.yes(&f.keep, "keep", "false", "true: it keeps a connection open, and serves no other until that ends")
	return f
}

func (f *single) does() string {
	if f.keep {
		return fmt.Sprintf("serves one connection until its client ends it, %v a request, while %d more may wait", f.sleep, f.queue)
	}
	return fmt.Sprintf("serves one connection after the other, one request of %v each, while %d more may wait", f.sleep, f.queue)
}

func (f *single) backlog() int { return f.queue }

func (f *single) run(b *Faulty) {
	for {
		v, ok := b.accept()
		if !ok {
			return
		}
		f.meet(v)
		v.Close()
	}
}

func (f *single) meet(v *visit) {
	for {
		r, ok := v.next()
		if !ok || !v.backend.pause(f.sleep) {
			return
		}
		if !f.keep {
			v.answerLast(r)
			return
		}
		if !v.answer(r, http.StatusOK) {
			return
		}
	}
}
