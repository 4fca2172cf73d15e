package jobs

import "fmt"

// Refusal is an event that a job's state does not allow. The job is as it was.
type Refusal struct {
	Event string // "begin", "cancel"
	ID    ID
	In    string // the job's state, in words
	Why   string // "" when the state says it all
}

func (r *Refusal) Error() string {
	text := fmt.Sprintf("%s job %s: it is %s", r.Event, r.ID, r.In)
	if r.Why != "" {
		text += ", " + r.Why
	}
	return text
}

// refuse returns j unchanged, and the refusal.
func (j Job) refuse(event, why string) (Job, error) {
	return j, &Refusal{Event: event, ID: j.ID, In: j.In(), Why: why}
}
