package tests

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"tenfour/tests/await"
)

// errand is one request of a job, and what its client was told. Guarded by its witness.
type errand struct {
	order
	method, path string
	keyed        bool // it has an Idempotency-Key
	callback     bool

	id        string // "" while no answer has named a handle
	relayed   bool   // the response came to its client, which needed no handle
	cancelled bool   // a DELETE was answered with 200
	doomed    bool   // a DELETE was sent, so that it may be cancelled
	result    string // what its handle has answered since its end; "" before
}

// once reports whether the request may be sent only once.
func (e *errand) once() bool { return e.method == "POST" && !e.keyed && e.path != unsafeRoute }

// target, text and fields are those of its request.
func (e *errand) target() string {
	if e.method == "GET" {
		return asTarget(e.path, e.order)
	}
	return e.path
}

func (e *errand) text() string {
	if e.method == "GET" {
		return ""
	}
	return e.order.text()
}

func (e *errand) fields(receiver string) (lines []string) {
	if e.path != laterRoute {
		lines = append(lines, "Prefer: respond-async")
	}
	if e.keyed {
		lines = append(lines, "Idempotency-Key: "+e.key)
	}
	if e.callback {
		lines = append(lines, "Callback-URL: http://"+receiver+"/ends")
	}
	return lines
}

// witness knows what was promised to clients, and judges what comes later. Safe for use by several goroutines.
type witness struct {
	*doomed

	mu      sync.Mutex // guards the rest
	errands []*errand
	wrong   []string
	counts  map[string]int // of what has happened, for the test's log
}

func (d *doomed) witness() *witness { return &witness{doomed: d, counts: map[string]int{}} }

func (w *witness) complain(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

func (w *witness) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what]++
}

// plans are what origins do with the requests of a job.
var plans = [][]deed{
	{answers}, {answers}, {answers}, {large}, {slow}, {slow}, {missing}, {fails, answers}, {busy, answers}, {limited, answers},
	{resets, answers}, {halfBody, answers}, {hangsUp, slow}, {fails}, {resets}, {busy, slow, large},
}

// drawErrand makes an errand that is new.
func (w *witness) drawErrand(rng *rand.Rand) *errand {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := &errand{
		order:    order{key: fmt.Sprintf("k%d-%08x", len(w.errands), rng.Uint32()), plan: plans[rng.IntN(len(plans))]},
		method:   []string{"POST", "POST", "PUT", "GET"}[rng.IntN(4)],
		path:     []string{onceRoute, onceRoute, unsafeRoute, laterRoute}[rng.IntN(4)],
		keyed:    rng.IntN(4) == 0,
		callback: rng.IntN(3) == 0,
	}
	if e.method != "GET" && rng.IntN(8) == 0 {
		e.filler = 70 << 10
	}
	w.errands = append(w.errands, e)
	return e
}

// any returns an errand that was promised; nil for none.
func (w *witness) any(rng *rand.Rand) *errand {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range 10 {
		if len(w.errands) == 0 {
			return nil
		}
		if e := w.errands[rng.IntN(len(w.errands))]; e.id != "" {
			return e
		}
	}
	return nil
}

// anyKeyed returns an errand that has a key, also one of which it is unknown whether it became a job; nil for none.
func (w *witness) anyKeyed(rng *rand.Rand) *errand {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range 10 {
		if e := w.errands[rng.IntN(len(w.errands))]; e.keyed && e.path != laterRoute {
			return e
		}
	}
	return nil
}

// leave sends the request of an errand, and is gone before the answer.
func (w *witness) leave(e *errand) {
	w.asker.leave(e.method, e.target(), e.text(), e.fields(w.receiver.addr)...)
}

