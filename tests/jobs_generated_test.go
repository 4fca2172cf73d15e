package tests

import (
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"

	"pgregory.net/rapid"
)

// historiesLast is how long TestJobs_generated draws histories, unless -rapid.checks says how many.
const historiesLast = 4 * time.Second

// historyPatience is how long a history waits for an event: an attempt may wait for 2 s before it begins.
const historyPatience = 2 * patience

// TestJobs_generated draws what clients, an operator, the origin and the machine do with jobs: requests of every kind, answers and failures, cancels,
// pauses, crashes, stops, reloads, and requests that come again. After each of them every job is, within patience, where the model
// (jobs_model_test.go) says: in that state, its request sent that often, and its handle answers with that response.
//
//	go test -run TestJobs_generated ./tests -rapid.checks=200 -rapid.seed=7
func TestJobs_generated(t *testing.T) {
	t.Parallel()
	many := false
	flag.Visit(func(f *flag.Flag) { many = many || f.Name == "rapid.checks" })
	late := time.Now().Add(historiesLast)
	d := startDoomed(t, "resend = 0\n")
	d.flags = append(d.flags, "--workers", "16", "--drain", "0s")
	settings, err := os.ReadFile(d.settings)
	if err != nil {
		t.Fatal(err)
	}
	histories, failed := 0, false
	rapid.Check(t, func(t *rapid.T) {
		if !many && !failed && time.Now().After(late) {
			return // there is time for no more; one that failed is shortened for as long as it takes
		}
		histories++
		h := &history{T: t, doomed: d, settings: string(settings), attempts: jobAttempts, number: histories}
		fine := false
		defer func() {
			failed = failed || !fine
			h.stop()
		}()
		h.start()
		t.Repeat(map[string]func(*rapid.T){
			"":        h.check,
			"ask":     h.make,
			"ask two": h.make,
			"decide":  h.decide,
			"cancel":  h.cancel,
			"pause":   h.pause,
			"resume":  h.resume,
			"again":   h.again,
			"kill":    h.killed,
			"stop":    h.stopped,
			"reload":  h.reload,
			"rerun":   h.rerun,
		})
		h.finish()
		fine = true
	})
	t.Logf("%d histories", histories)
}

// history is one sequence of events, over a tenfour that has no other jobs.
type history struct {
	*rapid.T
	*doomed
	settings string // as the file was
	attempts int    // of every route, now
	number   int
	jobs     []*tracked
}

// tracked is a job, and where the model says that it is.
type tracked struct {
	errand
	modelJob
	may   []modelJob // where else it may be, until check has seen where it is
	rerun bool       // its operator had it run again, so that its request may come again
	waits chan heard // gives what a client heard that waits at the handle; nil for none
}

// start starts tenfour without any jobs.
func (h *history) start() {
	h.configure(jobAttempts)
	if err := os.RemoveAll(filepath.Join(filepath.Dir(h.doomed.settings), "data")); err != nil {
		h.Fatal(err)
	}
	h.mustBegin()
}

// stop kills tenfour, whatever has happened.
func (h *history) stop() {
	h.kill()
	h.awaitDeath()
}

