package control

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"tenfour/jobs"
	"tenfour/jobs/runner"
	"tenfour/lot"
)

// verb is what an operator does to jobs.
type verb struct {
	name  string
	on    jobs.States // jobs in another state refuse it
	means jobs.States // those that are meant when no state and no job is named
	do    func(h *handler, id jobs.ID, force bool) (jobs.Job, error)
}

// verbs are all. A retry of many means those that failed: one that was interrupted may have been acted on, and one that was cancelled is not
// wanted. Each of them can be named.
var verbs = []verb{
	{"retry", jobs.Ended &^ jobs.Only(jobs.Done), jobs.Only(jobs.Failed), asks((*runner.Runner).Rerun)},
	{"cancel", jobs.Unfinished, jobs.Unfinished, asks((*runner.Runner).Cancel)},
	{"pause", jobs.Unfinished, jobs.Unfinished, asks((*runner.Runner).Pause)},
	{"resume", jobs.Unfinished, jobs.Unfinished, asks((*runner.Runner).Resume)},
	{"purge", jobs.Ended, jobs.Ended, (*handler).purge},
}

// asks makes a verb of what the runner does.
func asks(verb func(*runner.Runner, *lot.Waiter, jobs.ID) *runner.Errand) func(*handler, jobs.ID, bool) (jobs.Job, error) {
	return func(h *handler, id jobs.ID, _ bool) (jobs.Job, error) {
		e := verb(h.Runner, nil, id)
		e.Wait()
		return e.Job, e.Err
	}
}

func verbNamed(name string) (verb, error) {
	var known []string
	for _, v := range verbs {
		if v.name == name {
			return v, nil
		}
		known = append(known, v.name)
	}
	return verb{}, &wrong{http.StatusNotFound, fmt.Sprintf("nothing is called %q: write one of %s", name, strings.Join(known, ", "))}
}

// meant is s with what v means where s says nothing.
func (v verb) meant(s Selection) (Selection, error) {
	if s.States == 0 && len(s.IDs) == 0 {
		s.States = v.means
		if v.name == "resume" {
			s.Paused = true
		}
	}
	if s.Paused && v.on&jobs.Unfinished == 0 {
		return s, &wrong{http.StatusBadRequest, fmt.Sprintf("%s is not for jobs that are paused, because they have not ended: leave that out of state", v.name)}
	}
	if other := s.States &^ v.on; other != 0 {
		return s, &wrong{http.StatusBadRequest, fmt.Sprintf("%s is not for jobs that are %s: leave them out of state", v.name, strings.Join(namesOf(other), " or "))}
	}
	return s, nil
}

// purge removes a job that has ended, its bodies and its dedupe key. One whose callback is still due stays, unless it is forced: its
// receiver would never hear of it.
func (h *handler) purge(id jobs.ID, force bool) (jobs.Job, error) {
	for {
		j, err := h.Store.Get(id)
		switch {
		case err != nil:
			return j, err
		case !j.State.Ended():
			return j, &jobs.Refusal{Event: "purge", ID: id, In: j.In(), Why: "and only jobs that have ended are removed: cancel it first"}
		case isDue(j) && !force:
			return j, &jobs.Refusal{Event: "purge", ID: id, In: j.In(), Why: "and its callback is still due: --force removes it all the same"}
		}
		if err = h.Store.Remove(j); !errors.Is(err, jobs.ErrConflict) {
			return j, err
		}
	}
}

func isDue(j jobs.Job) bool { return j.Callback.State == jobs.CallbackDue }

// changeOne does a verb to a job, and answers with it.
func (h *handler) changeOne(w http.ResponseWriter, r *http.Request) error {
	v, err := verbNamed(r.PathValue("verb"))
	if err != nil {
		return err
	}
	id, err := h.find(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	j, err := v.do(h, id, r.Form.Has("force"))
	if err != nil {
		return err
	}
	h.Log.Info().Str("verb", v.name).Str("job", id.Short()).Msg("the operator changed a job")
	return h.writeJSON(w, recordOf(j))
}
