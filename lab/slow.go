package lab

import (
	"fmt"
	"net/http"
	"time"
)

// slow is a backend that is slow: before its answer, and within it.
type slow struct {
	delay time.Duration
	rate  size // bytes of body a second; 0 is all at once
	size  size
}

func newSlow(o *options) fault {
	f := new(slow)
	o.duration(&f.delay, "delay", "300ms", 0, "until it answers")
	o.size(&f.rate, "rate", "0", 0, "bytes of body a second; 0 is all at once")
	o.size(&f.size, "size", "4KiB", 0, "of the body")
	return f
}

func (f *slow) does() string {
	if f.rate == 0 {
		return fmt.Sprintf("answers %v after each request", f.delay)
	}
	return fmt.Sprintf("answers %v after each request, then sends its %v of body at %v a second", f.delay, f.size, f.rate)
}

func (f *slow) backlog() int  { return roomy }
func (f *slow) run(b *Faulty) { b.each(f.meet) }

func (f *slow) meet(v *visit) {
	for {
		r, ok := v.next()
		if !ok || !v.backend.pause(f.delay) || !v.begin(r, f.size) {
			return
		}
		if r.Method != http.MethodHead && !v.paced(f.size, f.rate, v.fill) || r.Close {
			return
		}
	}
}
