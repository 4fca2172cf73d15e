package control

import (
	"net/http"

	"tenfour/jobs"
)

// Stats are the counters of the jobs, as an operator and a metrics page see them. The names in JSON stay as they are.
type Stats struct {
	States map[string]int `json:"states"` // jobs in each state
	Jobs   int            `json:"jobs"`   // in all
	Bytes  int64          `json:"bytes"`  // of records and bodies
}

// stats answers with the counters.
func (h *handler) stats(w http.ResponseWriter, _ *http.Request) error {
	usage := h.Store.Usage()
	s := Stats{States: map[string]int{}, Jobs: usage.Jobs(), Bytes: usage.Bytes}
	for state, n := range usage.States {
		s.States[jobs.State(state).String()] = n
	}
	return h.writeJSON(w, s)
}
