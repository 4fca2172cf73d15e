package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	tests := map[string]struct {
		values []float64
		want   float64
	}{
		"of an odd number is the middle":         {[]float64{9, 1, 5}, 5},
		"of an even number is between the two":   {[]float64{4, 1, 3, 2}, 2.5},
		"of one is that one":                     {[]float64{7}, 7},
		"of none is not known":                   {nil, math.NaN()},
		"does not mind one that is far from all": {[]float64{1, 1, 1e9}, 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(tc.values)
			if got := median(tc.values); got != tc.want && !(math.IsNaN(got) && math.IsNaN(tc.want)) {
				t.Errorf("median(%v) = %v, want %v", tc.values, got, tc.want)
			}
			if !slices.Equal(before, tc.values) {
				t.Errorf("median changed its argument from %v to %v", before, tc.values)
			}
		})
	}
}

func TestSpread_badSamplesCountOnlyWithoutGoodOnes(t *testing.T) {
	if s := spreadOf([]float64{2, 1, 3}, []float64{100}); s.Median != 2 || s.Max != 3 || s.Bad != 1 || s.OnlyBad() {
		t.Errorf("with good ones: %+v", s)
	}
	if s := spreadOf(nil, []float64{100}); s.Median != 100 || !s.OnlyBad() {
		t.Errorf("without: %+v", s)
	}
}

const abOut = `
Concurrency Level:      64
Time taken for tests:   2.000 seconds
Complete requests:      4000
Failed requests:        %FAILED%
   (Connect: 0, Receive: 0, Length: 3, Exceptions: 0)
Total transferred:      59923716 bytes
Requests per second:    2000.00 [#/sec] (mean)

Percentage of the requests served within a certain time (ms)
  50%      4
  66%      4
  90%      6
  99%     11
 100%     48 (longest request)
`

func TestParseAB(t *testing.T) {
	tests := map[string]struct {
		out      string
		run      abRun
		requests int
		problem  string
	}{
		"a good run":               {strings.Replace(abOut, "%FAILED%", "0", 1), abRun{Requests: 4000}, 4000, ""},
		"failed requests":          {strings.Replace(abOut, "%FAILED%", "3", 1), abRun{Requests: 4000}, 3997, "3 of 4000 requests failed"},
		"answers that are not 2xx": {strings.Replace(abOut, "%FAILED%", "0\nNon-2xx responses:      10", 1), abRun{Requests: 4000}, 3990, "10 of 4000 requests failed"},
		"fewer than asked":         {strings.Replace(abOut, "%FAILED%", "0", 1), abRun{Requests: 5000, Time: time.Second}, 4000, "after 4000 of 5000"},
		"before its time":          {strings.Replace(abOut, "%FAILED%", "0", 1), abRun{Time: 3 * time.Second}, 4000, "after 2.0 of 3.0 s"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := parseAB(tc.out, tc.run)
			if err != nil {
				t.Fatal(err)
			}
			if l.Requests != tc.requests || l.PerSecond() != float64(tc.requests)/2 || l.Latencies["p99"] != 11 || l.Latencies["max"] != 48 {
				t.Errorf("got %+v, want %d requests in 2 s, p99 11, max 48", l, tc.requests)
			}
			if tc.problem == "" && l.Problem != "" || !strings.Contains(l.Problem, tc.problem) {
				t.Errorf("problem %q, want %q", l.Problem, tc.problem)
			}
		})
	}
	if _, err := parseAB("Total of 12 requests completed", abRun{}); err == nil {
		t.Error("a run without a report gave no error")
	}
}

func TestABDetails_areReadInOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.tsv")
	text := "starttime\tseconds\tctime\tdtime\tttime\twait\nSat\t1\t0\t2\t9\t0\nSat\t1\t1\t1\t2\t0\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := readABDetails(path); err != nil || !slices.Equal(got, []float64{2, 9}) {
		t.Errorf("got %v, %v; want [2 9]", got, err)
	}
}

func TestParseWrk(t *testing.T) {
	const line = "Requests/sec: 1\nbench: requests=5000 duration=1000000 bytes=1 connect=0 read=0 write=0 status=0 timeout=0 p50=1112 p90=1308 p99=1847 p999=1960 max=3609\n"
	tests := map[string]struct {
		out, problem string
		asked        time.Duration
	}{
		"a good run":              {line, "", time.Second},
		"timeouts":                {strings.Replace(line, "timeout=0", "timeout=7", 1), "7 timeout errors", time.Second},
		"before its time":         {line, "after 1.0 of 3.0 s", 3 * time.Second},
		"no backend that answers": {strings.Replace(line, "requests=5000", "requests=0", 1), "no answers", time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := parseWrk(tc.out, tc.asked)
			if err != nil {
				t.Fatal(err)
			}
			if l.Seconds != 1 || l.Latencies["p99"] != 1.847 || l.Latencies["max"] != 3.609 {
				t.Errorf("got %+v", l)
			}
			if tc.problem == "" && l.Problem != "" || !strings.Contains(l.Problem, tc.problem) {
				t.Errorf("problem %q, want %q", l.Problem, tc.problem)
			}
		})
	}
	if _, err := parseWrk("Requests/sec: 1\n", time.Second); err == nil {
		t.Error("output without our line gave no error")
	}
}

