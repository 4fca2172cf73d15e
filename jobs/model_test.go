package jobs

import (
	"errors"
	"testing"
	"time"

	"tenfour/forward"

	"pgregory.net/rapid"
)

// arrows is the picture of docs/design/jobs.md as a table: what may happen to a job that is not paused, and where it leads. The events
// of a pause are beside it, in paused.
var arrows = map[string]map[State][]State{
	"begin":   {Accepted: {Running}, Waiting: {Running}},
	"reach":   {Running: {Running}},
	"end":     {Running: {Waiting, Done, Failed}},
	"fail":    {Accepted: {Failed}, Waiting: {Failed}},
	"cancel":  {Accepted: {Cancelled}, Running: {Cancelled}, Waiting: {Cancelled}},
	"rerun":   {Failed: {Accepted}, Cancelled: {Accepted}, Interrupted: {Accepted}},
	"crash":   {Accepted: {Accepted}, Running: {Waiting, Interrupted}, Waiting: {Waiting}, Done: {Done}, Failed: {Failed}, Cancelled: {Cancelled}, Interrupted: {Interrupted}},
	"pause":   {Accepted: {Accepted}, Running: {Running}, Waiting: {Waiting}},
	"resume":  {},
	"deliver": {Done: {Done}, Failed: {Failed}, Cancelled: {Cancelled}, Interrupted: {Interrupted}},
}

// paused is what differs for a job that is paused.
var paused = map[string]map[State][]State{
	"begin":  {},
	"pause":  {},
	"resume": {Accepted: {Accepted}, Running: {Running}, Waiting: {Waiting}},
}

// may is where an event may lead from j; empty for nowhere.
func may(event string, j Job) []State {
	if j.Paused {
		if row, ok := paused[event]; ok {
			return row[j.State]
		}
	}
	if event == "deliver" && j.Callback.State != CallbackDue {
		return nil
	}
	return arrows[event][j.State]
}

// happen draws what an event needs, and has it happen to j.
func happen(t *rapid.T, event string, j Job, now time.Time) (Job, error) {
	switch event {
	case "begin":
		return j.Begin(now)
	case "reach":
		return j.Reach("b", forward.Progress(rapid.IntRange(0, 3).Draw(t, "reached")))
	case "end":
		o := Outcome{Reached: forward.Progress(rapid.IntRange(0, 3).Draw(t, "reached"))}
		if o.Result.Status = rapid.SampledFrom([]int{0, 200, 404, 429, 500, 503}).Draw(t, "status"); o.Result.Status == 0 {
			o.Failure = "reset"
		}
		return j.End(now, o, retrying.Decide(j, o, now, rapid.Float64Range(0, 1).Draw(t, "random")))
	case "fail":
		return j.Fail(now, "its deadline is over")
	case "cancel":
		return j.Cancel(now)
	case "rerun":
		return j.Rerun(now.Add(time.Hour))
	case "crash":
		j, _ = j.Recover(now, false)
		return j, nil
	case "pause":
		return j.Pause()
	case "resume":
		return j.Resume()
	}
	return j.CalledBack(now, Answer{Status: rapid.SampledFrom([]int{0, 200, 410, 500}).Draw(t, "answer")}, 1)
}

// sound checks what holds in every record.
func sound(j Job) error {
	open := 0
	for _, a := range j.Attempts {
		if a.Ended.IsZero() {
			open++
		}
	}
	switch {
	case (open == 1) != (j.State == Running) || open > 1:
		return errors.New("attempts that run, and the state, differ")
	case j.State.Ended() != !j.Ended.IsZero():
		return errors.New("its end and its state differ")
	case (j.State == Waiting) != !j.Next.IsZero():
		return errors.New("it has a next attempt, or waits for none")
	case j.Paused && j.State.Ended():
		return errors.New("it has ended and is paused")
	case j.Callback.State != CallbackNone && !j.State.Ended():
		return errors.New("it calls back before its end")
	case j.State == Done && j.Result.Status == 0:
		return errors.New("it is done without a result")
	case (j.State == Failed || j.State == Cancelled || j.State == Interrupted) && j.Reason == "":
		return errors.New("it says no reason")
	}
	return nil
}

// TestJob_everyHistoryIsOneOfTheModel draws events. Each is refused, and changes nothing, or leads where the table says. A request that may be
// sent only once has had one attempt at most that may have reached a backend and was not refused unread.
func TestJob_everyHistoryIsOneOfTheModel(t *testing.T) {
	events := []string{"begin", "begin", "reach", "end", "end", "fail", "cancel", "rerun", "crash", "pause", "resume", "deliver"}
	rapid.Check(t, func(t *rapid.T) {
		j, now := accepted(), noon
		j.Request.Idempotent = rapid.Bool().Draw(t, "idempotent")
		acted := false // the backend may have acted on it, since it was accepted or run again by its operator
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			event := rapid.SampledFrom(events).Draw(t, "event")
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "seconds")) * time.Second)
			if event == "begin" && j.State == Waiting && now.Before(j.Next) {
				now = j.Next
			}
			before := j
			after, err := happen(t, event, j, now)
			allowed := may(event, before)
			if event == "begin" && !now.Before(j.Deadline) {
				allowed = nil
			}
			if err != nil {
				var refusal *Refusal
				if len(allowed) > 0 || !errors.As(err, &refusal) || after.State != before.State || after.Paused != before.Paused {
					t.Fatalf("%s: refused with %v, now %s", event, err, after.In())
				}
				continue
			}
			if !isIn(after.State, allowed) {
				t.Fatalf("%s led from %s to %s; the model allows %v", event, before.In(), after.In(), allowed)
			}
			if err := sound(after); err != nil {
				t.Fatalf("%s from %s to %s: %v: %+v", event, before.In(), after.In(), err, after)
			}
			switch {
			case event == "rerun":
				acted = false
			case event == "begin" && acted && !j.Request.Idempotent:
				t.Fatalf("it is sent again, and may be sent only once: %+v", j.Attempts)
			case before.State == Running && after.State != Running:
				a := after.Attempts[len(after.Attempts)-1]
				refused := a.Status == 408 || a.Status == 429
				acted = acted || a.Reached > forward.NothingSent && !refused
			}
			j = after
		}
	})
}

func isIn(s State, states []State) bool {
	for _, one := range states {
		if s == one {
			return true
		}
	}
	return false
}
