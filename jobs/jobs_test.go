package jobs

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"tenfour/forward"
	"tenfour/value/statuses"
)

// noon is the moment at which the tests of this package begin.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// accepted returns a job that was accepted at noon, whose deadline is an hour later.
func accepted() Job {
	return Job{
		ID: NewID(), Created: noon, Deadline: noon.Add(time.Hour), Keep: time.Hour,
		Request:  Request{Route: "/", Method: "POST", Target: []byte("/slow")},
		Callback: Callback{URL: "https://example.net/hook", On: Ended},
	}
}

// next fails the test when an event is refused.
func next(t *testing.T) func(Job, error) Job {
	return func(j Job, err error) Job {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
}

// retrying is the policy that docs/design/jobs.md has as the default.
var retrying = Policy{Attempts: 4, On: retryOn("408,429,5xx"), First: time.Second, Most: time.Minute}

func retryOn(list string) statuses.Set {
	set, err := statuses.Parse(list)
	if err != nil {
		panic(err)
	}
	return set
}

func TestID_readsWhatItWrites(t *testing.T) {
	id := NewID()
	back, err := ParseID(id.String())
	if err != nil || !back.Equal(id) || back.Equal(NewID()) {
		t.Errorf("%s was read as %s (%v)", id, back, err)
	}
	for _, bad := range []string{"", "12", strings.Repeat("g", 32), id.String() + "0", id.String()[:31]} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q was read as an id", bad)
		}
	}
}

func TestHash_isOfItsTextOnly(t *testing.T) {
	h := HashOf([]byte("token"))
	if !h.Is([]byte("token")) || h.Is([]byte("Token")) || h.IsZero() || (Hash{}).Is(nil) {
		t.Error("a hash is of another text than its own, or none is of a text")
	}
}

func TestJob_isReadAsItWasWritten(t *testing.T) {
	do := next(t)
	j := accepted()
	j.Request.Target = []byte("/caf\xe9")                  // is no UTF-8
	j.Request.Fields = []byte("X-A: \xff\r\nx-b:  c \r\n") // neither is this
	j = do(j.Begin(noon.Add(1500 * time.Microsecond)))
	j = do(j.Reach("127.0.0.1:9001", forward.PartlySent))
	j = do(j.End(noon.Add(time.Second), Outcome{Result: Result{Status: 503, Fields: []byte("A: \x80\r\n")}},
		Verdict{State: Waiting, At: noon.Add(time.Minute)}))
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	var back Job
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(back)
	if string(again) != string(text) || string(back.Request.Target) != "/caf\xe9" || string(back.Result.Fields) != "A: \x80\r\n" {
		t.Errorf("wrote %s\nread  %s", text, again)
	}
}

// TestJob_ofBeforeIsNotChanged: a record and the one after it share nothing that is written to.
func TestJob_ofBeforeIsNotChanged(t *testing.T) {
	do := next(t)
	before := do(accepted().Begin(noon))
	do(before.Reach("b", forward.WhollySent))
	do(before.Cancel(noon))
	ended := do(before.End(noon, Outcome{Failure: "reset"}, Verdict{State: Waiting, At: noon}))
	do(ended.Begin(noon))
	if a := before.Attempts[0]; a.Backend != "" || a.Failure != "" || !a.Ended.IsZero() || len(ended.Attempts) != 1 {
		t.Errorf("the record before has %+v, the one between %d attempts", before.Attempts, len(ended.Attempts))
	}
}

func TestAttempts_areBoundedAndCounted(t *testing.T) {
	do := next(t)
	j := accepted()
	for range attemptsKept + 3 {
		j = do(j.Begin(noon))
		j = do(j.End(noon, Outcome{Failure: "reset"}, Verdict{State: Waiting, At: noon}))
	}
	if len(j.Attempts) != attemptsKept || j.Earlier != 3 || j.Tried != attemptsKept+3 {
		t.Errorf("%d attempts and %d earlier, %d tried; want %d, 3 and %d", len(j.Attempts), j.Earlier, j.Tried, attemptsKept, attemptsKept+3)
	}
}

func TestRecover_runsAgainOnlyWhatIsSafe(t *testing.T) {
	tests := map[string]struct {
		idempotent, keyed, unsafe bool
		reached                   forward.Progress
		want                      State
	}{
		"nothing of it was sent":                {want: Waiting},
		"a part may have been sent":             {reached: forward.PartlySent, want: Interrupted},
		"the backend was answering":             {reached: forward.Answering, want: Interrupted},
		"its method is idempotent":              {idempotent: true, reached: forward.WhollySent, want: Waiting},
		"the backend knows its key":             {keyed: true, reached: forward.WhollySent, want: Waiting},
		"its route lets it be sent once more":   {unsafe: true, reached: forward.WhollySent, want: Waiting},
		"it is idempotent and nothing was sent": {idempotent: true, want: Waiting},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			do := next(t)
			j := accepted()
			j.Request.Idempotent, j.Request.Keyed = tc.idempotent, tc.keyed
			j = do(j.Begin(noon))
			j = do(j.Reach("b", tc.reached))
			later := noon.Add(time.Minute)
			got, changed := j.Recover(later, tc.unsafe)
			if !changed || got.State != tc.want || got.Attempts[0].Ended != later {
				t.Errorf("got %s, changed %t, want %s", got.In(), changed, tc.want)
			}
			if counts := tc.reached != forward.NothingSent; counts != (got.Tried == 1) {
				t.Errorf("%d attempts count", got.Tried)
			}
			if due := got.Callback.State == CallbackDue; due != (tc.want == Interrupted) {
				t.Errorf("the callback is %s", got.Callback.State)
			}
		})
	}
}

