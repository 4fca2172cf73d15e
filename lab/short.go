package lab

import (
	"fmt"
	"net/http"
)

// short is a server that announces more bytes than it sends.
type short struct {
	size size
}

func newShort(o *options) fault {
	f := new(short)
	o.size(&f.size, "size", "1KiB", 1, "what Content-Length says")
	return f
}

func (f *short) does() string {
	return fmt.Sprintf("announces %v, sends half of it, and closes", f.size)
}

func (f *short) backlog() int  { return roomy }
func (f *short) run(b *Faulty) { b.each(f.meet) }

func (f *short) meet(v *visit) {
	if r, ok := v.next(); ok && v.begin(r, f.size) && r.Method != http.MethodHead {
		v.fill(f.size / 2)
	}
}
