package lab

import (
	"fmt"
	"net/http"
)

// big is a server with a large body, which it sends as fast as the client reads.
type big struct {
	size size
}

func newBig(o *options) fault {
	f := new(big)
	o.size(&f.size, "size", "100MiB", 0, "of the body")
	return f
}

func (f *big) does() string {
	return fmt.Sprintf("answers with %v, as fast as they are taken", f.size)
}

func (f *big) backlog() int  { return roomy }
func (f *big) run(b *Faulty) { b.each(f.meet) }

func (f *big) meet(v *visit) {
	for {
		r, ok := v.next()
		if !ok || !v.begin(r, f.size) {
			return
		}
		if r.Method != http.MethodHead && !v.fill(f.size) || r.Close {
			return
		}
	}
}
