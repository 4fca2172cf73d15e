package pool

import "time"

// Snapshot is how the pool stands at a moment. It shares nothing with the pool.
type Snapshot struct {
	Backends []BackendState
	Queues   []QueueState
}

// BackendState is how a backend stands.
type BackendState struct {
	Name    string
	Up      bool
	Why     string        // it is down, in words that follow its name
	Since   time.Duration // how long it has been down
	NextTry time.Duration // until it may be tried again; 0 is now, or that it is up
	Trying  bool          // an exchange tries it
	Sick    bool          // its health check says that it is not well

	Workers  int // slots; with auto, those that are used now, and Busy may be more for a moment
	Width    int // of which so many may be used: all of them, but for the first moments after an outage
	Busy     int // of which so many are
	Streams  int // connections lent to what lasts
	Failures int // exchanges that were lost to it, in a row
	Served   int64
}

// QueueState is how a queue stands.
type QueueState struct {
	Name    string
	Waiting int
	Most    int           // that may wait
	Oldest  time.Duration // how long the first has waited
	Held    bool          // they wait for backends that are all down
}

// Snapshot returns how the pool stands now.
func (p *Pool) Snapshot() Snapshot {
	p.mu.Lock()
	defer p.unlock()
	now := p.lot.Now()
	var s Snapshot
	for _, b := range p.backends {
		state := BackendState{
			Name: b.Name, Up: b.up(), Workers: b.limit, Width: b.width, Busy: b.busy(), Streams: b.streams,
			Failures: b.failures, Served: b.served.Load(),
		}
		if o := &b.outage; !state.Up {
			state.Why, state.Since, state.Sick = o.why, time.Duration(now-o.since), o.sick
			state.Trying, state.NextTry = o.trial != nil, time.Duration(max(0, o.next-now))
		}
		s.Backends = append(s.Backends, state)
	}
	for _, q := range p.queues {
		state := QueueState{Name: q.Name, Waiting: q.waiting, Most: q.most}
		if q.waiting > 0 {
			state.Oldest, state.Held = time.Duration(now-q.head.next.entered), q.hold > 0 && q.allDown()
		}
		s.Queues = append(s.Queues, state)
	}
	return s
}