func TestParseStat_nameMayHoldAnything(t *testing.T) {
	got, err := parseStat([]byte("7 (a) b (c) S 42 1 1 0 -1 4 1 0 0 0 150 250 10 20 20 0 1 0\n"))
	want := stat{parent: 42, cpu: CPU{1.6, 2.7}}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := parseStat([]byte("7 (short) S 1")); err == nil {
		t.Error("a short line gave no error")
	}
}

// someReport returns a report of two rounds with two contenders in one scenario; tenfour's values are multiplied by factor.
func someReport(factor float64) *Report {
	r := &Report{
		Date: "2026-11-21", Command: "go run ./bench", Rounds: 2, Machine: Machine{CPU: "a <fast> & \"small\" one", CPUs: 2},
		Contenders: []ContenderInfo{{"tenfour", "v1"}, {"nginx", "v2"}},
		Scenarios: []ScenarioInfo{{
			Name: "close", Question: "a < b & c?", Load: []string{"ab http://PROXY/"}, Notes: []string{"1 < 2"},
			Figures: closing.Figures, Lead: closing.Lead, Goals: closing.Goals,
		}},
		Configs: []ConfigInfo{{"nginx", []string{"close"}, "server { # <&>\n}\n"}},
	}
	for round, rps := range []float64{1000, 1100} {
		for i, c := range r.Contenders {
			f := map[string]float64{"rps": rps, "cpu": 50, "cpu_user": 10, "cpu_system": 40, "open_p99": 2}
			if i == 0 {
				f["rps"] *= factor
			}
			curve := make([]float64, len(curveAt))
			for j := range curve {
				curve[j] = float64(j + 1)
			}
			r.Samples = append(r.Samples, &Sample{Scenario: "close", Contender: c.Name, Round: round + 1, Figures: f, Curve: curve, Series: []float64{1, 0, 3}})
		}
	}
	return r
}

func TestRatio_isPairedByRoundAndLeavesBadSamplesOut(t *testing.T) {
	r := someReport(1.5)
	if got := r.ratio("close", "nginx", "rps"); math.Abs(got.Median-1.5) > 1e-9 || got.N != 2 {
		t.Errorf("got %+v, want 1.5 of 2 rounds", got)
	}
	r.Samples[0].Problem = "it ended early"
	if got := r.ratio("close", "nginx", "rps"); got.N != 1 {
		t.Errorf("with a bad sample: %+v, want 1 round", got)
	}
	if got := r.spread("close", "tenfour", "rps"); got.N != 1 || got.Bad != 1 || got.Median != 1650 {
		t.Errorf("with a bad sample: %+v, want the good one's 1650", got)
	}
}

func TestVerdicts(t *testing.T) {
	for factor, met := range map[float64]bool{1.06: true, 1.04: false} {
		for _, v := range someReport(factor).verdicts() {
			if v.Figure == "requests/s" && (v.Met != met || !v.Known) {
				t.Errorf("at %v: %+v, want met %t", factor, v, met)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		factor float64
		want   string
	}{
		"as it was":         {1, "within the spread"},
		"a little faster":   {1.04, "within the spread"},
		"a good deal":       {1.5, "better"},
		"a good deal worse": {0.5, "worse"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			changes := compareReports(someReport(1), someReport(tc.factor))
			if len(changes) == 0 || changes[0].Figure.Name != "rps" {
				t.Fatalf("got %+v, want requests/s first", changes)
			}
			if c := changes[0]; c.Verdict != tc.want || c.Others.Median != 0 {
				t.Errorf("got %q, the others %v; want %q, 0", c.Verdict, c.Others.Median, tc.want)
			}
		})
	}
}

func TestCompare_isLikeTheOthersIfAllChange(t *testing.T) {
	slower := someReport(1)
	for _, s := range slower.Samples { // the values of all contenders halve
		s.Figures["rps"] /= 2
	}
	if c := compareReports(someReport(1), slower)[0]; c.Verdict != "like the others" {
		t.Errorf("all halved: %q", c.Verdict)
	}
	short := someReport(2)
	short.Samples = short.Samples[:2]
	if c := compareReports(someReport(1), short)[0]; !strings.HasPrefix(c.Verdict, "one round") {
		t.Errorf("one round: %q", c.Verdict)
	}
}

func TestReport_isWellFormedAndSelfContained(t *testing.T) {
	dir := t.TempDir()
	if err := writeReport(dir, someReport(1.5), someReport(1)); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Entity = xml.HTMLEntity
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
	for _, outside := range []string{`<script`, `<link`, `<img`, `@import`, `url\(`, `src=`, `href="[^#]`, `xlink`, `https?://[^P]`} {
		if m := regexp.MustCompile(outside).Find(page); m != nil {
			t.Errorf("the page has %q", m)
		}
	}
	if n := bytes.Count(page, []byte("<svg ")); n != 2 {
		t.Errorf("the page has %d plots, want percentiles and the series", n)
	}
	if n := bytes.Count(page, []byte(`<div class="bars">`)); n != 2 {
		t.Errorf("the page has %d pictures of bars, want requests/s and CPU", n)
	}
	if left := svgColor.Find(page); left != nil {
		t.Errorf("a stand-in colour is left: %s", left)
	}
	again, err := readReport(filepath.Join(dir, "report.json"))
	if err != nil || len(again.Samples) != 4 {
		t.Errorf("report.json read back: %v, %v", again, err)
	}
}

func TestDoc_hasTheTablesBetweenItsMarks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("before\n"+docBegin+"old\n"+docEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it replaces what the first has written
		if err := updateDoc(path, someReport(0.5)); err != nil {
			t.Fatal(err)
		}
	}
	text, _ := os.ReadFile(path)
	for _, want := range []string{"before\n" + docBegin, docEnd + "after\n", "| nginx | 1,050 (1,000–1,100) ×0.50 |", "- close, requests/s: 0.50 × nginx\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "old\n") {
		t.Error("the page has its old tables still")
	}
}

