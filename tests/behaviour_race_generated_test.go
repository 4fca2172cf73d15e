package tests

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// role is what a backend does with every request of a generated race.
type role struct {
	after   time.Duration // before it does
	does    string        // answers, cuts (its body in the middle), resets (before a byte), refuses, nothing (until it is cut off)
	status  int
	framing string // length, chunked or close
	body    content
}

func (p role) String() string {
	return fmt.Sprintf("%s %d %s %d after %v", p.does, p.status, p.framing, p.body.n, p.after)
}

// usable reports whether the head of a usable response comes from it.
func (p role) usable() bool { return (p.does == "answers" || p.does == "cuts") && p.status < 500 }

func anyPart(rng *rand.Rand, number int) role {
	return role{
		after:   time.Duration(rng.IntN(20)) * time.Millisecond,
		does:    []string{"answers", "answers", "answers", "answers", "cuts", "resets", "refuses", "nothing"}[rng.IntN(8)],
		status:  []int{200, 200, 404, 500, 503}[rng.IntN(5)],
		framing: []string{"length", "chunked", "close"}[rng.IntN(3)],
		body:    content{[]int64{0, 1, 5000, 70 << 10, 300 << 10}[rng.IntN(5)], byte(number + 1)},
	}
}

// play starts a backend that plays p as the number-th. busy counts the requests that backends have in hand.
func play(t *testing.T, p role, number int, wanted content, busy *atomic.Int32) (addr string) {
	if p.does == "refuses" {
		return refusing(t)
	}
	return startServer(t, func(c *peer) {
		for {
			r, err := http.ReadRequest(c.in)
			if err != nil {
				return
			}
			goOn := func() bool {
				busy.Add(1)
				defer busy.Add(-1)
				if r.Method == "POST" {
					if err := wanted.differs(r.Body); err != nil && !strings.Contains(err.Error(), "EOF") && !strings.Contains(err.Error(), "reset") {
						t.Errorf("backend %d got another body: %v", number, err)
						return false
					}
				}
				await.Pace(p.after) // a slow backend: nothing is waited for
				switch p.does {
				case "resets":
					c.breakOff()
					return false
				case "nothing":
					c.untilGone()
					return false
				}
				head := fmt.Sprintf("HTTP/1.1 %d Because\r\nX-Number: %d\r\n%s\r\n", p.status, number, framingLines(p.framing, p.body.n))
				if _, err := io.WriteString(c, head); err != nil {
					return false
				}
				if p.does == "cuts" {
					if p.framing != "chunked" {
						io.CopyN(c, p.body.reader(), p.body.n/2)
					}
					c.breakOff()
					return false
				}
				return c.write(p.framing, p.body.reader()) == nil && p.framing != "close"
			}
			if !goOn() {
				return
			}
		}
	}).addr
}

// TestRace_generated: backends with generated delays, failures and cut bodies, and clients some of which leave. Each
// that stays gets exactly one response, a usable one if there is any, and whole, or visibly cut if its backend cut it.
// Afterwards no backend has a request in hand, and nothing is cut when tenfour stops: no slot is taken any more.
func TestRace_generated(t *testing.T) {
	cases := 60
	if testing.Short() {
		cases = 10
	}
	for seed := range cases {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			generatedRace(t, rand.New(rand.NewPCG(uint64(seed), 4)))
		})
	}
}

func generatedRace(t *testing.T, rng *rand.Rand) {
	var parts []role
	var list []string
	var busy atomic.Int32
	wanted := content{int64(rng.IntN(30 << 10)), 99}
	anyUsable, mayBreak := false, false
	for i := range 2 + rng.IntN(3) {
		p := anyPart(rng, i)
		parts = append(parts, p)
		list = append(list, play(t, p, i, wanted, &busy))
		anyUsable = anyUsable || p.usable() && p.does == "answers" // one that cuts may be taken for down
		mayBreak = mayBreak || p.usable() && p.does == "cuts"      // before a byte of it has gone out: then there is a 502
	}
	mode := []string{"parallel", "serial", "hedge"}[rng.IntN(3)]
	workers := 1 + rng.IntN(3)
	var tf *tenfour
	t.Cleanup(func() { // runs after tenfour's own cleanup
		if log := tf.log.String(); !strings.Contains(log, `"cut":0`) {
			t.Errorf("something was cut when tenfour stopped\n%s", log)
		}
	})
	tf = startTenfour(t, list, "--race", mode, "--hedge-after", "3ms", "--workers", strconv.Itoa(workers), "--race-methods", "POST",
		"--backend-timeout", "1s", "--hold", "0", "--log-level", "info", "--log-format", "json", "--drain", "4s", "--buffer", "64KiB")
	leaves := make([]time.Duration, 1+rng.IntN(6))
	for i := range leaves {
		if leaves[i] = -1; rng.IntN(4) == 0 {
			leaves[i] = time.Duration(rng.IntN(15)) * time.Millisecond
		}
	}
	method := []string{"GET", "POST"}[rng.IntN(2)]
	about := fmt.Sprintf("%s, %s, %d workers, clients leave after %v: %v", mode, method, workers, leaves, parts)
	var asking sync.WaitGroup
	for i := range leaves {
		c := dialPeer(t, tf.addr)
		asking.Go(func() {
			await.Within(c, 6*patience)
			if method == "GET" {
				c.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			} else {
				fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", wanted.n)
				c.write("length", wanted.reader())
			}
			if leaves[i] >= 0 {
				await.Pace(leaves[i]) // at any moment
				c.breakOff()
				return
			}
			if err := oneResponse(c, method, parts, anyUsable, mayBreak); err != nil {
				t.Errorf("%s: client %d: %v\n%s", about, i, err, tf.log)
			}
		})
	}
	asking.Wait()
	t.Log(about)
	eventually(t, "no backend has a request in hand any more: "+about, func() bool { return busy.Load() == 0 })
}

// oneResponse reads a response to its end, and says how it is not the one that may come from parts.
func oneResponse(c *peer, method string, parts []role, anyUsable, mayBreak bool) error {
	r, err := c.answer(method)
	if err != nil {
		return fmt.Errorf("no response: %w", err)
	}
	if r.Header.Get("Server") == "tenfour" {
		if anyUsable && !mayBreak {
			return fmt.Errorf("got %s though a backend has a usable answer", r.Status)
		}
		_, err := io.Copy(io.Discard, r.Body)
		return err
	}
	number, err := strconv.Atoi(r.Header.Get("X-Number"))
	if err != nil || number >= len(parts) || r.StatusCode != parts[number].status {
		return fmt.Errorf("got %s of backend %q, which it does not say", r.Status, r.Header.Get("X-Number"))
	}
	p := parts[number]
	if anyUsable && !p.usable() {
		return fmt.Errorf("got %s though a backend has a usable answer", r.Status)
	}
	err = p.body.differs(r.Body)
	switch {
	case p.does == "cuts" && err == nil && p.body.n > 1:
		return fmt.Errorf("backend %d cut its body, and it seems whole", number)
	case p.does == "answers" && err != nil:
		return fmt.Errorf("the body of backend %d: %w", number, err)
	}
	if !r.Close && p.does == "answers" { // no byte of another response follows
		await.Within(c, 5*time.Millisecond)
		if rest, _ := c.in.Peek(1); len(rest) > 0 {
			return fmt.Errorf("there are bytes after the response")
		}
	}
	return nil
}
