package site

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tenfour/config"
	"tenfour/front"
	"tenfour/jobs"
	"tenfour/jobs/callback"
	"tenfour/jobs/runner"
	"tenfour/source"
	"tenfour/trace"
	"tenfour/value/secret"
	"tenfour/value/target"
)

// The pauses between the attempts of a job: at random, up to the first, then up to twice as long each time, up to the longest.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// policyOf returns what a route says about the attempts of its jobs. A route has it also without async: its jobs go on when a reload has
// taken async away.
func policyOf(r *config.Route) jobs.Policy {
	return jobs.Policy{Attempts: r.Attempts, On: r.RetryOn, Unsafe: r.RetryUnsafe, First: firstPause, Most: longestPause}
}

// jobRoute is a route as its jobs need it. A route has jobs also without async: those from before a reload took it away.
type jobRoute struct {
	runner.Route
	allow target.Allow // where callbacks may go
	keys  *webhookKeys // that sign them; nil for a route without callbacks
}

// jobRoutes are the routes as their jobs need them, by name.
type jobRoutes map[string]*jobRoute

// add adds a route under its name, and under the name that it would have with each of its paths alone: so its jobs find it when a reload has
// given it other paths beside the first.
func (m jobRoutes) add(r *config.Route, to *front.Route, keys *webhookKeys) {
	it := &jobRoute{runner.Route{Route: to.Route, Policy: policyOf(r), Deadline: r.JobDeadline, Rule: to.Rule, Wire: to.Wire, Lane: new(trace.Lane)}, r.CallbackAllow, keys}
	for _, path := range r.Paths {
		if name := nameWith([]string{path}, r.Methods); m[name] == nil {
			m[name] = it
		}
	}
	m[nameOf(r)] = it
}

// find returns the route of a name, or else the one that has the first path of that name, and its methods; nil if there is none.
func (m jobRoutes) find(name string) *jobRoute {
	if to := m[name]; to != nil {
		return to
	}
	words := strings.Fields(name)
	paths := slices.IndexFunc(words, func(word string) bool { return !strings.HasPrefix(word, "/") })
	switch {
	case len(words) == 0:
		return nil
	case paths < 0:
		paths = len(words)
	}
	return m[nameWith(words[:1], words[paths:])]
}

// jobRoute finds a route for the front.
func (s *Site) jobRoute(name string) *runner.Route {
	if to := s.jobs.find(name); to != nil {
		return &to.Route
	}
	return nil
}

// Callbacks returns where the callbacks of a route's jobs may go, and the keys that sign them. It reports false if there is no such route, or
// it has no callbacks. It may be called after another site has taken the place of s.
func (s *Site) Callbacks(route string) (callback.Route, bool) {
	to := s.jobs.find(route)
	if to == nil || to.keys == nil {
		return callback.Route{}, false
	}
	return callback.Route{Allow: to.allow, Keys: *to.keys.keys.Load()}, true
}

// asyncOf returns how the requests of a route become jobs; nil if they do not.
func (s *Site) asyncOf(r *config.Route) (*front.Async, error) {
	keys, err := s.keysOf(r)
	if err != nil || !r.Async {
		return nil, err
	}
	a := &front.Async{
		After: r.AsyncAfter, BodyMax: int64(s.Config.JobBodyMax), Keep: r.Keep, Deadline: r.JobDeadline, Policy: policyOf(r),
		Dedupe: r.Dedupe, DedupeFields: r.DedupeFields, CallbackOn: endsOf(r),
	}
	if keys != nil {
		allow := target.Allow(r.CallbackAllow)
		a.Permits = func(url string) error {
			_, err := allow.Permits(url)
			return err
		}
	}
	return a, nil
}

// endsOf returns the states in which a job of a route has ended and its receiver is told.
func endsOf(r *config.Route) (ends jobs.States) {
	for _, end := range r.CallbackOn {
		state, _ := jobs.ParseState(end.String()) // it has the same words
		ends |= jobs.Only(state)
	}
	return ends
}

// keysOf takes the keys that sign a route's callbacks; nil if it has none.
func (s *Site) keysOf(r *config.Route) (*webhookKeys, error) {
	if r.CallbackSecretFile == "" {
		return nil, nil
	}
	return watched(s, webhookKey(r.CallbackSecretFile), "keys", func() (*webhookKeys, error) { return newWebhookKeys(r.CallbackSecretFile) })
}

type webhookKey string

// webhookKeys are keys that sign callbacks, which are read again when their file changes.
type webhookKeys struct {
	from string
	keys atomic.Pointer[[][]byte]
}

func newWebhookKeys(from string) (*webhookKeys, error) {
	k := &webhookKeys{from: from}
	return k, k.Reload()
}

// Files returns the file of the keys; none for env:NAME.
func (k *webhookKeys) Files() []string {
	if strings.HasPrefix(k.from, source.Env) {
		return nil
	}
	return []string{k.from}
}

// Reload reads the keys again. If that fails, the old ones stay.
func (k *webhookKeys) Reload() error {
	keys, err := secret.WebhookKeys(k.from)
	if err != nil {
		return fmt.Errorf("%s: %w", k.from, err)
	}
	k.keys.Store(&keys)
	return nil
}
