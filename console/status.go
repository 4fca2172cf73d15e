package console

import (
	"encoding/json"
	"sync"
	"time"
)

// snapshots are the status, each made once for all that ask at about the same time: so clients that ask fast cost no more than one.
type snapshots struct {
	make func() any

	mu   sync.Mutex // guards the rest, and is held while a snapshot is made: only goroutines of the console wait for it
	made time.Time
	last []byte // JSON
}

// fresh is for how long a snapshot is the present.
const fresh = 100 * time.Millisecond

// take returns the status as JSON. The caller does not change it.
func (s *snapshots) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && time.Since(s.made) < fresh {
		return s.last
	}
	text, err := json.Marshal(s.make())
	if err != nil {
		text, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	s.last, s.made = text, time.Now()
	return text
}

// forget has the next snapshot made anew.
func (s *snapshots) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = nil
}
