package lab

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// flaky is an API that fails one call in four, and whose answers take a random time.
type flaky struct {
	chance
	statuses []int
	delay    time.Duration
}

func newFlaky(o *options) fault {
	f := new(flaky)
	f.bind(o, "0.25")
	o.add("status", "500", "of a failure, 400 to 599; one of several: 500|502|503", f.setStatuses)
	o.duration(&f.delay, "delay", "300ms", 0, "each answer takes up to this")
	return f
}

func (f *flaky) setStatuses(text string) error {
	f.statuses = nil
	for one := range strings.SplitSeq(text, "|") {
		status, err := strconv.Atoi(one)
		if err != nil || status < 400 || status > 599 {
			return errors.New("write a status from 400 to 599, or several: 500|502|503")
		}
		f.statuses = append(f.statuses, status)
	}
	return nil
}

func (f *flaky) does() string {
	texts := make([]string, len(f.statuses))
	for i, status := range f.statuses {
		texts[i] = strconv.Itoa(status)
	}
	return fmt.Sprintf("answers within %v, and %.4g %% of its answers are %s", f.delay, 100*f.fail, strings.Join(texts, " or "))
}

func (f *flaky) backlog() int  { return roomy }
func (f *flaky) run(b *Faulty) { b.each(f.meet) }

func (f *flaky) meet(v *visit) {
	for {
		r, ok := v.next()
		if !ok {
			return
		}
		dice, status := f.of(r), http.StatusOK
		if f.fails(dice) {
			status = f.statuses[dice.IntN(len(f.statuses))]
		}
		if !v.backend.pause(time.Duration(dice.Float64()*float64(f.delay))) || !v.answer(r, status) {
			return
		}
	}
}
