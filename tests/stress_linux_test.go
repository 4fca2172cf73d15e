package tests

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The stress is random. All choices follow from its seed, but the timing does not: a seed that failed may pass, and with more time
// it mostly fails again.
var (
	stressFor  = flag.Duration("stress", 4*time.Second, "how long the stress lasts")
	stressSeed = flag.Uint64("stress-seed", 0, "the seed of the stress; 0 for any")
)

// stress is the whole: tenfour in a process of its own, backends, clients, and the ledger of what they saw.
type stress struct {
	*ledger
	*standingProcess
	t        *testing.T
	seed     uint64
	inForce  string // the file of settings
	routes   []*stressRoute
	backends []*stressBackend
	settings []string // that it goes from one to the other
	clients  []*stressClient
}

// TestStress_nothingIsLostOrCrossed: clients of all manners, some of which leave at any moment, in front of backends some of which
// fail in all manners, while the configuration changes every 20 to 270 ms. No request gets another's answer, none
// reaches a backend more often than it may, none is left without an answer or a visible end, no backend meets more than it
// may, no credential goes astray. In the end tenfour is as it was in the beginning.
//
//	go test -race -run TestStress ./tests -stress 60s -stress-seed 7
func TestStress_nothingIsLostOrCrossed(t *testing.T) {
	seed := *stressSeed
	if seed == 0 {
		seed = rand.Uint64N(1_000_000) + 1
	}
	for i, name := range []string{"plain clients", "clients with TLS"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startStress(t, seed+uint64(i)<<32, name == "clients with TLS")
			lasts := *stressFor
			if testing.Short() {
				lasts /= 2
			}
			s.run(lasts)
		})
	}
}

