package jobs

import "fmt"

// State is where a job is in its life.
type State uint8

const (
	Accepted    State = iota // on disk; no attempt has begun since it was accepted, or was run again
	Running                  // an attempt is under way
	Waiting                  // the last attempt has ended, and another one follows
	Done                     // the backend has answered, and its answer is the result
	Failed                   // no attempt follows. The result is the last real response, if there was one
	Cancelled                // its client or the operator has ended it
	Interrupted              // tenfour stopped while it ran, and it may not be run a second time by itself
)

var stateNames = [...]string{"accepted", "running", "waiting", "done", "failed", "cancelled", "interrupted"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// ParseState reads what String returns.
func ParseState(text string) (State, error) {
	for s, name := range stateNames {
		if text == name {
			return State(s), nil
		}
	}
	return 0, fmt.Errorf("%q: write one of %q", text, stateNames)
}

// MarshalText writes what String returns.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseState reads.
func (s *State) UnmarshalText(text []byte) (err error) {
	*s, err = ParseState(string(text))
	return err
}

// Ended reports whether nothing more happens to the job by itself.
func (s State) Ended() bool { return s >= Done }

// States is a set of states.
type States uint8

// The sets that are asked for most.
const (
	Unfinished = States(1<<Accepted | 1<<Running | 1<<Waiting)
	Ended      = States(1<<Done | 1<<Failed | 1<<Cancelled | 1<<Interrupted)
	All        = Unfinished | Ended
)

// Only returns the set of these states.
func Only(states ...State) (set States) {
	for _, s := range states {
		set |= 1 << s
	}
	return set
}

// Has reports whether s is in the set.
func (set States) Has(s State) bool { return set&(1<<s) != 0 }