// configure writes the settings, with so many attempts.
func (h *history) configure(attempts int) {
	text := strings.ReplaceAll(h.settings, fmt.Sprintf("attempts = %d\n", jobAttempts), fmt.Sprintf("attempts = %d\n", attempts))
	if err := os.WriteFile(h.doomed.settings, []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
	h.attempts = attempts
}

// make is a client that makes a job; its request is held by the origin then.
func (h *history) make(t *rapid.T) {
	if len(h.jobs) == 8 {
		t.Skip("there are enough")
	}
	j := &tracked{errand: errand{
		order:    order{key: fmt.Sprintf("h%d-%d", h.number, len(h.jobs)), plan: []deed{asks}},
		method:   rapid.SampledFrom([]string{"POST", "PUT", "GET"}).Draw(t, "method"),
		path:     rapid.SampledFrom([]string{onceRoute, unsafeRoute, laterRoute}).Draw(t, "path"),
		keyed:    rapid.Bool().Draw(t, "keyed"),
		callback: rapid.Bool().Draw(t, "callback"),
	}}
	if j.method != "GET" {
		j.filler = rapid.SampledFrom([]int{0, 0, 70 << 10}).Draw(t, "filler")
	}
	got, err := h.send(j)
	if err != nil || got.status != 202 || len(got.id()) != 32 {
		t.Fatalf("%s %s: got %d %v %.300q (%v), want a 202", j.method, j.path, got.status, got.head, got.body, err)
	}
	j.id = got.id()
	j.modelJob = newlyAccepted(j.once(), h.attempts)
	h.jobs = append(h.jobs, j)
	if rapid.Bool().Draw(t, "waits") {
		h.await(j)
	}
}

func (h *history) send(j *tracked) (heard, error) {
	return h.ask(j.method, j.target(), j.text(), j.fields(h.receiver.addr)...)
}

// await is a client that waits at the handle.
func (h *history) await(j *tracked) {
	waits := make(chan heard, 1)
	j.waits = waits
	at := h.asker
	go func() { // ends with the job, or with tenfour
		got, _ := at.askFor(10*patience, "GET", "/.tenfour/jobs/"+j.id, "", "Prefer: wait=60")
		waits <- got
	}()
}

// pick draws one of the jobs of which something holds.
func (h *history) pick(t *rapid.T, holds func(*tracked) bool) *tracked {
	var fit []*tracked
	var names []string
	for _, j := range h.jobs {
		if holds(j) {
			fit, names = append(fit, j), append(names, j.key)
		}
	}
	if len(fit) == 0 {
		t.Skip("there is none")
	}
	return fit[slices.Index(names, rapid.SampledFrom(names).Draw(t, "job"))]
}

// until is eventually, for a history: one that fails is shortened.
func (h *history) until(t *rapid.T, what string, cond func() bool) {
	if !await.Holds(historyPatience, cond) {
		t.Fatalf("waited %v for this: %s\n%.5000s", historyPatience, what, h.process.log)
	}
}

// decide is the origin, which answers a request, or fails.
func (h *history) decide(t *rapid.T) {
	j := h.pick(t, func(j *tracked) bool { return j.state == "running" })
	// None ends its connection before a byte: then the backend is down until its next answer, and here that may be held.
	d := rapid.SampledFrom([]deed{answers, large, missing, closes, fails, busy, limited, halfBody}).Draw(t, "deed")
	h.origin.decide(j.key, j.sends-1, d)
	j.may = j.decided(d, h.attempts)
	j.modelJob = j.may[0]
}

// request is an event that a client asks for at the handle; the model says whether it is allowed.
func (h *history) request(t *rapid.T, method, more string, event func(modelJob, int) (modelJob, bool)) {
	j := h.pick(t, func(*tracked) bool { return true })
	after, allowed := event(j.modelJob, h.attempts)
	got, err := h.job(method, j.id, more)
	if want := map[bool]int{true: 200, false: 409}[allowed]; err != nil || got.status != want {
		t.Fatalf("%s%s of %s, %+v: got %d %.300q (%v), want %d", method, more, j.key, j.modelJob, got.status, got.body, err, want)
	}
	if wasRunning := j.state == "running"; wasRunning && after.state == "cancelled" {
		n := j.sends - 1
		h.until(t, "the origin sees that the attempt of "+j.key+" was cut", func() bool { return h.origin.of(j.key)[n].gone })
	}
	j.modelJob = after
}

func (h *history) cancel(t *rapid.T) { h.request(t, "DELETE", "", modelJob.cancel) }
func (h *history) pause(t *rapid.T)  { h.request(t, "POST", "/pause", modelJob.pause) }
func (h *history) resume(t *rapid.T) { h.request(t, "POST", "/resume", modelJob.resume) }

// rerun is what an operator asks for: that a job runs again.
func (h *history) rerun(t *rapid.T) {
	j := h.pick(t, (*tracked).ended)
	after, allowed := j.modelJob.rerun(h.attempts)
	c, err := net.DialTimeout("unix", filepath.Join(filepath.Dir(h.doomed.settings), "data", "control.sock"), patience)
	if err != nil {
		t.Fatal(err)
	}
	await.Within(c, patience)
	got, err := askOver(c, "POST", "/jobs/"+j.id+"/retry", "")
	if want := map[bool]int{true: 200, false: 409}[allowed]; err != nil || got.status != want {
		t.Fatalf("retry of %s, %+v: got %d %.300q (%v), want %d", j.key, j.modelJob, got.status, got.body, err, want)
	}
	j.rerun = j.rerun || allowed
	j.modelJob = after
}

// again is a client that sends a request with a key once more, or another request with the same key.
func (h *history) again(t *rapid.T) {
	j := h.pick(t, func(j *tracked) bool { return j.keyed })
	other := *j
	if j.method != "GET" && rapid.Bool().Draw(t, "other body") {
		other.filler++
		if got, err := h.send(&other); err != nil || got.status != 422 {
			t.Fatalf("the key of %s with another body: got %d %.300q (%v), want 422", j.key, got.status, got.body, err)
		}
		return
	}
	got, err := h.send(j)
	want := 202
	if j.ended() {
		want = 200
	}
	if err != nil || got.status != want || got.id() != j.id || got.head.Get("Idempotency-Replayed") != "true" {
		t.Fatalf("the request of %s, %+v, again: got %d %v %.300q (%v), want %d with its handle", j.key, j.modelJob, got.status, got.head, got.body, err, want)
	}
}

// killed is a crash.
func (h *history) killed(t *rapid.T) {
	h.stop()
	h.crashed()
}

// stopped is a stop that waits for nothing.
func (h *history) stopped(t *rapid.T) {
	h.process.signal(h.doomed.t, syscall.SIGTERM)
	if state := h.process.exit(h.doomed.t); !state.Success() {
		t.Fatalf("tenfour left with %v\n%s", state, h.process.log)
	}
	h.crashed()
}

// crashed starts tenfour again.
func (h *history) crashed() {
	h.mustBegin()
	for _, j := range h.jobs {
		j.modelJob = j.crash(h.attempts)
		j.waits = nil
	}
}

// reload changes how many attempts there may be.
func (h *history) reload(t *rapid.T) {
	h.configure(rapid.SampledFrom([]int{1, 2, jobAttempts}).Draw(t, "attempts"))
	before := strings.Count(h.process.log.String(), "reloaded")
	h.process.signal(h.doomed.t, syscall.SIGHUP)
	h.until(t, "the settings are reloaded", func() bool { return strings.Count(h.process.log.String(), "reloaded") > before })
}

// check awaits that each job is where the model says.
func (h *history) check(t *rapid.T) {
	for _, j := range h.jobs {
		h.checkJob(t, j)
	}
}

func (h *history) checkJob(t *rapid.T, j *tracked) {
	var v view
	var got heard
	var err error
	if !await.Holds(historyPatience, func() bool {
		v, got, err = h.look(j.id)
		for _, m := range append(j.may, j.modelJob)[:max(1, len(j.may))] {
			if err == nil && m.is(v.State) && v.Paused == m.paused && len(h.origin.of(j.key)) == m.sends {
				j.modelJob = m
				return true
			}
		}
		return false
	}) {
		t.Fatalf("%s %s %s: it is %+v (%d %.300q, %v), and its request was sent %d times; the model says %+v\n%.5000s",
			j.method, j.path, j.key, v, got.status, got.body, err, len(h.origin.of(j.key)), j.modelJob, h.process.log)
	}
	j.may = nil
	if !j.ended() {
		return
	}
	if got, err = h.job("GET", j.id, ""); err != nil {
		t.Fatal(err)
	}
	h.checkResult(t, j, got)
	if j.waits != nil {
		h.until(t, "a client that waits at the handle of "+j.key+" has the result", func() bool { return len(j.waits) > 0 })
		h.checkResult(t, j, <-j.waits)
		j.waits = nil
	}
	if told := h.receiver.of(j.id); j.callback {
		h.until(t, "the receiver is told the end of "+j.key, func() bool {
			told = h.receiver.of(j.id)
			return len(told) > 0 && told[len(told)-1].State == j.state
		})
	}
}

// checkResult compares what a handle answers with what the model says.
func (h *history) checkResult(t *rapid.T, j *tracked, got heard) {
	want, serves := map[string]int{"failed": 502, "interrupted": 502, "cancelled": 410}[j.state], ""
	body := got.body
	if j.answer >= 0 && (j.state == "done" || j.state == "failed") {
		s := h.origin.of(j.key)[j.answer]
		want, serves, body = s.deed.status(), j.key+" "+strconv.Itoa(j.answer), s.body
	}
	if got.status != want || got.head.Get("X-Serving") != serves || got.body != body {
		t.Fatalf("the handle of %s, %+v: got %d %v %.300q, want %d %.300q", j.key, j.modelJob, got.status, got.head, got.body, want, body)
	}
}

// finish checks what holds at the end of every history.
func (h *history) finish() {
	wrong := slices.Concat(h.origin.complaints(), h.receiver.complaints())
	for _, j := range h.jobs {
		if all := h.origin.of(j.key); j.once() && !j.rerun && sentTooOften(all) != "" {
			wrong = append(wrong, j.key+": "+sentTooOften(all))
		}
	}
	if bad := regexp.MustCompile(`.*"level":"(error|panic|fatal)".*`).FindString(h.process.log.String()); bad != "" {
		wrong = append(wrong, bad)
	}
	if len(wrong) > 0 {
		h.Fatalf("%s", strings.Join(wrong, "\n"))
	}
}