func startStress(t *testing.T, seed uint64, secure bool) *stress {
	t.Logf("again with: go test -race -run %s ./tests -stress %v -stress-seed %d", t.Name()[:strings.Index(t.Name(), "/")], *stressFor, uint32(seed))
	s := &stress{ledger: newLedger(t), t: t, seed: seed}
	a := newAuthority(t)
	cert, certFile, keyFile := a.sign("localhost")
	s.addRoutes(t, &tls.Config{Certificates: []tls.Certificate{cert}})
	for i, b := range s.backends {
		startStressBackend(t, b, s.ledger, seed+uint64(i))
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 6 {
		s.settings = append(s.settings, drawSettings(rng, s.routes))
	}
	s.inForce = filepath.Join(t.TempDir(), "tenfour.toml")
	writeFile(t, s.inForce, baseSettings(s.routes, false))
	flags := []string{"--config", s.inForce, "--drain", "5s"}
	var clientTLS *tls.Config
	if secure {
		flags = append(flags, "--tls-cert", certFile, "--tls-key", keyFile)
		pool := x509.NewCertPool()
		pool.AddCert(a.cert)
		clientTLS = &tls.Config{RootCAs: pool, ServerName: "localhost"}
	}
	s.standingProcess = startStanding(t, a.env(), nil, flags...)
	for i := range 40 {
		s.clients = append(s.clients, &stressClient{
			number: i, addr: s.addr, tls: clientTLS, routes: s.routes, ledger: s.ledger,
			rng: rand.New(rand.NewPCG(seed, uint64(100+i))), leaves: i%3 == 0,
		})
	}
	return s
}

// addRoutes makes the routes with their backends.
func (s *stress) addRoutes(t *testing.T, backendTLS *tls.Config) {
	dir := t.TempDir()
	secret := func(name, content string) string { return writeFile(t, filepath.Join(dir, name), content) }
	flappy := []*stressBackend{{name: "flappy-1", flappy: true}, {name: "flappy-2", flappy: true}, {name: "flappy-3", flappy: true, chatty: true}}
	signer := []*stressBackend{{name: "signer"}}
	s.routes = []*stressRoute{
		{path: "/faultless", workers: 4, faultless: true, backends: []*stressBackend{{name: "faultless-1"}, {name: "faultless-2"}}},
		{path: "/old", workers: 2, faultless: true, old: true, backends: []*stressBackend{{name: "old", old: true}}},
		{path: "/secure", workers: 3, faultless: true, backends: []*stressBackend{{name: "secure", tls: backendTLS}}},
		{path: "/varied", workers: 6, faultless: true, sometimes: true, varies: true, backends: []*stressBackend{{name: "varied"}}},
		{path: "/lasting", workers: 2, faultless: true, lasting: true, backends: []*stressBackend{{name: "lasting"}}},
		{path: "/flappy", workers: 3, backends: flappy},
		{path: "/raced", workers: 3, raced: true, backends: flappy},
		{path: "/raced-posts", workers: 3, raced: true, racesPosts: true, backends: flappy, settings: "race_methods = [\"POST\", \"PUT\", \"DELETE\"]\n"},
		{path: "/one", workers: 1, backends: []*stressBackend{{name: "one", flappy: true}}},
		{path: "/unread", workers: 2, backends: []*stressBackend{{name: "unread", unread: true}}},
		{path: "/hangup", workers: 2, faultless: true, backends: []*stressBackend{{name: "hangup", hangsUp: true}}},
		{path: "/sign", workers: 2, faultless: true, backends: signer, credential: "Authorization: Bearer of-the-signer",
			settings: "credential_file = \"" + secret("sign", "of-the-signer\n") + "\"\n"},
		{path: "/pay", workers: 2, faultless: true, backends: signer, credential: "X-Api-Key: of-the-payer",
			settings: "credential_header = \"X-Api-Key\"\ncredential_file = \"" + secret("pay", "of-the-payer\n") + "\"\n"},
		{path: "/token", workers: 2, faultless: true, clientToken: "of-ann", backends: []*stressBackend{{name: "token"}},
			settings: "client_token_file = \"" + secret("token", "ann of-ann\n") + "\"\n"},
		{path: "/both", workers: 2, faultless: true, clientToken: "of-bob", credential: "Authorization: Bearer of-both", backends: []*stressBackend{{name: "both"}},
			settings: "client_token_file = \"" + secret("tokens", "bob of-bob\n") + "\"\ncredential_file = \"" + secret("both", "of-both\n") + "\"\n"},
		{path: "/limited", workers: 4, faultless: true, limit: &stressLimit{"few", 20, 300 * time.Millisecond},
			settings: "limit = \"few\"\n", backends: []*stressBackend{{name: "limited"}}},
		{path: "/waiting", workers: 4, faultless: true, limit: &stressLimit{"wait", 10, 200 * time.Millisecond},
			settings: "limit = \"wait\"\n", backends: []*stressBackend{{name: "waiting"}}},
	}
	known := map[*stressBackend]bool{}
	for _, r := range s.routes {
		for _, b := range r.backends {
			b.workers = r.workers
			b.routes = append(b.routes, r)
			if !known[b] {
				s.backends = append(s.backends, b)
			}
			known[b] = true
		}
	}
}

// run lets all clients and backends work for a while, and then checks the outcome.
func (s *stress) run(lasts time.Duration) {
	s.behave(true)
	s.holdAll("before")
	s.endConnections()
	before := s.rest()
	s.configure(s.settings[0])
	s.behave(false)
	over := make(chan struct{})
	var running sync.WaitGroup
	for _, c := range s.clients {
		running.Go(func() { c.run(over) })
	}
	for i, b := range s.backends {
		if b.flappy {
			running.Go(func() { b.flap(rand.New(rand.NewPCG(s.seed, uint64(200+i))), over) })
		}
	}
	reloads := 0
	running.Go(func() { reloads = s.reloadOn(rand.New(rand.NewPCG(s.seed, 2)), over) })
	select {
	case <-time.After(lasts):
	case <-s.over:
	}
	close(over)
	running.Wait()
	outcomes := s.settle()
	s.t.Logf("%d reloads; %s", reloads, tally(outcomes))
	if outcomes["whole"] == 0 || outcomes["left"] == 0 {
		s.t.Errorf("the stress was none: %v", outcomes)
	}
	if s.t.Failed() {
		return
	}
	s.behave(true)
	s.probe()
	s.holdAll("after")
	s.endConnections()
	s.returnsTo(before)
}

// endConnections has the backends end those that tenfour may have kept.
func (s *stress) endConnections() {
	for _, b := range s.backends {
		b.shut(false)
		if err := b.open(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// reloadOn goes from one configuration to another until over, and returns how often.
func (s *stress) reloadOn(rng *rand.Rand, over <-chan struct{}) int {
	for n := 0; ; n++ {
		select {
		case <-over:
			return n
		case <-time.After(time.Duration(20+rng.IntN(250)) * time.Millisecond):
		}
		next := s.settings[rng.IntN(len(s.settings))]
		if rng.IntN(8) == 0 {
			next += "this is wrong\n" // refused: the running configuration stays
		}
		s.write(next)
		s.cmd.Process.Signal(syscall.SIGHUP)
	}
}

// write puts other settings in place of those in the file, all at once.
func (s *stress) write(settings string) {
	err := os.WriteFile(s.inForce+".next", []byte(settings), 0o600)
	if err == nil {
		err = os.Rename(s.inForce+".next", s.inForce)
	}
	if err != nil {
		s.complain("the stress itself: %v", err)
	}
}

// configure has tenfour follow some settings, and returns when it does. It asks twice: a reload that was asked for before
// may be under way, and read the file before it was written.
func (s *stress) configure(settings string) {
	s.write(settings)
	for range 2 {
		said := strings.Count(s.log.String(), reloaded)
		s.cmd.Process.Signal(syscall.SIGHUP)
		eventually(s.t, "tenfour has reloaded", func() bool { return strings.Count(s.log.String(), reloaded) > said })
	}
}

// behave ends the misbehaviour of all backends, or begins it.
func (s *stress) behave(down bool) {
	for _, b := range s.backends {
		b.behave(down)
	}
}