func TestRecover_leavesWhatDidNotRun(t *testing.T) {
	do := next(t)
	waiting := do(do(accepted().Begin(noon)).End(noon, Outcome{Failure: "reset"}, Verdict{State: Waiting, At: noon}))
	for _, j := range []Job{accepted(), waiting, do(accepted().Pause()), do(waiting.Cancel(noon))} {
		if _, changed := j.Recover(noon, false); changed {
			t.Errorf("a job that is %s was changed", j.In())
		}
	}
}

func TestBegin_isRefusedWhenItsTimeIsNotYetOrNoMore(t *testing.T) {
	do := next(t)
	waiting := do(do(accepted().Begin(noon)).End(noon, Outcome{Failure: "reset"}, Verdict{State: Waiting, At: noon.Add(time.Second)}))
	for at, want := range map[time.Duration]bool{
		time.Second - 1: false, time.Second: true, time.Hour - 1: true, time.Hour: false,
	} {
		_, err := waiting.Begin(noon.Add(at))
		var refusal *Refusal
		if (err == nil) != want || err != nil && !errors.As(err, &refusal) {
			t.Errorf("%v after noon: %v, want it to begin: %t", at, err, want)
		}
	}
}

func TestEnd_keepsTheLastRealResponse(t *testing.T) {
	do := next(t)
	j := do(accepted().Begin(noon))
	j = do(j.End(noon, Outcome{Result: Result{Status: 503}}, Verdict{State: Waiting, At: noon}))
	j = do(j.Begin(noon))
	j = do(j.End(noon, Outcome{Failure: "connection refused"}, Verdict{State: Failed, Why: "connection refused, after 2 attempts"}))
	if j.Result.Status != 503 || j.State != Failed || j.Reason == "" {
		t.Errorf("got the result %+v of a job that is %s: %s", j.Result, j.In(), j.Reason)
	}
}

func TestRerun_beginsAnewWithTheFirstRequest(t *testing.T) {
	do := next(t)
	j := accepted()
	j.Request.Body = Body{Size: 3, Name: "x"}
	j = do(j.Begin(noon))
	j = do(j.End(noon, Outcome{Result: Result{Status: 500}}, Verdict{State: Failed, Why: "500"}))
	j = do(j.CalledBack(noon, Answer{Status: 200}, 0))
	j = do(j.Rerun(noon.Add(2 * time.Hour)))
	if j.State != Accepted || j.Tried != 0 || len(j.Attempts) != 1 || j.Result.Status != 0 || j.Callback.State != CallbackNone || j.Request.Body.Name != "x" {
		t.Errorf("got %+v", j)
	}
	j = do(j.Begin(noon.Add(90 * time.Minute)))
	done := do(j.End(noon.Add(90*time.Minute), Outcome{Result: Result{Status: 200}}, Verdict{State: Done}))
	if done.Callback.State != CallbackDue || done.Request.Body.Name != "" {
		t.Errorf("its callback is %s, its request's body %+v", done.Callback.State, done.Request.Body)
	}
	if _, err := done.Rerun(noon.Add(3 * time.Hour)); err == nil {
		t.Error("a job that is done was run again")
	}
}

func TestRemoveAt_waitsForTheCallback(t *testing.T) {
	do := next(t)
	j := accepted()
	if at := j.RemoveAt(); !at.IsZero() {
		t.Errorf("a job that has not ended is removed at %v", at)
	}
	j = do(j.Cancel(noon))
	if at := j.RemoveAt(); !at.IsZero() {
		t.Errorf("a job whose callback is due is removed at %v", at)
	}
	delivered := do(j.CalledBack(noon.Add(time.Minute), Answer{Status: 204}, 0))
	if at := delivered.RemoveAt(); at != noon.Add(time.Hour+time.Minute) {
		t.Errorf("it is removed at %v, want an hour after it was delivered", at)
	}
	gone := do(j.CalledBack(noon.Add(time.Minute), Answer{Status: 410}, 0))
	if at := gone.RemoveAt(); at != noon.Add(time.Hour) {
		t.Errorf("it is removed at %v, want an hour after its end, because nothing was delivered", at)
	}
}
