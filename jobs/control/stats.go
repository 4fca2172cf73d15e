package control

import (
	"net/http"

	"tenfour/jobs"
)

// Stats are the counters of the jobs, as an operator and a metrics page see them. The names in JSON stay as they are. Those that are said
// to be since the start begin at 0 when tenfour starts.
type Stats struct {
	Jobs      int               `json:"jobs"`           // in the store
	States    map[string]int    `json:"states"`         // of them, in each state
	Bytes     int64             `json:"bytes"`          // of their records and bodies
	Oldest    float64           `json:"oldest_seconds"` // since the oldest job was made that has not ended; 0 for none
	Due       int               `json:"due"`            // jobs whose next attempt could begin, and which wait for their turn
	Running   int               `json:"running"`        // attempts under way
	Unsaved   int               `json:"unsaved"`        // ends of attempts that the disk could not take yet
	Awaited   int               `json:"awaited"`        // clients that wait for a job's end
	Attempts  uint64            `json:"attempts"`       // that have begun, since the start
	Ended     map[string]uint64 `json:"ended"`          // jobs that have ended since the start, by how
	Callbacks CallbackStats     `json:"callbacks"`
}

// CallbackStats are the counters of the callbacks.
type CallbackStats struct {
	Due       int    `json:"due"`       // they are sent now or later
	Running   int    `json:"running"`   // on their way
	Delivered uint64 `json:"delivered"` // since the start, as all that follow
	GaveUp    uint64 `json:"gave_up"`
	Attempts  uint64 `json:"attempts"`
	Failures  uint64 `json:"failures"` // attempts that did not deliver
}

// stats answers with the counters.
func (h *handler) stats(w http.ResponseWriter, _ *http.Request) error {
	now := h.Runner.Snapshot()
	s := Stats{
		Jobs: now.Jobs(), States: map[string]int{}, Bytes: now.Bytes, Oldest: now.Oldest.Seconds(), Due: now.Due, Running: now.Running,
		Unsaved: now.Unsaved, Awaited: now.Awaited, Attempts: now.Attempts, Ended: map[string]uint64{},
	}
	for state := jobs.Accepted; state <= jobs.Interrupted; state++ {
		s.States[state.String()] = now.States[state]
		if state.Ended() {
			s.Ended[state.String()] = now.Ended[state]
		}
	}
	if h.Callbacks != nil {
		s.Callbacks = CallbackStats(h.Callbacks.Snapshot())
	}
	return h.writeJSON(w, s)
}
