package runner

import (
	"runtime/debug"
	"sync"
)

// doersMost is how many goroutines do at once what may wait for the disk. What they write in the same moment is committed together.
const doersMost = 256

// doers are goroutines that do what may wait for the disk. They are started when there is something to do, and end when there is nothing. What
// waits for one is bounded by what asks: a client's connection has one errand, and an attempt one step. The zero value is ready.
type doers struct {
	told func(of *entry, v any, stack []byte) // hears of a panic; fixed

	mu      sync.Mutex // guards the rest
	waiting []task     // in the order in which they came
	doing   int
	idle    chan struct{} // closed when nothing is done and end waits for that; nil before
}

// task is something to do, and for which job; nil for none.
type task struct {
	of   *entry
	what func()
}

// do has a goroutine do something. It may be about a job: a panic costs that one only.
func (d *doers) do(of *entry, what func()) {
	d.mu.Lock()
	d.waiting = append(d.waiting, task{of, what})
	another := d.doing < doersMost
	if another {
		d.doing++
	}
	d.mu.Unlock()
	if another {
		go d.work() // ends when nothing waits
	}
}

// work does one thing after the other.
func (d *doers) work() {
	for {
		t, some := d.next()
		if !some {
			return
		}
		d.once(t)
	}
}

// once does one thing. A panic ends here.
func (d *doers) once(t task) {
	defer func() {
		if v := recover(); v != nil {
			d.told(t.of, v, debug.Stack())
		}
	}()
	t.what()
}

// next takes what has waited longest. If nothing waits, the caller ends.
func (d *doers) next() (t task, some bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting) == 0 {
		d.waiting = nil
		if d.doing--; d.doing == 0 && d.idle != nil {
			close(d.idle)
			d.idle = nil
		}
		return task{}, false
	}
	t = d.waiting[0]
	d.waiting[0] = task{}
	d.waiting = d.waiting[1:]
	return t, true
}

// end returns when everything that was to be done is done. Nothing more is asked for.
func (d *doers) end() {
	d.mu.Lock()
	idle := make(chan struct{})
	if d.doing == 0 {
		close(idle)
	} else {
		d.idle = idle
	}
	d.mu.Unlock()
	<-idle
}
