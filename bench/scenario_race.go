package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// race is about backends that each fail now and then, and are seldom quick.
var race = &Scenario{
	Name:     "race",
	Question: "four backends that fail one request in four and take up to 300 ms: how often, and when, is there a usable answer?",
	Flags:    []string{"--race", "parallel", "--workers", "20"}, // a slot at each backend for each client
	Retries:  "statuses",
	Fresh:    true,
	Variants: []Variant{
		{Name: "tenfour-hedge", Flags: []string{"--race", "hedge", "--workers", "20"}},
		{Name: "tenfour-serial", Flags: []string{"--race", "serial", "--workers", "20"}},
	},
	Figures: []Figure{
		{Name: "usable", Title: "usable", Unit: "%", Higher: true, Digits: 1},
		{Name: "mean", Title: "mean", Unit: "ms", Digits: 1},
		{Name: "p99", Title: "p99", Unit: "ms"},
		{Name: "asked", Title: "requests at the backends for each", Digits: 2},
	},
	Goals: []Goal{
		{Figure: "usable", Peer: "-", AtLeast: 99},
		{Figure: "mean", Peer: "-", AtMost: math.Round(idealRace["mean"] + 15)},
	},
	Ideal: idealRace,
	Notes: []string{
		"usable is any status below 500; mean and p99 are of the usable answers.",
		"ideal asks all four at once and has the first usable answer in no time, simulated from the same distribution; nobody who asks less can be as quick.",
		"What a race costs is in the last column. nginx, haproxy and caddy ask the next one when one has failed, as tenfour-serial does. direct is one of the four.",
	},
	Load: func(e *Env) []string {
		return []string{fmt.Sprintf("our client: %d requests for / on %d persistent connections", e.RaceRequests, raceClients)}
	},
	Start: func(context.Context, *Env) (*Origin, error) {
		var specs []string
		for seed := 1; seed <= raceBackends; seed++ {
			specs = append(specs, fmt.Sprintf("flaky:seed=%d,fail=%v,delay=%v", seed, raceFail, raceDelay))
		}
		return startFaulty("4 × lab's flaky: 0 to 300 ms, 25 % of the answers are 500, the same fates for all", specs...)
	},
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			l := &raceLoad{addr: v.Addr, left: int64(v.RaceRequests)}
			l.run(ctx)
			v.Sample.mark(countMark("requests had no answer at all ("+l.first+")", l.answers, v.RaceRequests))
			met := 0
			for _, b := range v.Origin.labs {
				met += b.Counts().Requests
			}
			v.Sample.set("", l.figures(v.RaceRequests))
			v.Sample.set("", map[string]float64{"asked": float64(met) / float64(v.RaceRequests)})
			return ctx.Err()
		},
	},
}

const (
	raceBackends = 4
	raceClients  = 20
	raceFail     = 0.25
	raceDelay    = 300 * time.Millisecond
)

// idealRace is the first usable of four answers: figures of a race that itself takes no time.
var idealRace = func() map[string]float64 {
	const n = 200_000
	dice := rand.New(rand.NewPCG(1, 2))
	var times []float64
	for range n {
		first := math.Inf(1)
		for range raceBackends {
			delay := dice.Float64() * float64(raceDelay) / 1e6
			if dice.Float64() >= raceFail {
				first = min(first, delay)
			}
		}
		if !math.IsInf(first, 1) {
			times = append(times, first)
		}
	}
	f := timesOf(times, n)
	f["asked"] = raceBackends
	return f
}()

// timesOf are the figures of the usable answers' times, of n requests.
func timesOf(times []float64, n int) map[string]float64 {
	slices.Sort(times)
	sum := 0.0
	for _, t := range times {
		sum += t
	}
	return map[string]float64{"usable": 100 * float64(len(times)) / float64(n), "mean": sum / float64(len(times)), "p99": percentileOf(times, 99)}
}

// raceLoad is clients that stay, each with one request after the other.
type raceLoad struct {
	addr string
	left int64 // requests that nobody has begun

	mu      sync.Mutex // guards the rest
	answers int
	times   []float64 // ms, of usable ones
	first   string    // error
}

// run returns when all requests have been made.
func (l *raceLoad) run(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, visitMost)
	defer cancel()
	var clients sync.WaitGroup
	for range raceClients {
		clients.Go(func() { l.client(ctx) }) // ends with the requests, or ctx
	}
	clients.Wait()
}

func (l *raceLoad) figures(n int) map[string]float64 { return timesOf(l.times, n) }

func (l *raceLoad) client(ctx context.Context) {
	var c net.Conn
	var in *bufio.Reader
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for ctx.Err() == nil && atomic.AddInt64(&l.left, -1) >= 0 {
		began := time.Now()
		var err error
		if c == nil {
			if c, err = (&net.Dialer{}).DialContext(ctx, "tcp4", l.addr); err != nil {
				c = nil
				l.note(0, 0, err)
				continue
			}
			deadline, _ := ctx.Deadline()
			c.SetDeadline(deadline)
			in = bufio.NewReader(c)
		}
		status, stays, err := askOnce(c, in)
		l.note(status, time.Since(began), err)
		if !stays {
			c.Close()
			c = nil
		}
	}
}

// askOnce sends a request and reads its answer to the end.
func askOnce(c net.Conn, in *bufio.Reader) (status int, stays bool, err error) {
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: bench\r\n\r\n"); err != nil {
		return 0, false, err
	}
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0, false, err
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return 0, false, err
	}
	return r.StatusCode, !r.Close, nil
}

func (l *raceLoad) note(status int, took time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		if l.first == "" {
			l.first = err.Error()
		}
		return
	case status < 500:
		l.times = append(l.times, float64(took)/1e6)
	}
	l.answers++
}
