package pool

import (
	"math/rand/v2"
	"time"
)

// rhythm learns how long a backend stays down, if its outages last equally long: a server that closes its socket for each
// request, or one that a supervisor starts again after a fixed pause. Then trials are timed so that one comes when the
// backend is back. They do not come more often: never sooner than one pause after the other. The zero value knows nothing,
// and spreads trials at random.
type rhythm struct {
	aim  int64 // how long after the begin of an outage a trial should come, in nanoseconds; 0 if unknown
	step int64 // by how much aim is made sooner next
}

// first returns how long after the begin of the outage the first trial should come.
func (r *rhythm) first(every int64) int64 {
	if r.aim < every {
		return jittered(every)
	}
	return every + r.aim%every // and pauses of exactly every lead to the aim
}

// pause returns the time between a trial, which came at after the outage's begin, and the next one.
func (r *rhythm) pause(every, at int64) int64 {
	if at < r.aim-every/2 {
		return every
	}
	return jittered(every)
}

// learn takes note of an outage that was over at a trial made at a time after its begin. An aim that was met is moved
// forward a little, until a trial comes too early; that costs a whole pause, so the next one is not for long.
func (r *rhythm) learn(at, every int64) {
	tolerance := every / 3
	switch off := at - r.aim; {
	case r.aim == 0 || off < -tolerance || off > 3*every:
		r.aim, r.step = at, every/4
	case off > tolerance: // too early, and found by the trial after that
		r.aim += max(r.step, every/8)
		r.step = every / 128
		return
	}
	r.aim -= r.step
}

// jittered returns every, and up to a quarter more, so that several proxies do not try in step.
func jittered(every int64) int64 {
	if every <= 0 {
		every = int64(10 * time.Millisecond)
	}
	return every + rand.Int64N(every/4+1)
}
