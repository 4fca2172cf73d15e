package tests

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tenfour/tests/await"
)

// counted is what the tests read of /status.json.
type counted struct {
	State       string
	Config      struct{ Reloads, Refused int }
	Connections struct{ Open, Parked, Accepted, Refused int }
	Memory      struct{ Held, Spool *int64 }
	Totals      countedRoute
	Routes      []countedRoute
	Backends    []countedBackend
	Jobs        *struct {
		Counts, Ended map[string]int
		Changes       map[string]map[string]int
		Attempts      int
	}
	Series *struct{ Requests []*float64 }
	Marks  []struct{ Kind, Text string }
}

type countedRoute struct {
	Name                  string
	Requests, Cut, Joined int
	Answers, Own, Events  map[string]int
	In                    int `json:"bytes_in"`
	Out                   int `json:"bytes_out"`
	Queue                 struct {
		Waiting int
		Most    int
		Oldest  *float64 `json:"oldest_ms"`
		Held    bool
	}
	Latency map[string]*struct{ P50, P99 float64 } `json:"latency_ms"`
}

type countedBackend struct {
	Name            string
	Up              bool
	Workers         int
	Slots           map[string]int
	Requests        int
	Outcomes        map[string]int
	Won             int `json:"races_won"`
	Downs, Ups      int
	Answers         map[string]int
	Streams, Served int
}

// counts is the present state.
func (tf *consoled) counts(t testing.TB) (s counted) {
	t.Helper()
	status, body := askConsole(t, tf.console, getOf("/status.json"))
	if err := json.Unmarshal([]byte(body), &s); status != 200 || err != nil {
		t.Fatalf("/status.json is %d %.300q, %v", status, body, err)
	}
	return s
}

// awaitCounts waits until the state is as ok says, and returns it.
func (tf *consoled) awaitCounts(t testing.TB, what string, ok func(*counted) bool) (s counted) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("the state is %+v", s)
		}
	}()
	eventually(t, what, func() bool {
		s = tf.counts(t)
		return ok(&s)
	})
	return s
}

// some are those of counters that are not 0.
func some(all map[string]int) map[string]int {
	all = maps.Clone(all)
	maps.DeleteFunc(all, func(_ string, n int) bool { return n == 0 })
	return all
}

// wantCounts compares counters, without those that are 0.
func wantCounts(t testing.TB, of string, got, want map[string]int) {
	t.Helper()
	if got = some(got); !maps.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", of, got, want)
	}
}

