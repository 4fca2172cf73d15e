package tests

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// stressRoute is a route of the stress, and what is sure of it in all its configurations.
type stressRoute struct {
	path     string
	backends []*stressBackend
	workers  int // the most in any configuration

	faultless   bool // its backends never fail: each client that stays is answered by one, and whole
	sometimes   bool // not in every configuration
	varies      bool // its workers do
	lasting     bool // what it serves are event streams and WebSockets
	old         bool // its backends speak HTTP/1.0
	raced       bool // in some configurations
	racesPosts  bool
	limit       *stressLimit
	clientToken string // that clients must show
	credential  string // the field line that its backends must see; "" for none of the kind
	settings    string // that it has in every configuration
}

type stressLimit struct {
	name string
	n    int
	per  time.Duration
}

// stressStreams is how many connections a backend has beside its workers. Few, so that they are all taken at times.
const stressStreams = 6

// stressHoldMax is how much may be held for all bodies together. Little, so that it is all taken at times.
const stressHoldMax = "1MiB"

// drawSettings is a configuration as a file has it.
func drawSettings(rng *rand.Rand, routes []*stressRoute) string {
	var b strings.Builder
	fmt.Fprintf(&b, "hold_max = %q\nbuffer = %q\n", stressHoldMax, pick(rng, "0B", "4KiB", "64KiB", "256KiB", "256KiB"))
	fmt.Fprintf(&b, "[timeouts]\nhead = \"20s\"\nidle = \"1m\"\nconnect = \"15s\"\nbackend = \"20s\"\n")
	checked := rng.IntN(2) == 0
	for _, r := range routes {
		if !r.sometimes || rng.IntN(2) == 0 {
			r.drawSettings(&b, rng)
			if checked && !r.faultless { // routes of the same backends must agree on it
				b.WriteString(healthSettings)
			}
		}
	}
	writeLimits(&b, routes)
	return b.String()
}

// baseSettings is the configuration that the stress begins and ends with: all routes, and nothing drawn. With checks it is
// found out soon which backends are up again.
func baseSettings(routes []*stressRoute, checked bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "hold_max = %q\nbuffer = %q\n", stressHoldMax, stressHoldMax)
	for _, r := range routes {
		r.writeSettings(&b)
		fmt.Fprintf(&b, "workers = %d\nqueue = %d\n", r.workers, baseQueue)
		if checked && !r.faultless {
			b.WriteString(healthSettings)
		}
	}
	writeLimits(&b, routes)
	return b.String()
}

// baseQueue is how many may wait on a route at the beginning and at the end.
const baseQueue = 5

const healthSettings = "health = \"/health\"\nhealth_every = \"20ms\"\n"

func (r *stressRoute) writeSettings(b *strings.Builder) {
	var urls []string
	for _, backend := range r.backends {
		urls = append(urls, `"`+backend.url+`"`)
	}
	fmt.Fprintf(b, "\n[[route]]\npath = %q\nbackends = [%s]\nstreams = %d\n%s", r.path, strings.Join(urls, ", "), stressStreams, r.settings)
}

func (r *stressRoute) drawSettings(b *strings.Builder, rng *rand.Rand) {
	r.writeSettings(b)
	workers := r.workers
	if r.varies {
		workers = 1 + rng.IntN(r.workers)
	}
	fmt.Fprintf(b, "workers = %d\n", workers)
	if r.faultless {
		return
	}
	fmt.Fprintf(b, "resend = %d\n", rng.IntN(1+resendMost))
	fmt.Fprintf(b, "hold = %q\n", pick(rng, "0s", "50ms", "500ms", "2s"))
	fmt.Fprintf(b, "queue = %d\nqueue_timeout = %q\n", pick(rng, 0, 2, 100, 1000), pick(rng, "30ms", "1s", "10s"))
	fmt.Fprintf(b, "keep_alive = %q\n", pick(rng, "auto", "auto", "bodyless", "off"))
	if r.raced {
		fmt.Fprintf(b, "race = %q\n", pick(rng, "off", "parallel", "serial", "hedge", "hedge"))
		fmt.Fprintf(b, "hedge_after = %q\n", pick(rng, "p95", "1ms", "20ms"))
	}
}

func writeLimits(b *strings.Builder, routes []*stressRoute) {
	for _, r := range routes {
		if l := r.limit; l != nil {
			fmt.Fprintf(b, "\n[limit.%s]\nrate = \"%d/%v\"\nby = \"header:X-Key\"\n", l.name, l.n, l.per)
			if strings.HasPrefix(l.name, "wait") {
				b.WriteString("over = \"wait\"\nwait_max = \"2s\"\n")
			}
		}
	}
}
