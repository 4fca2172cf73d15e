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
		if r.Method != http.MethodHead && !f.sendBody(v) || r.Close {
			return
		}
	}
}

// sendBody sends the body in pieces, with pauses that give the rate: twenty pieces a second, or less often a single byte.
func (f *slow) sendBody(v *visit) bool {
	if f.rate == 0 {
		return v.fill(f.size)
	}
	piece := max(f.rate/20, 1)
	every := time.Duration(float64(piece) / float64(f.rate) * float64(time.Second))
	for left := f.size; left > 0; left -= piece {
		if !v.fill(min(piece, left)) || !v.backend.pause(every) {
			return false
		}
	}
	return true
}
