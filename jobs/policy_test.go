package jobs

import (
	"testing"
	"time"

	"tenfour/forward"

	"pgregory.net/rapid"
)

func TestDecide_afterAnAttempt(t *testing.T) {
	reset := Outcome{Reached: forward.WhollySent, Failure: "the backend reset the connection"}
	answered := func(status int, retryAfter time.Duration) Outcome {
		o := Outcome{Reached: forward.Answering, Result: Result{Status: status}}
		if retryAfter > 0 {
			o.RetryAfter = noon.Add(retryAfter)
		}
		return o
	}
	tests := map[string]struct {
		o          Outcome
		idempotent bool
		tried      int
		want       State
	}{
		"a success is the result":                            {o: answered(200, 0), want: Done},
		"so is a failure of the client":                      {o: answered(404, 0), want: Done},
		"a GET that was reset goes out again":                {o: reset, idempotent: true, want: Waiting},
		"a POST that was reset may have been acted on":       {o: reset, want: Failed},
		"a POST that was not sent goes out again":            {o: Outcome{Failure: "connection refused"}, want: Waiting},
		"a GET that met a 500 goes out again":                {o: answered(500, 0), idempotent: true, want: Waiting},
		"a POST that met a 500 does not":                     {o: answered(500, 0), want: Failed},
		"a POST that was one too many was not acted on":      {o: answered(429, 0), want: Waiting},
		"a POST that came incomplete was not acted on":       {o: answered(408, 0), want: Waiting},
		"a POST that is told when to come was not acted on":  {o: answered(503, time.Second), want: Waiting},
		"a POST that met a 503 without that may have been":   {o: answered(503, 0), want: Failed},
		"the attempt before the last":                        {o: answered(500, 0), idempotent: true, tried: 3, want: Waiting},
		"the last attempt":                                   {o: answered(500, 0), idempotent: true, tried: 4, want: Failed},
		"a wait to just before the deadline":                 {o: answered(429, time.Hour-2*time.Second), want: Waiting},
		"a wait to the deadline":                             {o: answered(429, time.Hour), want: Failed},
		"a response that is too large is as large once more": {o: Outcome{Failure: "the response is too large", Last: true}, idempotent: true, want: Failed},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			j := accepted()
			j.Request.Idempotent = tc.idempotent
			j.Tried = max(tc.tried, 1)
			v := retrying.Decide(j, tc.o, noon, 0.5)
			if v.State != tc.want || (v.State == Failed) != (v.Why != "") || (v.State == Waiting) != !v.At.IsZero() {
				t.Errorf("got %+v, want %s", v, tc.want)
			}
		})
	}
}

func TestDecide_whereTheRouteAllowsItSendsAgain(t *testing.T) {
	p := retrying
	p.Unsafe = true
	j := accepted()
	j.Tried = 1
	if v := p.Decide(j, Outcome{Reached: forward.WhollySent, Failure: "reset"}, noon, 0); v.State != Waiting {
		t.Errorf("with retry_unsafe a POST that was reset gets %+v", v)
	}
}

// TestDecide_neverBeforeRetryAfterNorPastTheLongestPause: whatever is drawn.
func TestDecide_neverBeforeRetryAfterNorPastTheLongestPause(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := accepted()
		j.Tried = rapid.IntRange(1, 50).Draw(t, "tried")
		asked := time.Duration(rapid.IntRange(0, 3000).Draw(t, "asked")) * time.Second
		p := retrying
		p.Attempts = 100
		o := Outcome{Result: Result{Status: 429}, RetryAfter: noon.Add(asked)}
		v := p.Decide(j, o, noon, rapid.Float64Range(0, 1).Draw(t, "random"))
		if wait := v.At.Sub(noon); v.State != Waiting || wait < asked || wait > asked+p.Most {
			t.Fatalf("it %s for %v, and was asked to for %v", v.State, wait, asked)
		}
	})
}

func TestFullJitter_doublesUpToTheMost(t *testing.T) {
	for n, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 1000: time.Minute} {
		if got := fullJitter(time.Second, time.Minute, n, 1); got != want {
			t.Errorf("pause %d is at most %v, want %v", n, got, want)
		}
		if got := fullJitter(time.Second, time.Minute, n, 0); got != 0 {
			t.Errorf("pause %d is at least %v, want 0", n, got)
		}
	}
}

func TestRetryAfter_readsBothForms(t *testing.T) {
	tests := map[string]time.Duration{
		"0": 0, "120": 2 * time.Minute, " 7\t": 7 * time.Second,
		"Thu, 26 Nov 2026 12:00:30 GMT":    30 * time.Second,
		"Thursday, 26-Nov-26 12:01:00 GMT": time.Minute,
		"Thu Nov 26 12:00:01 2026":         time.Second,
		"Thu, 26 Nov 2020 12:00:00 GMT":    0, // it is over
		"99999999999999999999999999":       retryAfterMost,
		"Thu, 26 Nov 2099 12:00:00 GMT":    retryAfterMost,
	}
	for value, want := range tests {
		if got := RetryAfter(value, noon); !got.Equal(noon.Add(want)) {
			t.Errorf("%q is %v after now, want %v", value, got.Sub(noon), want)
		}
	}
	for _, bad := range []string{"", "soon", "-1", "1.5", "+3", "0x10", "26 Nov 2026"} {
		if got := RetryAfter(bad, noon); !got.IsZero() {
			t.Errorf("%q was read as %v", bad, got)
		}
	}
}
