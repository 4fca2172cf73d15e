package jobs

import "time"

// View is a job as it is shown in JSON: to its client, to a receiver of its callback, and to an operator. The names stay as they are. It
// has nothing of the request that may be a secret, and nothing of the route that only an operator should know.
type View struct {
	ID        ID            `json:"id"`
	State     State         `json:"state"`
	Paused    bool          `json:"paused,omitempty"`
	Created   time.Time     `json:"created"`
	Deadline  time.Time     `json:"deadline"`            // no attempt begins after it
	Next      time.Time     `json:"next,omitzero"`       // when the next attempt may begin; only while it waits
	Ended     time.Time     `json:"ended,omitzero"`      // only when it has ended
	RemovedAt time.Time     `json:"removed_at,omitzero"` // its result is there until then; only when that is known
	Reason    string        `json:"reason,omitempty"`    // in words: why it failed, was cancelled or interrupted
	Status    int           `json:"status,omitempty"`    // of the last real response; 0 for none
	Tried     int           `json:"tried"`               // attempts in all
	Attempts  []AttemptView `json:"attempts"`            // the last ones, oldest first
	Callback  *CallbackView `json:"callback,omitempty"`
}

// AttemptView is an Attempt in JSON.
type AttemptView struct {
	Began      time.Time `json:"began"`
	Ended      time.Time `json:"ended,omitzero"` // not there while it runs
	Backend    string    `json:"backend,omitempty"`
	Reached    string    `json:"reached"`          // how far it came: "nothing sent", "partly sent", "sent" or "answering"
	Status     int       `json:"status,omitempty"` // of its response; 0 for none
	Failure    string    `json:"failure,omitempty"`
	RetryAfter time.Time `json:"retry_after,omitzero"`
}

// CallbackView is a Callback in JSON. It has no URL, which may have a secret in it.
type CallbackView struct {
	State    string    `json:"state"` // "none", "due", "delivered" or "gave up"
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next,omitzero"`
	Status   int       `json:"status,omitempty"` // of the receiver's last answer
	Failure  string    `json:"failure,omitempty"`
}

// View returns j as it is shown.
func (j Job) View() View {
	v := View{
		ID: j.ID, State: j.State, Paused: j.Paused, Created: j.Created, Deadline: j.Deadline, Next: j.Next, Ended: j.Ended, RemovedAt: j.RemoveAt(),
		Reason: j.Reason, Status: j.Result.Status, Tried: j.Earlier + len(j.Attempts), Attempts: make([]AttemptView, 0, len(j.Attempts)),
		Callback: j.Callback.view(),
	}
	for _, a := range j.Attempts {
		v.Attempts = append(v.Attempts, AttemptView{
			Began: a.Began, Ended: a.Ended, Backend: a.Backend, Reached: a.Reached.String(), Status: a.Status, Failure: a.Failure, RetryAfter: a.RetryAfter,
		})
	}
	return v
}

// view is nil for a job without a callback.
func (c Callback) view() *CallbackView {
	if c.URL == "" {
		return nil
	}
	return &CallbackView{State: c.State.String(), Attempts: c.Attempts, Next: c.Next, Status: c.Status, Failure: c.Failure}
}
