package main

import (
	"bytes"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestParseAB_countsEachFailureOnce, although the sums of ab count some failures twice or three times.
func TestParseAB_countsEachFailureOnce(t *testing.T) {
	report := func(document, kinds, others string) string {
		return "Document Length:        " + document + " bytes\nTime taken for tests:   2.000 seconds\nComplete requests:      100\n" +
			"Failed requests:        1\n   (" + kinds + ")\n" + others
	}
	tests := map[string]struct {
		out  string
		good int
	}{
		"none":                        {strings.Replace(report("3", "", ""), "Failed requests:        1\n   ()\n", "Failed requests:        0\n", 1), 100},
		"resets and error pages":      {report("3", "Connect: 0, Receive: 4, Length: 10, Exceptions: 4", "Non-2xx responses:      6\n"), 90},
		"an error page came first":    {report("150", "Connect: 0, Receive: 4, Length: 50, Exceptions: 4", "Non-2xx responses:      54\n"), 46},
		"nothing but error pages":     {report("150", "Connect: 0, Receive: 0, Length: 0, Exceptions: 0", "Non-2xx responses:      100\n"), 0},
		"a page that is as long":      {report("3", "Connect: 0, Receive: 0, Length: 0, Exceptions: 0", "Non-2xx responses:      7\n"), 93},
		"answers that were cut short": {report("3", "Connect: 0, Receive: 0, Length: 5, Exceptions: 0", ""), 95},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := parseAB(tc.out, abRun{Requests: 100, Size: 3})
			if err != nil || l.Requests != tc.good || (l.Problem == "") != (tc.good == 100) {
				t.Errorf("got %+v, %v; want %d good ones, and a problem if not all are", l, err, tc.good)
			}
		})
	}
}

func TestFailures_countInBadSamplesToo(t *testing.T) {
	r := someReport(1)
	r.Scenarios[0].Figures = append(r.Scenarios[0].Figures[:1:1], failures)
	r.Scenarios[0].Goals = []Goal{{Figure: "failed", Peer: "-", None: true}}
	for i, s := range r.Samples {
		s.Figures["failed"] = 0
		if i == 2 { // tenfour's second round
			s.Figures["failed"], s.Problem = 8, "ab: 8 of 100 requests failed"
		}
	}
	if got := r.spread("close", "tenfour", "failed"); got.N != 2 || got.Max != 8 {
		t.Errorf("got %+v, want both rounds", got)
	}
	if v := r.verdicts()[0]; !v.Known || v.Met {
		t.Errorf("one round with failures: %+v, want it missed", v)
	}
	if got := r.losses(); len(got) == 0 || !strings.Contains(got[len(got)-1], "failed requests: 4, nginx has 0") {
		t.Errorf("losses %q, want the failures among them", got)
	}
	if r.ratio("close", "nginx", "failed").Known() {
		t.Error("failures have a ratio")
	}
	r.Samples[2].Figures["failed"] = 0
	if v := r.verdicts()[0]; !v.Met || v.Want != "= 0" {
		t.Errorf("no failures: %+v, want it met", v)
	}
}

func TestIdeal_isNotComparedWithTenfour(t *testing.T) {
	r := someReport(1)
	r.Contenders = append(r.Contenders, ContenderInfo{Name: idealName})
	for round := 1; round <= 2; round++ {
		r.Samples = append(r.Samples, &Sample{Scenario: "close", Contender: idealName, Round: round, Figures: map[string]float64{"rps": 1e6, "cpu": 1}})
	}
	if best := r.best("close", perSecond); best != "nginx" || len(r.losses()) > 0 {
		t.Errorf("the best is %q, losses %q; want nginx, none", best, r.losses())
	}
	if r.ratio("close", idealName, "rps").N != 2 {
		t.Error("the ideal has no ratio")
	}
}

