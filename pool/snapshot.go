package pool

import "time"

// Snapshot is the state of the pool at a moment. It shares nothing with the pool.
type Snapshot struct {
	Backends []BackendState
	Queues   []QueueState
}

// BackendState is the state of a backend.
type BackendState struct {
	Name    string
	Up      bool
	Why     string        // why it is down, in words that follow its name
	Since   time.Duration // how long it has been down
	Changed time.Duration // since it went down or came up last; 0 if it was always up
	NextTry time.Duration // until it may be tried again; 0 if that is now, or if it is up
	Trying  bool          // a task is trying it
	Sick    bool          // its health check has failed

	Workers  int   // slots; with auto, those that are used now, and Busy may be more for a moment
	Width    int   // slots that may have a task: all of them, but fewer at first after an outage
	Busy     int   // slots that have a task
	Readers  int   // of those, the ones whose workers wait only because a client reads slowly
	Auto     bool  // the number of workers is found from latency
	Most     int   // slots that it may have
	Streams  int   // connections beyond the slots, of exchanges that last
	Failures int   // exchanges in a row that it failed
	Served   int64 // tasks that its workers have begun
}

// QueueState is the state of a queue.
type QueueState struct {
	Name       string
	LaneState            // of clients' tasks
	Background LaneState // of those of the background
	Held       bool      // its backends are all down, and its tasks wait for them
}

// LaneState is the state of one lane of a queue.
type LaneState struct {
	Waiting int
	Most    int           // tasks that may wait
	Oldest  time.Duration // how long the first task has waited
}

// state is l's at a moment.
func (l *lane) state(now int64) LaneState {
	s := LaneState{Waiting: l.waiting, Most: l.most}
	if l.waiting > 0 {
		s.Oldest = time.Duration(now - l.first().entered)
	}
	return s
}

// Snapshot returns the state of the pool.
func (p *Pool) Snapshot() Snapshot {
	p.mu.Lock()
	defer p.unlock()
	now := p.lot.Now()
	var s Snapshot
	for _, b := range p.backends {
		state := BackendState{
			Name: b.Name, Up: b.up(), Workers: b.limit, Width: b.width, Busy: b.busy(), Streams: b.streams,
			Failures: b.failures, Served: b.served.Load(), Readers: b.readers(), Auto: b.auto != nil, Most: b.most(),
		}
		if b.outage.ended != 0 {
			state.Changed = time.Duration(now - b.outage.ended)
		}
		if o := &b.outage; !state.Up {
			state.Why, state.Since, state.Sick = o.why.String(), time.Duration(now-o.since), o.sick
			state.Changed = state.Since
			state.Trying, state.NextTry = o.trial != nil, time.Duration(max(0, o.next-now))
		}
		s.Backends = append(s.Backends, state)
	}
	for _, q := range p.queues {
		state := QueueState{Name: q.Name, Held: q.waits() && q.hold > 0 && q.allDown()}
		state.LaneState, state.Background = q.lanes[clients].state(now), q.lanes[background].state(now)
		s.Queues = append(s.Queues, state)
	}
	return s
}

// readers returns how many of b's workers wait only because a client reads slowly.
func (b *Backend) readers() (n int) {
	for _, s := range b.slots {
		if s.reader.Load() {
			n++
		}
	}
	return n
}
