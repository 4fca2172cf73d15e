package tests

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger knows every request of the stress: what was asked, which backends saw it, and what its client got. What is
// wrong at once is told at once; settle tells the rest. Safe for use by several goroutines.
type ledger struct {
	t     testing.TB
	start time.Time
	over  chan struct{} // closed when so much is wrong that the run need not go on

	mu      sync.Mutex // guards the rest
	entries map[string]*entry
	wrong   int
}

// entry is what is known of one request.
type entry struct {
	*ask
	leaves bool // its client does not stay for the response
	sent   time.Duration
	ended  time.Duration
	got    string // "" while its client waits
	status int    // of the response; 0 for none
	own    bool   // the response is tenfour's
	seen   []sighting
}

// sighting is a backend's.
type sighting struct {
	backend    string
	connection int
	at         time.Duration
}

// wrongMost is how many findings are told: the others mostly follow from them.
const wrongMost = 20

func newLedger(t testing.TB) *ledger {
	return &ledger{t: t, start: time.Now(), over: make(chan struct{}), entries: map[string]*entry{}}
}

// complain tells what is wrong.
func (l *ledger) complain(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.complainLocked(format, args...)
}

func (l *ledger) complainLocked(format string, args ...any) {
	if l.wrong++; l.wrong > wrongMost {
		return
	}
	l.t.Errorf("at %v: "+format, append([]any{time.Since(l.start).Round(time.Millisecond)}, args...)...)
	if l.wrong == wrongMost {
		close(l.over)
	}
}

// asked notes a request that is about to be sent.
func (l *ledger) asked(a *ask, leaves bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[a.id] = &entry{ask: a, leaves: leaves, sent: time.Since(l.start)}
}

// saw notes that a backend has read the head of a request.
func (l *ledger) saw(a *ask, backend string, connection int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[a.id]
	switch {
	case e == nil:
		l.complainLocked("%s, connection %d, saw the request %q, which no client has sent", backend, connection, a.id)
		return
	case e.method != a.method && backend != "unread":
		l.complainLocked("%s saw %s %s, which was sent as %s", backend, a.method, a.id, e.method)
	}
	e.seen = append(e.seen, sighting{backend, connection, time.Since(l.start)})
}

// ended notes how a request ended for its client.
func (l *ledger) ended(a *ask, o stressOutcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[a.id]
	e.got, e.status, e.own, e.ended = o.how, o.status, o.own, time.Since(l.start)
	if why := e.refuted(o); why != "" {
		l.complainLocked("%s\n%s\n\ton its connection after %q", why, e, o.before)
	}
}

// refuted says why an outcome cannot be right; "" when it may be.
func (e *entry) refuted(o stressOutcome) string {
	switch {
	case o.wrong != nil:
		return o.wrong.Error()
	case e.leaves:
		return ""
	case o.how == "cut" && e.route.faultless:
		return fmt.Sprintf("the client of a route without faults was cut off: %v", o.err)
	case o.own && !e.ownStatuses()[o.status]:
		return fmt.Sprintf("tenfour answers %d: %s", o.status, o.words)
	}
	return ""
}

// ownStatuses are those that tenfour itself may answer with.
func (e *entry) ownStatuses() map[int]bool {
	may := map[int]bool{}
	if e.route.sometimes {
		may[404] = true
	}
	if e.route.limit != nil {
		may[429] = true
	}
	if e.route.lasting || e.isProbe() {
		may[503] = true // all places are taken
	}
	if e.route.old && e.bodyAs == "chunked" {
		may[411], may[503] = true, true // it is larger than may be held, or waits too long for what may
	}
	if !e.route.faultless {
		may[502], may[503], may[504] = true, true, true
		if e.route.raced {
			may[413] = true
		}
	}
	return may
}

// isProbe reports whether it is one of those that find out how many places there are.
func (a *ask) isProbe() bool { return strings.HasPrefix(a.kind, "gate") }

func (e *entry) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\t%s %s\n\tsent at %v; ", e.method, e.target(), e.sent.Round(time.Millisecond))
	if e.bodyAs != "" {
		fmt.Fprintf(&b, "%d bytes, %s; ", e.body, e.bodyAs)
	}
	fmt.Fprintf(&b, "got %q %d at %v", e.got, e.status, e.ended.Round(time.Millisecond))
	for _, s := range e.seen {
		fmt.Fprintf(&b, "\n\tseen by %s, connection %d, at %v", s.backend, s.connection, s.at.Round(time.Millisecond))
	}
	return b.String()
}

// settle tells what is wrong with the whole, and returns how often each outcome was had.
func (l *ledger) settle() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	outcomes := map[string]int{}
	for _, e := range l.entries {
		how := e.got
		switch {
		case how == "":
			l.complainLocked("a client knows nothing of what became of its request\n%s", e)
		case e.own:
			how = fmt.Sprintf("tenfour's own %d", e.status)
		}
		outcomes[how]++
		if why := e.tooOften(); why != "" {
			l.complainLocked("%s\n%s", why, e)
		}
	}
	l.checkLimits()
	return outcomes
}

// resendMost is the largest resend of all configurations of the stress.
const resendMost = 1

// tooOften says why the backends saw a request more often than they may; "" when they did not.
func (e *entry) tooOften() string {
	each := map[string]int{}
	for _, s := range e.seen {
		each[s.backend]++
	}
	raced := e.route.raced && (e.idempotent() || e.route.racesPosts)
	switch {
	case !raced && !e.idempotent() && len(e.seen) > 1:
		return fmt.Sprintf("a %s reached backends %d times", e.method, len(e.seen))
	case !raced && len(e.seen) > 1+resendMost:
		return fmt.Sprintf("a %s reached backends %d times, which may be sent again %d times", e.method, len(e.seen), resendMost)
	}
	for backend, n := range each {
		if most := 1 + resendMost + 2; n > 1 && (!e.idempotent() || n > most) {
			return fmt.Sprintf("a raced %s reached %s %d times", e.method, backend, n)
		}
	}
	return ""
}

// checkLimits looks for a window in which a limit surely let too many pass: those that were both sent and seen in it.
func (l *ledger) checkLimits() {
	type key struct {
		limit *stressLimit
		value string
	}
	passed := map[key][]*entry{}
	for _, e := range l.entries {
		if e.route.limit != nil && len(e.seen) > 0 {
			k := key{e.route.limit, e.key}
			passed[k] = append(passed[k], e)
		}
	}
	for k, list := range passed {
		slices.SortFunc(list, func(a, b *entry) int { return int(a.sent - b.sent) })
		for i, first := range list {
			n := 0
			for _, e := range list[i:] {
				if e.seen[0].at < first.sent+k.limit.per {
					n++
				}
			}
			if n > k.limit.n {
				l.complainLocked("the limit %s let %d pass for %q in %v, where %d may", k.limit.name, n, k.value, k.limit.per, k.limit.n)
				break
			}
		}
	}
}

// tally is how many requests there were, and what became of them.
func tally(outcomes map[string]int) string {
	total := 0
	var parts []string
	for _, how := range slices.Sorted(maps.Keys(outcomes)) {
		total += outcomes[how]
		parts = append(parts, fmt.Sprintf("%d %s", outcomes[how], how))
	}
	return fmt.Sprintf("%d requests: %s", total, strings.Join(parts, ", "))
}