func TestOptions_refuseUnknownNames(t *testing.T) {
	for name, args := range map[string][]string{
		"a scenario":      {"--scenario", "close,hurry"},
		"no rounds":       {"--rounds", "0"},
		"an argument":     {"close"},
		"an unknown flag": {"--hurry"},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			if code := run(args, io.Discard, &said); code != 2 || said.Len() == 0 {
				t.Errorf("run(%q) = %d, said %q; want 2 and a reason", args, code, &said)
			}
		})
	}
	if _, err := findContenders(t.Context(), "tenfour", "", []string{"varnish=/bin/true"}); err == nil || !strings.Contains(err.Error(), "begins with") {
		t.Errorf("a peer that we do not know: %v", err)
	}
}

func TestHalfOf_leavesBadSamplesOut(t *testing.T) {
	samples := []*Sample{
		{Figures: map[string]float64{"rps": 9170}},
		{Figures: map[string]float64{"rps": 20000}},
		{Figures: map[string]float64{"rps": 10}, Problem: "it ended early"},
	}
	if got := halfOf(samples); got != 4500 {
		t.Errorf("got %v, want 4500", got)
	}
}

func TestConfigurations_areWrittenForAll(t *testing.T) {
	set := setup{Listen: "127.0.0.1:8000", Backends: []string{"127.0.0.1:1", "127.0.0.1:2"}, MaxConn: 4, Files: 20000}
	for _, k := range kinds[1:] {
		if isLimit(k.name) || k == pythonQueue { // it has one backend, and no file
			continue
		}
		for _, tuned := range []bool{false, true} {
			text, err := (&Contender{Name: k.name, Kind: k, Tuned: tuned}).Configuration(set)
			if err != nil || !strings.Contains(text, "127.0.0.1:2") || !strings.Contains(text, "8000") {
				t.Errorf("%s: %v\n%s", k.name, err, text)
			}
			if k.name == "caddy" && strings.Contains(text, "max_conns_per_host 4") != tuned {
				t.Errorf("tuned %t:\n%s", tuned, text)
			}
			if k.name == "haproxy" && strings.Contains(text, "127.0.0.1:2 maxconn 4") != tuned {
				t.Errorf("tuned %t:\n%s", tuned, text)
			}
		}
	}
}

// TestJobLoad_hasEveryResult: the clients of the jobs scenario, against the queue that one would write instead.
func TestJobLoad_hasEveryResult(t *testing.T) {
	python, err := lookPeer(pythonQueue.program)
	if err != nil {
		t.Fatal(err)
	}
	backend, err := ownBackends["sink"]("")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source, err := writeQueue(dir)
	if err != nil {
		t.Fatal(err)
	}
	addr, p, err := (&Contender{Name: "python-queue", Kind: pythonQueue, Path: python}).Start(t.Context(), dir, setup{Backends: []string{backend}, Queue: source})
	if err != nil {
		t.Fatal(err)
	}
	defer p.End()
	for _, results := range []bool{false, true} {
		l := &jobLoad{addr: addr, clients: 4, most: 12, results: results}
		if err := errors.Join(l.run(t.Context()), l.awaitLast(t.Context())); err != nil {
			t.Fatal(err)
		}
		if len(l.times) != 12 || len(l.last) == 0 {
			t.Errorf("%d times and %d handles of 12 jobs", len(l.times), len(l.last))
		}
	}
	if err := (&jobLoad{addr: backend, clients: 1, most: 1}).awaitLast(t.Context()); err != nil {
		t.Error(err) // no handle, nothing to await
	}
	v := &Visit{Proc: p}
	if v.diskUse() == 0 {
		t.Error("the queue's file has no bytes")
	}
}
