package lab

import (
	"fmt"
	"net/http"
)

// reset is a server that crashes while it reads a request: its kernel resets the connection.
type reset struct {
	chance
}

func newReset(o *options) fault {
	f := new(reset)
	f.bind(o, "1")
	return f
}

func (f *reset) does() string {
	if f.fail == 1 {
		return "reads each request, and resets the connection without an answer"
	}
	return fmt.Sprintf("reads each request, and resets the connection of %.4g %% of them without an answer", 100*f.fail)
}

func (f *reset) backlog() int  { return roomy }
func (f *reset) run(b *Faulty) { b.each(f.meet) }

func (f *reset) meet(v *visit) {
	for {
		r, ok := v.next()
		if !ok {
			return
		}
		if f.fails(f.of(r)) {
			v.abort()
			return
		}
		if !v.answer(r, http.StatusOK) {
			return
		}
	}
}