// TestIdealRace_equalsTheCalculation: of four backends that each fail one request in four, 1 − 0.25⁴ of the races are usable. The
// mean of the least of up to four times is 79 ms by calculation.
func TestIdealRace_equalsTheCalculation(t *testing.T) {
	for name, want := range map[string]float64{"usable": 99.61, "mean": 79.05} {
		if got := idealRace[name]; math.Abs(got-want) > want/100 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestRaceLoad_tellsUsableAnswersFromOthers(t *testing.T) {
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) % 4 {
		case 0:
			w.WriteHeader(http.StatusInternalServerError)
		case 1:
			w.WriteHeader(http.StatusNotFound)
		case 2:
			w.Header().Set("Connection", "close")
		case 3:
			panic(http.ErrAbortHandler) // no answer
		}
	}))
	defer srv.Close()
	l := &raceLoad{addr: srv.Listener.Addr().String(), left: 100}
	l.run(t.Context())
	if l.answers != 75 || len(l.times) != 50 || l.first == "" || n.Load() != 100 {
		t.Errorf("%d answers, %d usable, first error %q, %d requests; want 75, 50, an error, 100", l.answers, len(l.times), l.first, n.Load())
	}
	if f := l.figures(100); f["usable"] != 50 {
		t.Errorf("got %v", f)
	}
}

func TestQuick_leavesLongScenariosOut(t *testing.T) {
	o, err := parseOptions([]string{"--quick"}, io.Discard)
	if err != nil || len(o.Scenarios) != len(scenarios)-2 || strings.Contains(o.commandLine(), "--scenario") {
		t.Fatalf("%v, %d scenarios, %q; want all but two", err, len(o.Scenarios), o.commandLine())
	}
	var said bytes.Buffer
	if code := run([]string{"--quick", "--scenario", "race,fork"}, io.Discard, &said); code != 2 || !strings.Contains(said.String(), "too long") {
		t.Errorf("asked for one: %d, %q", code, &said)
	}
}

func TestConfigurations_tryAgainWhereTheScenarioAsksForIt(t *testing.T) {
	tests := map[string]map[string][]string{
		"nginx": {
			"connections": {"max_fails=0; # the same", "proxy_next_upstream error timeout;"},
			"statuses":    {"http_503"},
		},
		"haproxy": {
			"connections": {"retries 10", "option redispatch", "retry-on conn-failure", "maxconn 4", "timeout connect 100ms"},
			"statuses":    {"retries 3", "retry-on all-retryable-errors"},
		},
		"caddy": {
			"connections": {"lb_try_duration 30s", "lb_try_interval 10ms"},
			"statuses":    {"lb_try_duration 30s", "handle_response @third"},
		},
	}
	all := []string{"max_fails", "proxy_next_upstream", "retr", "redispatch", "lb_try", "handle_response"}
	for name, modes := range tests {
		for mode, words := range modes {
			c := &Contender{Name: name, Kind: kindOf(name), Tuned: true}
			set := setup{Listen: "127.0.0.1:8000", Backends: []string{"127.0.0.1:1"}, Retries: mode, MaxConn: 4, Turn: "100ms", Files: 20000}
			text, err := c.Configuration(set)
			for _, w := range words {
				if err != nil || !strings.Contains(text, w) {
					t.Errorf("%s, %s: %v, no %q in\n%s", name, mode, err, w, text)
				}
			}
			set.Retries = ""
			text, err = c.Configuration(set)
			for _, w := range all {
				if err != nil || strings.Contains(text, w) {
					t.Errorf("%s without: %v, %q in\n%s", name, err, w, text)
				}
			}
		}
	}
}

// TestKillOften_bringsPythonBack: the server is killed three times under load, and each time serves at the same address again.
func TestKillOften_bringsPythonBack(t *testing.T) {
	if _, err := lookPeer("python3"); err != nil {
		t.Skip("python3 is not installed")
	}
	site := t.TempDir()
	o, err := startPython(t.Context(), site, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	first := o.procs[0]
	ended := make(chan error, 1)
	time.AfterFunc(2*time.Second, func() { ended <- nil })
	kills, err := o.killOften(t.Context(), site, ended, 2)
	if err != nil || kills != 2 || o.procs[0] == first {
		t.Fatalf("%d kills, %v; want 2 and another process", kills, err)
	}
	if r, err := http.Get("http://" + o.Addrs[0] + "/"); err != nil || r.StatusCode != 200 {
		t.Errorf("after it: %v", err)
	} else {
		r.Body.Close()
	}
}
