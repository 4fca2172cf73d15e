package jobs

import (
	"testing"
	"time"
)

func TestCallback_tellsOfTheEndsThatWereChosen(t *testing.T) {
	for on, want := range map[States]CallbackState{Ended: CallbackDue, Only(Cancelled): CallbackDue, Only(Done, Failed): CallbackNone} {
		j := accepted()
		j.Callback.On = on
		if j = next(t)(j.Cancel(noon)); j.Callback.State != want {
			t.Errorf("on %b the callback of a cancelled job is %s, want %s", on, j.Callback.State, want)
		}
	}
}

func TestCallback_endsBySuccessOrGone(t *testing.T) {
	tests := map[int]CallbackState{
		200: CallbackDelivered, 204: CallbackDelivered, 410: CallbackGaveUp,
		0: CallbackDue, 301: CallbackDue, 404: CallbackDue, 500: CallbackDue,
	}
	for status, want := range tests {
		do := next(t)
		j := do(do(accepted().Cancel(noon)).CalledBack(noon, Answer{Status: status}, 1))
		if j.Callback.State != want || j.Callback.Attempts != 1 {
			t.Errorf("after %d it is %s, want %s", status, j.Callback.State, want)
		}
		if want == CallbackDue {
			continue
		}
		if _, err := j.CalledBack(noon, Answer{Status: 200}, 1); err == nil {
			t.Errorf("after %d it was sent once more", status)
		}
	}
}

// TestCallback_givesUpAfterADay: with the longest pauses, the last attempt is in the last hour of the day.
func TestCallback_givesUpAfterADay(t *testing.T) {
	do := next(t)
	j := do(accepted().Cancel(noon))
	at := noon
	for j.Callback.State == CallbackDue {
		at = j.Callback.Next
		j = do(j.CalledBack(at, Answer{Failure: "connection refused"}, 1))
	}
	if last := at.Sub(noon); j.Callback.State != CallbackGaveUp || last > callbackFor || last < callbackFor-callbackMost || j.Callback.Failure == "" {
		t.Errorf("it %s %v after its job, %d attempts, %q", j.Callback.State, last, j.Callback.Attempts, j.Callback.Failure)
	}
}

func TestCallback_waitsAsLongAsItsReceiverAsks(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{
		0: callbackFirst, -time.Hour: callbackFirst, time.Minute: time.Minute + callbackFirst, 48 * time.Hour: callbackMost + callbackFirst,
	} {
		do := next(t)
		j := do(do(accepted().Cancel(noon)).CalledBack(noon, Answer{Status: 503, RetryAfter: noon.Add(wait)}, 1))
		if got := j.Callback.Next.Sub(noon); got != want {
			t.Errorf("after Retry-After of %v it is sent after %v, want %v", wait, got, want)
		}
	}
}

func TestCallback_isGivenUpWithoutAnAttemptOnlyAfterItsDay(t *testing.T) {
	j := next(t)(accepted().Cancel(noon))
	if _, err := j.GiveUpLate(noon.Add(callbackFor), "connection refused"); err == nil {
		t.Error("it was given up in its day")
	}
	j, err := j.GiveUpLate(noon.Add(callbackFor+1), "connection refused")
	if err != nil || j.Callback.State != CallbackGaveUp || j.Callback.Attempts != 0 || j.Callback.Failure == "" {
		t.Errorf("got %+v, %v", j.Callback, err)
	}
	if _, err := j.GiveUpLate(noon.Add(2*callbackFor), ""); err == nil {
		t.Error("it was given up twice")
	}
}