// send sends the request of an errand, which is also how a client asks again, and notes what it is told. It returns an error when
// tenfour has gone.
func (w *witness) send(e *errand) error {
	h, err := w.ask(e.method, e.target(), e.text(), e.fields(w.receiver.addr)...)
	if err != nil {
		return err
	}
	w.mu.Lock()
	again := e.id != ""
	w.mu.Unlock()
	switch {
	case h.status == 202 || h.status == 200 && strings.HasPrefix(h.head.Get("Location"), "/.tenfour/jobs/") && e.keyed:
		w.promise(e, h)
	case e.path == laterRoute && !again:
		w.relayed(e, h)
	default:
		w.complain("%s %s %v: got %d %v %.300q, want 202", e.method, e.path, e.order.plan, h.status, h.head, h.body)
	}
	return nil
}

// promise notes the handle of a 202.
func (w *witness) promise(e *errand, h heard) {
	w.count("promises")
	id := h.id()
	w.mu.Lock()
	before := e.id
	if before == "" { // others read it without the lock, once it is known
		e.id = id
	}
	w.mu.Unlock()
	switch {
	case len(id) != 32:
		w.complain("a 202 has the Location %q", h.head.Get("Location"))
	case before != "" && before != id:
		w.complain("%s has the handles %s and %s: one key, two jobs", e.key, before, id)
	}
}

// relayed judges a response that came to the client of a request that might have become a job.
func (w *witness) relayed(e *errand, h heard) {
	w.count("relayed")
	w.mu.Lock()
	e.relayed = true
	w.mu.Unlock()
	if h.head.Get("X-Serving") == "" && h.status/100 == 5 {
		return // the origin gave none
	}
	if err := w.isServed(e, h); err != nil {
		w.complain("%s %s was relayed: %v", e.path, e.key, err)
	}
}

// isServed says how a response is not one that the origin has sent for this errand.
func (w *witness) isServed(e *errand, h heard) error {
	s, ok := w.origin.servedAs(e.key, h.head.Get("X-Serving"))
	switch {
	case !ok:
		return fmt.Errorf("the origin has sent no such response: %d %v %.300q", h.status, h.head, h.body)
	case h.status != s.deed.status() || h.body != s.body:
		return fmt.Errorf("got %d and %d bytes, %.100q; the origin sent %d and %d bytes, %.100q", h.status, len(h.body), h.body, s.deed.status(), len(s.body), s.body)
	}
	return nil
}

// read asks the handle of an errand for the result. It reports whether the job has ended, and an error when tenfour has gone.
func (w *witness) read(e *errand, fields ...string) (ended bool, err error) {
	h, err := w.job("GET", e.id, "", fields...)
	if err != nil || h.status == 202 {
		return false, err
	}
	w.count("results")
	text := fmt.Sprintf("%d %s %s", h.status, h.head.Get("X-Serving"), h.body)
	if h.head.Get("X-Serving") == "" {
		text = fmt.Sprint(h.status) // tenfour's own words have a request id
	}
	w.mu.Lock()
	before := e.result
	if before == "" {
		e.result = text
	}
	doomed := e.doomed
	w.mu.Unlock()
	switch {
	case h.status == 404 && h.head.Get("X-Serving") == "":
		w.complain("%s was promised as %s, and is lost", e.key, e.id)
	case before != "" && before != text:
		w.complain("the result of %s was %.200q, and is %.200q", e.key, before, text)
	case h.status == 410 && doomed, h.status == 502 && h.head.Get("X-Serving") == "": // cancelled; failed, or interrupted
	default:
		if err := w.isServed(e, h); err != nil {
			w.complain("the result of %s: %v", e.key, err)
		}
	}
	return true, nil
}

// cancel cancels an errand.
func (w *witness) cancel(e *errand) error {
	w.mu.Lock()
	e.doomed = true
	w.mu.Unlock()
	h, err := w.job("DELETE", e.id, "")
	switch {
	case err != nil:
		return err
	case h.status == 200:
		w.count("cancels")
		w.mu.Lock()
		e.cancelled = true
		w.mu.Unlock()
	case h.status != 409:
		w.complain("DELETE of %s: got %d %.300q, want 200 or 409", e.key, h.status, h.body)
	}
	return nil
}

