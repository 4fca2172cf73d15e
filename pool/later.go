package pool

// later is what the pool does once it is unlocked, because it runs code of another package, which may wait, write a log line, or
// call the pool. While the pool is locked it is only noted here. The zero value is nothing to do.
type later struct {
	wakes *Slot // wake its worker; nil for none
	rare  rare
	some  bool // rare is not empty
}

// rare is what an exchange that is simply served does not need.
type rare struct {
	wakes    []*Slot // wake the workers of these too
	starts   []*Slot // start their workers
	unserved []unserved
	reports  bool // report events
}

// unserved is a task whose Unserved is to be called. It is in no queue any more.
type unserved struct {
	at      *Place
	outcome Outcome
}

// wake notes that s's worker has something to look at.
func (p *Pool) wake(s *Slot) {
	if p.later.wakes == nil { // nearly always there is one at most
		p.later.wakes = s
		return
	}
	p.later.rare.wakes, p.later.some = append(p.later.rare.wakes, s), true
}

// start notes that s needs a worker.
func (p *Pool) start(s *Slot) {
	p.later.rare.starts, p.later.some = append(p.later.rare.starts, s), true
}

// dismiss notes that the task of a place is unserved.
func (p *Pool) dismiss(u unserved) {
	p.later.rare.unserved, p.later.some = append(p.later.rare.unserved, u), true
}

// note notes an event, to be reported. If eventsMost wait already, because the function that OnEvent was given does not
// return, the event is dropped.
func (p *Pool) note(e Event) {
	if len(p.events) < eventsMost {
		p.events = append(p.events, e)
	}
	p.later.rare.reports, p.later.some = true, true
}

// eventsMost is how many events wait to be reported.
const eventsMost = 1024

// unlock unlocks the pool, and does what was noted meanwhile. Every use of the pool ends with it.
func (p *Pool) unlock() {
	wakes, some := p.later.wakes, p.later.some
	if wakes != nil {
		p.later.wakes = nil
	}
	if some {
		todo := p.later.rare
		p.later = later{}
		p.mu.Unlock()
		p.do(wakes, &todo)
		return
	}
	p.mu.Unlock()
	if wakes != nil {
		wakes.Notify()
	}
}

// do does what was noted. The pool is not locked.
func (p *Pool) do(wakes *Slot, todo *rare) {
	if wakes != nil {
		wakes.Notify()
	}
	for _, s := range todo.wakes {
		s.Notify()
	}
	for _, s := range todo.starts {
		s.Backend.start(s)
	}
	for _, u := range todo.unserved {
		u.at.ignore()
		u.at.task.Unserved(u.outcome)
	}
	if todo.reports {
		p.report()
	}
}

// report gives all events to the function that OnEvent was given. One goroutine at a time does, so that their order is kept:
// others leave their events to it.
func (p *Pool) report() {
	p.mu.Lock()
	if p.reporting {
		p.mu.Unlock()
		return
	}
	p.reporting = true
	for len(p.events) > 0 {
		e := p.events[0]
		p.events = p.events[1:]
		p.mu.Unlock()
		p.onEvent(e)
		p.mu.Lock()
	}
	p.events, p.reporting = nil, false
	p.mu.Unlock()
}
