package control

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"tenfour/jobs"
	"tenfour/value/amount"
)

// Selection says which jobs are meant: those for which all of it is true. The zero value is all jobs.
type Selection struct {
	States jobs.States   // zero for all states
	Paused bool          // only those that are paused
	Route  string        // "" for all routes
	IDs    []string      // whole ids, or at least leastDigits digits that one begins with; none for all
	Older  time.Duration // only those that ended at least that long ago, or were made if they have not ended
}

// leastDigits is how many digits of an id must be written. So many are in a line of the log.
const leastDigits = jobs.ShortDigits

// mostIDs is how many ids one request may have.
const mostIDs = 10_000

// Values is s as the parameters of a request.
func (s Selection) Values() url.Values {
	v := url.Values{"id": s.IDs, "state": namesOf(s.States)}
	if s.Paused {
		v.Add("state", pausedWord)
	}
	if s.Route != "" {
		v.Set("route", s.Route)
	}
	if s.Older != 0 {
		v.Set("older", s.Older.String())
	}
	return v
}

// pausedWord is written where a state is. It is not one, but people look for it there.
const pausedWord = "paused"

// SetStates reads states, each one or several with commas between them: "failed", "done,failed", "paused".
func (s *Selection) SetStates(texts []string) error {
	for word := range strings.SplitSeq(strings.Join(texts, ","), ",") {
		word = strings.TrimSpace(word)
		if word == pausedWord {
			s.Paused = true
			continue
		}
		state, err := jobs.ParseState(word)
		if err != nil {
			return fmt.Errorf("%q is no state of a job: write one of %s", word, strings.Join(append(namesOf(jobs.All), pausedWord), ", "))
		}
		s.States |= jobs.Only(state)
	}
	return nil
}

// namesOf returns the states of a set, as they are written.
func namesOf(set jobs.States) (names []string) {
	for state := jobs.Accepted; state <= jobs.Interrupted; state++ {
		if set.Has(state) {
			names = append(names, state.String())
		}
	}
	return names
}

// SetOlder reads a duration: 24h, 7d.
func (s *Selection) SetOlder(text string) (err error) {
	if s.Older, err = amount.ParseDuration(text); err != nil || s.Older < 0 {
		return fmt.Errorf("older %q: write how long ago, such as 24h or 7d", text)
	}
	return nil
}

// SetIDs reads ids, or what they begin with.
func (s *Selection) SetIDs(texts []string) error {
	if len(texts) > mostIDs {
		return fmt.Errorf("%d ids: at most %d at once", len(texts), mostIDs)
	}
	for _, text := range texts {
		id := strings.ToLower(text)
		if len(id) < leastDigits || len(id) > idDigits || strings.Trim(id, "0123456789abcdef") != "" {
			return fmt.Errorf("%q is no id of a job: write its %d digits (0-9, a-f), or at least its first %d", text, idDigits, leastDigits)
		}
		s.IDs = append(s.IDs, id)
	}
	return nil
}

const idDigits = 32

// selectionOf reads what Values wrote.
func selectionOf(v url.Values) (s Selection, err error) {
	if texts := v["state"]; len(texts) > 0 {
		err = s.SetStates(texts)
	}
	if text := v.Get("older"); text != "" {
		err = errors.Join(err, s.SetOlder(text))
	}
	s.Route = v.Get("route")
	return s, errors.Join(err, s.SetIDs(v["id"]))
}

// states are those that may be in s, for the store.
func (s Selection) states() jobs.States {
	states := s.States
	if states == 0 {
		states = jobs.All
	}
	if s.Paused {
		states &= jobs.Unfinished
	}
	return states
}

// has reports whether a job is meant, but for its id.
func (s Selection) has(j jobs.Job, now time.Time) bool {
	since := j.Created
	if j.State.Ended() {
		since = j.Ended
	}
	return s.states().Has(j.State) && (!s.Paused || j.Paused) && (s.Route == "" || s.Route == j.Request.Route) && now.Sub(since) >= s.Older
}