// Requests with all kinds of ends: each is counted once, by how it ended, and in the end nothing is left over.
func TestMetrics_countEachRequestOnce(t *testing.T) {
	t.Parallel()
	b := startBackend(t, repeat(func(m message) reply {
		switch {
		case strings.HasPrefix(m.line, "GET /missing "):
			return reply{raw: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}
		case strings.HasPrefix(m.line, "GET /cut "):
			return reply{raw: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", then: closed}
		case strings.HasPrefix(m.line, "GET /malformed "):
			return reply{raw: "HTTP/1.1 two hundred\r\n\r\n", then: closed}
		}
		return plainReply
	}))
	tf := startConsoled(t, nil, "--config", settingsFile(t, b.addr, "[[route]]\npath = [\"/\"]\nmethods = [\"GET\", \"POST\"]\nbackends = \"BACKEND\"\nworkers = 2\n"))
	c := tf.dial(t)
	for range 3 { // on one connection
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
		c.listen("GET")
	}
	tf.awaitCounts(t, "its connection is parked", func(s *counted) bool { return s.Connections.Open == 1 && s.Connections.Parked == 1 })
	c.Close()
	for _, e := range []struct {
		raw  string
		want int
	}{
		{"GET /missing HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /cut HTTP/1.1\r\nHost: a\r\n\r\n", 200},
		{"GET /malformed HTTP/1.1\r\nHost: a\r\n\r\n", 502},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\ncontent", 200},
		{"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
	} {
		if got := tf.exchange(t, e.raw, whole).last().status(); got != e.want {
			t.Errorf("%.60q got %d, want %d", e.raw, got, e.want)
		}
	}
	s := tf.awaitCounts(t, "11 requests are counted, and nothing is left over", func(s *counted) bool {
		return s.Totals.Requests >= 11 && s.Connections.Open == 0 && s.Backends[0].Slots["free"] == 2 && *s.Memory.Held == 0
	})
	wantCounts(t, "all answers", s.Totals.Answers, map[string]int{"2xx": 5, "4xx": 5, "5xx": 1})
	wantCounts(t, "own answers", s.Totals.Own, map[string]int{"400": 2, "405": 2, "502": 1})
	r := s.Routes[0]
	wantCounts(t, "answers of the route", r.Answers, map[string]int{"2xx": 5, "4xx": 2, "5xx": 1})
	wantCounts(t, "own answers of the route", r.Own, map[string]int{"400": 1, "502": 1})
	if r.Requests != 8 || r.Cut != 1 || r.In != 7 || r.Out < len("plain")*4+len("half") || s.Connections.Accepted != 9 {
		t.Errorf("the route has %+v, and there were %+v; want 8 requests, 1 cut, 7 bytes in, 24 out and more, 9 connections", r, s.Connections)
	}
	wantCounts(t, "attempts", s.Backends[0].Outcomes, map[string]int{"ok": 5, "cut": 1, "malformed": 1})
	wantCounts(t, "responses of the backend", s.Backends[0].Answers, map[string]int{"2xx": 5, "4xx": 1, "none": 1})
	if r.Queue.Waiting != 0 || r.Queue.Oldest != nil || s.Backends[0].Streams != 0 {
		t.Errorf("something is left over: %+v, %+v", r, s.Backends[0])
	}
	tf.awaitCounts(t, "the series has all requests", func(s *counted) bool {
		if s.Series == nil {
			return false
		}
		n := 0.0
		for _, v := range s.Series.Requests {
			if v != nil {
				n += *v
			}
		}
		return n == 11 && s.Routes[0].Latency["total"] != nil && s.Routes[0].Latency["limited"] == nil
	})
}

// A client that leaves while it is queued has no answer, and one that finds no room has tenfour's own. Both are counted once.
func TestMetrics_countWhatLeavesTheQueue(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	b := startBackend(t, func(v *visit) {
		if _, err := v.request(); err == nil {
			<-release
			v.say(plainReply.raw)
		}
	})
	tf := startConsoled(t, []string{b.addr}, "--workers", "1", "--queue", "1")
	stuck, queued := tf.dial(t), tf.dial(t)
	stuck.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
	s := tf.awaitCounts(t, "the slot is busy", func(s *counted) bool { return s.Backends[0].Slots["busy"] == 1 })
	wantCounts(t, "slots", s.Backends[0].Slots, map[string]int{"busy": 1})
	queued.send("GET /queued HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
	tf.awaitCounts(t, "one waits", func(s *counted) bool { return s.Routes[0].Queue.Waiting == 1 && s.Routes[0].Queue.Oldest != nil })
	if status, _ := tf.get(t, "/"); status != 503 {
		t.Errorf("one more than may wait got %d, want 503", status)
	}
	queued.Close()
	s = tf.awaitCounts(t, "the client that left is counted, and the one that was refused", func(s *counted) bool { return s.Totals.Requests == 2 })
	wantCounts(t, "answers", s.Totals.Answers, map[string]int{"none": 1, "5xx": 1})
	close(release)
	stuck.listen("GET")
	stuck.Close()
	s = tf.awaitCounts(t, "all is over", func(s *counted) bool { return s.Totals.Requests == 3 && s.Backends[0].Slots["free"] == 1 })
	wantCounts(t, "answers", s.Totals.Answers, map[string]int{"none": 1, "2xx": 1, "5xx": 1})
	wantCounts(t, "events", s.Routes[0].Events, map[string]int{"queued": 1, "left": 1, "queue_full": 1})
	wantCounts(t, "attempts", s.Backends[0].Outcomes, map[string]int{"ok": 1})
}

// An exchange that waits for a slot already when its backend goes down is held from then on. It is counted at once, and once.
func TestMetrics_countWhatIsHeldWhileItWaits(t *testing.T) {
	t.Parallel()
	var ill atomic.Bool
	answer := make(chan struct{})
	b := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			switch {
			case err != nil:
				return
			case r.URL.Path != "/health":
				<-answer
			case ill.Load():
				p.say("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
				continue
			}
			p.say(plainReply.raw)
		}
	})
	release := sync.OnceFunc(func() { close(answer) })
	t.Cleanup(release) // before the backend's own
	tf := startConsoled(t, []string{b.addr}, "--workers", "1", "--hold", "5m", "--health", "/health", "--health-every", "20ms")
	_, stuck := tf.asks(t, "GET", "/stuck", "")
	tf.awaitCounts(t, "the slot is busy", func(s *counted) bool { return s.Backends[0].Slots["busy"] == 1 })
	told := []chan string{stuck}
	for range 2 {
		_, c := tf.asks(t, "GET", "/", "")
		told = append(told, c)
	}
	s := tf.awaitCounts(t, "two wait", func(s *counted) bool { return s.Routes[0].Queue.Waiting == 2 })
	wantCounts(t, "events while the backend is up", s.Routes[0].Events, map[string]int{"queued": 2})
	ill.Store(true)
	s = tf.awaitCounts(t, "they are held", func(s *counted) bool { return s.Routes[0].Queue.Held && s.Routes[0].Events["held"] > 0 })
	wantCounts(t, "events while the backend is down", s.Routes[0].Events, map[string]int{"queued": 2, "held": 2})
	ill.Store(false)
	release()
	for i, c := range told {
		if got := await.Value(t, c, "an answer"); got != "200 plain" {
			t.Errorf("request %d got %q", i, got)
		}
	}
	s = tf.awaitCounts(t, "all are counted", func(s *counted) bool { return s.Totals.Requests == 3 })
	wantCounts(t, "events in the end", s.Routes[0].Events, map[string]int{"queued": 2, "held": 2})
}

// A race is one request with several attempts, and one backend wins it.
func TestMetrics_countARaceOnce(t *testing.T) {
	t.Parallel()
	const requests = 20
	one, two := startBackend(t, repeat(func(message) reply { return plainReply })), startBackend(t, repeat(func(message) reply { return plainReply }))
	tf := startConsoled(t, []string{one.addr, two.addr}, "--race", "parallel")
	for range requests {
		if status, body := tf.get(t, "/"); status != 200 || body != "plain" {
			t.Fatalf("got %d %q", status, body)
		}
	}
	s := tf.awaitCounts(t, "all races are over", func(s *counted) bool {
		return s.Totals.Requests == requests && s.Backends[0].Slots["free"] == 4 && s.Backends[1].Slots["free"] == 4
	})
	if won := s.Backends[0].Won + s.Backends[1].Won; won != requests || s.Routes[0].Events["raced"] != requests {
		t.Errorf("%d races were won of %d, want %d", won, s.Routes[0].Events["raced"], requests)
	}
	ok, all := s.Backends[0].Outcomes["ok"]+s.Backends[1].Outcomes["ok"], s.Backends[0].Requests+s.Backends[1].Requests
	if ok < requests || all > 2*requests {
		t.Errorf("%d attempts were answered, of %d; want %d to %d", ok, all, requests, 2*requests)
	}
}

// A limit that has admitted a request, which then waits for another limit, is asked again after that. It has let the request pass once.
func TestMetrics_countEachLimitThatAdmitsOnce(t *testing.T) {
	t.Parallel()
	b := startBackend(t, repeat(func(message) reply { return plainReply }))
	tf := startConsoled(t, nil, "--config", settingsFile(t, b.addr, "[limit.many]\nrate = \"9/1h\"\n[limit.slow]\nrate = \"1/100ms\"\nover = \"wait\"\n"+
		"[[route]]\nbackends = \"BACKEND\"\nlimit = [\"many\", \"slow\"]\n"))
	for range 3 {
		if status, _ := tf.get(t, "/"); status != 200 {
			t.Errorf("got %d, want 200", status)
		}
	}
	s := tf.awaitCounts(t, "all are counted", func(s *counted) bool { return s.Totals.Requests == 3 })
	wantCounts(t, "events", s.Routes[0].Events, map[string]int{"admitted": 6})
}

// In a race, what waits for a slot waits at each backend. A client that leaves while backends work on its request does not leave a queue.
func TestMetrics_countWhatWaitsInARace(t *testing.T) {
	t.Parallel()
	one, two := startBackend(t, silent), startBackend(t, silent)
	tf := startConsoled(t, []string{one.addr, two.addr}, "--race", "parallel", "--workers", "1", "--queue", "1")
	served, waits := dialPeer(t, tf.addr), dialPeer(t, tf.addr)
	served.say(request("GET", "/served"))
	tf.awaitCounts(t, "both backends work on it", func(s *counted) bool { return s.Backends[0].Slots["busy"] == 1 && s.Backends[1].Slots["busy"] == 1 })
	waits.say(request("GET", "/waits"))
	s := tf.awaitCounts(t, "the other waits for both", func(s *counted) bool { return s.Routes[0].Queue.Waiting == 2 })
	if s.Routes[0].Queue.Most != 3 {
		t.Errorf("%d may wait, want 3: one in the queue of the route, and one for each backend", s.Routes[0].Queue.Most)
	}
	if status, _ := tf.get(t, "/"); status != 503 {
		t.Errorf("one more than may wait got %d, want 503", status)
	}
	waits.breakOff()
	tf.awaitCounts(t, "the client that waited has left", func(s *counted) bool { return s.Totals.Requests == 2 })
	served.breakOff()
	s = tf.awaitCounts(t, "the other has left too", func(s *counted) bool { return s.Totals.Requests == 3 })
	wantCounts(t, "answers", s.Totals.Answers, map[string]int{"none": 2, "5xx": 1})
	wantCounts(t, "events", s.Routes[0].Events, map[string]int{"raced": 3, "queued": 2, "queue_full": 1, "left": 1})
}

// A response that a backend has begun is counted there, though its client gets another answer.
func TestMetrics_countAResponseThatIsNotPassedOn(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"))
	tf := startConsoled(t, []string{b.addr}, "--streams", "0")
	if status, _ := tf.get(t, "/"); status != 503 {
		t.Errorf("got %d, want 503: the backend may have no streams", status)
	}
	s := tf.awaitCounts(t, "it is counted", func(s *counted) bool { return s.Totals.Requests == 1 && s.Backends[0].Requests == 1 })
	wantCounts(t, "answers to the client", s.Totals.Answers, map[string]int{"5xx": 1})
	wantCounts(t, "answers of the backend", s.Backends[0].Answers, map[string]int{"2xx": 1})
}

// Requests that are joined are counted each, and their exchange once.
func TestMetrics_countJoinedRequestsEach(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	b := startBackend(t, func(v *visit) {
		if _, err := v.request(); err == nil {
			<-release
			v.say(plainReply.raw)
		}
	})
	tf := startConsoled(t, nil, "--config", settingsFile(t, b.addr, "[[route]]\nbackends = \"BACKEND\"\ndedupe = \"1s\"\nqueue = 2\n"))
	var clients []*client
	for range 4 { // one more than may wait
		c := tf.dial(t)
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
		clients = append(clients, c)
	}
	tf.awaitCounts(t, "one is refused, so the others wait", func(s *counted) bool { return s.Totals.Own["503"] == 1 && s.Backends[0].Slots["busy"] == 1 })
	close(release)
	for _, c := range clients {
		c.listen("GET")
	}
	s := tf.awaitCounts(t, "all are counted", func(s *counted) bool { return s.Totals.Requests == 4 && s.Backends[0].Requests == 1 })
	wantCounts(t, "answers", s.Totals.Answers, map[string]int{"2xx": 3, "5xx": 1})
	if s.Routes[0].Joined != 2 {
		t.Errorf("%d were joined, want 2", s.Routes[0].Joined)
	}
	wantCounts(t, "attempts", s.Backends[0].Outcomes, map[string]int{"ok": 1})
}

// A job is one request, which was answered 202, and one attempt. Those that ask for it reached no route.
func TestMetrics_countAJob(t *testing.T) {
	t.Parallel()
	b := startBackend(t, repeat(func(message) reply { return plainReply }))
	tf := startConsoled(t, nil, "--config", settingsFile(t, b.addr, fmt.Sprintf("data = %q\nworkers = 1\nasync = true\nbackends = \"BACKEND\"\n", t.TempDir())))
	at := tf.become(t, "GET /slow HTTP/1.1\r\nHost: a\r\n"+preferAsync+"\r\n\r\n")
	tf.awaitCounts(t, "the job is done", func(s *counted) bool { return s.Jobs.Counts["done"] == 1 && s.Backends[0].Requests == 1 })
	if status, body := tf.get(t, at); status != 200 || body != "plain" {
		t.Errorf("the job's handle got %d %q", status, body)
	}
	s := tf.awaitCounts(t, "both are counted", func(s *counted) bool { return s.Totals.Requests == 2 })
	wantCounts(t, "answers", s.Totals.Answers, map[string]int{"2xx": 2})
	wantCounts(t, "own answers", s.Totals.Own, map[string]int{"202": 1})
	wantCounts(t, "jobs that have ended", s.Jobs.Ended, map[string]int{"done": 1})
	if s.Routes[0].Requests != 1 || s.Jobs.Attempts != 1 || s.Backends[0].Outcomes["ok"] != 1 {
		t.Errorf("got %+v, %+v, %+v", s.Routes[0], s.Jobs, s.Backends[0])
	}
}

// Each change of a job's state is counted: of one that a waiting client's request becomes, and of one that is cancelled while it runs. The
// attempt of the former had begun before it was a job, and counts as one of its attempts.
func TestMetrics_countChangesOfJobs(t *testing.T) {
	t.Parallel()
	b, answer := gated(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	tf := startConsoled(t, nil, "--config", settingsFile(t, b.addr, fmt.Sprintf("data = %q\nasync = true\nasync_after = \"20ms\"\nbackends = \"BACKEND\"\n", t.TempDir())))
	tf.become(t, request("GET", "/waits"))
	answer <- struct{}{}
	tf.awaitCounts(t, "the job of the client that waited is done", func(s *counted) bool { return s.Jobs.Counts["done"] == 1 })
	at := tf.become(t, request("GET", "/asks", preferAsync))
	b.await(t, "the request of the other", func() bool { return len(b.requests) == 2 })
	if o := tf.exchange(t, request("DELETE", at), whole); o.last().status() >= 300 {
		t.Fatalf("got %q", o.raw)
	}
	s := tf.awaitCounts(t, "it is cancelled", func(s *counted) bool {
		return s.Jobs.Ended["cancelled"] == 1 && s.Jobs.Changes["running"]["cancelled"] == 1
	})
	want := map[string]map[string]int{"new": {"running": 1, "accepted": 1}, "accepted": {"running": 1}, "running": {"done": 1, "cancelled": 1}}
	if !reflect.DeepEqual(s.Jobs.Changes, want) || s.Jobs.Attempts != 2 {
		t.Errorf("got %v and %d attempts, want %v and 2", s.Jobs.Changes, s.Jobs.Attempts, want)
	}
	if _, text := askConsole(t, tf.console, getOf("/metrics")); !strings.Contains(text, `tenfour_job_changes_total{from="running",to="done"} 1`) {
		t.Errorf("/metrics has\n%s", text)
	}
}

// A limit's decisions are counted, and so is its answer.
func TestMetrics_countWhatLimitsDecide(t *testing.T) {
	t.Parallel()
	b := startBackend(t, repeat(func(message) reply { return plainReply }))
	tf := startConsoled(t, []string{b.addr}, "--limit", "2/1h")
	for range 5 {
		tf.get(t, "/")
	}
	s := tf.awaitCounts(t, "all are counted", func(s *counted) bool { return s.Totals.Requests == 5 })
	wantCounts(t, "events", s.Routes[0].Events, map[string]int{"admitted": 2, "limited": 3})
	wantCounts(t, "own answers", s.Totals.Own, map[string]int{"429": 3})
}

// While one backend is stuck all its slots are busy, and those of the other are free and its route flows. One that is down has slots that
// are down.
func TestMetrics_showWhatSlotsDo(t *testing.T) {
	t.Parallel()
	stuck := startBackend(t, func(v *visit) {
		v.request()
		v.untilGone()
	})
	flows := startBackend(t, repeat(func(message) reply { return plainReply }))
	tf := startConsoled(t, nil, "--config", settingsFile(t, "", fmt.Sprintf(
		"hold = \"0s\"\nworkers = 2\n[[route]]\nbackends = %q\n[[route]]\npath = \"/stuck\"\nbackends = %q\n[[route]]\npath = \"/down\"\nbackends = %q\n", flows.addr, stuck.addr, refusing(t))))
	for range 2 {
		c := tf.dial(t)
		c.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
		defer c.Close()
	}
	tf.awaitCounts(t, "the slots of the backend that is stuck are busy", func(s *counted) bool {
		return maps.Equal(some(s.Backends[1].Slots), map[string]int{"busy": 2})
	})
	for range 3 {
		if status, _ := tf.get(t, "/"); status != 200 {
			t.Errorf("the other route got %d, want 200", status)
		}
	}
	if status, _ := tf.get(t, "/down"); status != 502 {
		t.Errorf("the route of the backend that is down got %d, want 502", status)
	}
	s := tf.awaitCounts(t, "the slots of the backend that is down are down", func(s *counted) bool {
		return maps.Equal(some(s.Backends[2].Slots), map[string]int{"down": 2}) && maps.Equal(some(s.Backends[0].Slots), map[string]int{"free": 2}) && s.Totals.Requests == 4 &&
			s.Backends[2].Downs == 1 && len(s.Marks) > 0
	})
	if s.Backends[2].Up || s.Backends[2].Downs != 1 || s.Backends[2].Outcomes["connect"] < 1 || s.Backends[0].Downs != 0 {
		t.Errorf("the backend that is down has %+v", s.Backends[2])
	}
	if !slices.ContainsFunc(s.Marks, func(m struct{ Kind, Text string }) bool {
		return m.Kind == "down" && strings.HasPrefix(m.Text, s.Backends[2].Name+" is down: ")
	}) {
		t.Errorf("the marks are %+v, want that it went down", s.Marks)
	}
}

// A slot whose worker waits for nothing but a client that does not read is shown as held by a reader, until the client reads on.
func TestMetrics_showASlotThatAReaderHolds(t *testing.T) {
	t.Parallel()
	const size = 32 << 20 // more than the sockets' buffers hold
	b := startServer(t, func(p *peer) {
		if _, err := http.ReadRequest(p.in); err == nil {
			p.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size))
			io.Copy(p, io.LimitReader(zeros{}, size))
		}
	})
	tf := startConsoled(t, []string{b.addr}, "--workers", "1", "--streams", "0")
	c := tf.dial(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
	tf.awaitCounts(t, "a reader holds the slot", func(s *counted) bool {
		return maps.Equal(some(s.Backends[0].Slots), map[string]int{"reader": 1})
	})
	if n, err := io.Copy(io.Discard, io.LimitReader(c.in, size)); n != size {
		t.Fatalf("the client read %d bytes, %v", n, err)
	}
	tf.awaitCounts(t, "the slot is free", func(s *counted) bool {
		return maps.Equal(some(s.Backends[0].Slots), map[string]int{"free": 1}) && s.Totals.Out >= size
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A reload goes on counting what stays, and forgets a route that is gone, but not in the totals. It is marked, and one that is refused too.
func TestMetrics_countOnThroughAReload(t *testing.T) {
	t.Parallel()
	b := numbered(t, "a")
	const stays = "[[route]]\nbackends = \"%s\"\nqueue = %d\n"
	tf := startReloadable(t, fmt.Sprintf(stays, b, 5)+fmt.Sprintf("[[route]]\npath = \"/goes\"\nbackends = %q\n", b), "--console", "127.0.0.1:0")
	counts := &consoled{&tf.tenfour, tf.consoleIn(t)}
	for _, path := range []string{"/", "/goes", "/"} {
		tf.get(t, path)
	}
	counts.awaitCounts(t, "all are counted", func(s *counted) bool { return s.Totals.Requests == 3 && s.Backends[0].Requests == 3 })
	tf.reload(t, fmt.Sprintf(stays, b, 6), reloaded)
	tf.get(t, "/")
	s := counts.awaitCounts(t, "the fourth is counted, and the reload", func(s *counted) bool {
		return s.Totals.Requests == 4 && s.Backends[0].Requests == 4 && s.Config.Reloads == 1 && len(s.Routes) == 1
	})
	if len(s.Routes) != 1 || s.Routes[0].Requests != 3 || s.Config.Reloads != 1 || s.Config.Refused != 0 {
		t.Errorf("got %+v and %+v, want one route with 3 requests, after 1 reload", s.Routes, s.Config)
	}
	tf.reload(t, "nonsense = 1\n", "the configuration is wrong")
	s = counts.awaitCounts(t, "the refusal is counted", func(s *counted) bool { return s.Config.Refused == 1 && len(s.Marks) == 2 })
	var kinds []string
	for _, m := range s.Marks {
		kinds = append(kinds, m.Kind)
	}
	if !slices.Equal(kinds, []string{"reload", "reload"}) || s.Routes[0].Requests != 3 {
		t.Errorf("the marks are %+v, and the route has %+v", s.Marks, s.Routes[0])
	}
	_, page := askConsole(t, counts.console, getOf("/metrics"))
	for _, line := range []string{
		`tenfour_requests_total{route="/",code="2xx"} 3`, `tenfour_reloads_total{result="refused"} 1`, `tenfour_phase_seconds_count{route="/",phase="total"} 3`,
		fmt.Sprintf(`tenfour_backend_attempts_total{backend="%s",outcome="ok"} 4`, b),
	} {
		if !strings.Contains(page, "\n"+line+"\n") {
			t.Errorf("/metrics has no line %s\n%s", line, page)
		}
	}
	if strings.Contains(page, `route="/goes"`) {
		t.Errorf("/metrics still has the route that is gone\n%s", page)
	}
}