// pause pauses a job, or resumes it.
func (w *witness) pause(e *errand, verb string) error {
	h, err := w.job("POST", e.id, "/"+verb)
	if err == nil && h.status != 200 && h.status != 409 {
		w.complain("%s of %s: got %d %.300q, want 200 or 409", verb, e.key, h.status, h.body)
	}
	return err
}

// settle awaits the end of each job that was promised, and judges all that has happened. It needs a tenfour that is not killed.
func (w *witness) settle(patiently time.Duration) {
	late := time.Now().Add(patiently)
	w.each(func(e *errand) {
		w.pause(e, "resume") // it may be paused
		for ended := false; !ended; {
			var err error
			if ended, err = w.read(e, "Prefer: wait=2"); err != nil {
				w.complain("the handle of %s: %v", e.key, err)
				return
			}
			if !ended && time.Now().After(late) {
				v, _, _ := w.look(e.id)
				w.complain("%s %s %v has not ended: %+v; the origin has had %v", e.method, e.path, e.plan, v, w.origin.of(e.key))
				return
			}
		}
		if err := w.judge(e, late); err != nil {
			w.complain("%s %s%s %s, %v: %v", e.method, e.path, map[bool]string{true: " with a key"}[e.keyed], e.key, e.plan, err)
		}
	})
	for _, e := range w.errands { // also those that no client knows to be jobs
		if e.once() {
			if wrong := sentTooOften(w.origin.of(e.key)); wrong != "" {
				w.complain("POST %s %s, handle %q: %s", e.path, e.key, e.id, wrong)
			}
		}
	}
	w.wrong = slices.Concat(w.wrong, w.origin.complaints(), w.receiver.complaints())
}

// each calls do for each errand that has a handle, several at a time.
func (w *witness) each(do func(*errand)) {
	next := make(chan *errand)
	var running sync.WaitGroup
	for range 16 {
		running.Go(func() { // ends when next is closed
			for e := range next {
				do(e)
			}
		})
	}
	for _, e := range w.errands {
		if e.id != "" {
			next <- e
		}
	}
	close(next)
	running.Wait()
}

// judge says what is wrong with the end of a job.
func (w *witness) judge(e *errand, late time.Time) error {
	v, h, err := w.look(e.id)
	if err != nil || h.status != 200 {
		return fmt.Errorf("its record: %d %.300q (%w)", h.status, h.body, err)
	}
	w.count(v.State)
	all := w.origin.of(e.key)
	text := fmt.Sprintf("%+v; the origin has had %d", v, len(all))
	switch {
	case e.cancelled && v.State != "cancelled", v.State == "cancelled" && !e.doomed:
		return errors.New("its cancelling and its state differ: " + text)
	case v.State == "done" && (len(all) == 0 || e.result[:3] >= "500" || e.result[:3] == "429"):
		return fmt.Errorf("it is done with %.100q: %s", e.result, text)
	case v.State == "interrupted" && !e.once():
		return errors.New("it may be sent again, and was interrupted: " + text)
	case v.State == "failed" && v.Reason == "":
		return errors.New("it has failed without a reason: " + text)
	case v.State == "failed" && !slices.ContainsFunc(all, func(s serving) bool { return s.deed.status() == 0 || s.deed.status() >= 429 }):
		return errors.New("it has failed, and the origin has never failed: " + text)
	}
	if e.callback {
		return w.judgeCallback(e, v, late)
	}
	return nil
}

// judgeCallback awaits the callback of a job that has ended.
func (w *witness) judgeCallback(e *errand, v view, late time.Time) error {
	told := []toldEnd{}
	if !await.Holds(time.Until(late), func() bool {
		told = w.receiver.of(e.id)
		return len(told) > 0
	}) {
		return fmt.Errorf("it is %s, and its callback has not come", v.State)
	}
	for _, end := range told {
		hasResult := v.State == "done" || v.State == "failed"
		if end.State != v.State || hasResult && end.Status != 0 && !strings.HasPrefix(e.result, fmt.Sprint(end.Status)) {
			return fmt.Errorf("it is %s with %.20q, and its callback says %+v", v.State, e.result, end)
		}
	}
	return nil
}
