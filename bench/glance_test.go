package main

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"tenfour/look"
)

// glanceReport returns a report of two rounds in which contenders have these requests/s.
func glanceReport(rates map[string][2]float64) (*Report, ScenarioInfo) {
	s := ScenarioInfo{Name: "seed", Figures: seed.Figures, Lead: seed.Lead}
	r := &Report{Rounds: 2, Scenarios: []ScenarioInfo{s}}
	for _, name := range []string{"tenfour", "nginx", "caddy-tuned", "direct"} {
		rate, ok := rates[name]
		if !ok {
			continue
		}
		r.Contenders = append(r.Contenders, ContenderInfo{Name: name})
		for round, v := range rate {
			r.Samples = append(r.Samples, &Sample{Scenario: "seed", Contender: name, Round: round + 1, Figures: map[string]float64{"rps": v, "max": 30}})
		}
	}
	return r, s
}

func TestHeadline_saysWhichIsBestAndAtWhatCost(t *testing.T) {
	tests := map[string]struct {
		rates map[string][2]float64
		want  string
	}{
		"tenfour is best": {map[string][2]float64{"tenfour": {2000, 2010}, "nginx": {1000, 1010}, "direct": {9000, 9000}},
			"tenfour answers most: 2,005 requests/s, 30 ms max. The next is nginx: 1,005 requests/s, 30 ms max."},
		"a peer is best": {map[string][2]float64{"tenfour": {1000, 1010}, "nginx": {2000, 2010}},
			"nginx answers most: 2,005 requests/s, 30 ms max. tenfour: 1,005 requests/s, 30 ms max."},
		"within each other's spread": {map[string][2]float64{"tenfour": {1000, 1200}, "nginx": {1020, 1140}},
			"tenfour and nginx are level: tenfour 1,100 requests/s, 30 ms max; nginx 1,080 requests/s, 30 ms max."},
		"no proxy": {map[string][2]float64{"direct": {9000, 9000}}, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r, s := glanceReport(tc.rates)
			if got := r.headline(s); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestHeadline_anOverloadedContenderIsNotTheBest(t *testing.T) {
	r, s := glanceReport(map[string][2]float64{"tenfour": {1000, 1000}, "nginx": {2000, 2000}})
	for _, sample := range r.Samples {
		if sample.Contender == "nginx" {
			sample.Figures[unanswered.Name] = 73
		}
	}
	got := r.headline(s)
	if !strings.HasPrefix(got, "tenfour answers most") || !strings.Contains(got, "Overloaded: nginx (73 of 80 clients got no answer).") {
		t.Errorf("got %q", got)
	}
	if b := r.bars(s, perSecond, ""); len(b) != 2 || !b[1].Over || b[0].Over || r.called("seed", "nginx") != "nginx (overloaded)" {
		t.Errorf("the bars do not mark it: %+v", b)
	}
}

func TestHeadline_namesProxiesWithoutAGoodRound(t *testing.T) {
	r, s := glanceReport(map[string][2]float64{"tenfour": {1000, 1000}, "nginx": {2000, 2000}})
	for _, sample := range r.Samples {
		if sample.Contender == "nginx" {
			sample.Problem = "3 requests failed"
		}
	}
	if got := r.headline(s); !strings.HasSuffix(got, "Without one good round: nginx.") {
		t.Errorf("got %q", got)
	}
}

func TestBars_areInPercentOfTheLongest(t *testing.T) {
	r, s := glanceReport(map[string][2]float64{"tenfour": {1000, 1000}, "nginx": {2000, 2000}})
	for _, sample := range r.Samples {
		sample.Figures["rps_user"], sample.Figures["rps_system"] = 1, 3
	}
	bars := r.bars(s, perSecond, "max")
	if len(bars) != 2 || bars[0].Width != 50 || bars[0].First() != 12.5 || bars[1].Width != 100 || bars[1].Cost != "30 ms" || bars[0].N == bars[1].N {
		t.Errorf("got %+v", bars)
	}
}

// Every scenario has a figure that decides, so that the report opens with all of them.
func TestLead_namesFiguresOfItsScenario(t *testing.T) {
	for _, s := range scenarios {
		info := ScenarioInfo{Figures: s.Figures}
		_, ok := figureOf(info, s.Lead.Figure)
		_, cost := figureOf(info, s.Lead.Cost)
		if !ok || s.Lead.Says == "" || s.Lead.Cost != "" && !cost {
			t.Errorf("%s: %+v", s.Name, s.Lead)
		}
	}
}

func TestClientsWithout_countsThoseThatWaitedInVain(t *testing.T) {
	of := func(n int, ms float64) []float64 {
		times := make([]float64, n)
		for i := range times {
			times[i] = ms
		}
		return times
	}
	for name, tc := range map[string]struct {
		times   []float64
		seconds float64
		want    int
	}{
		"2,269 answers a second of 3 ms are seven clients": {of(2269, 3), 1, 73},
		"2,000 a second of 40 ms are all":                  {of(2000, 40), 1, 0},
		"times that are rounded up are no more than all":   {of(2000, 41), 1, 0},
	} {
		if got := clientsWithout(80, tc.times, tc.seconds); got != tc.want {
			t.Errorf("%s: got %d, want %d", name, got, tc.want)
		}
	}
	v := &Visit{Sample: &Sample{Figures: map[string]float64{}}}
	v.noteUnanswered(of(2269, 3), 1)
	if f := v.Sample.Figures; f["max"] != 1000 || f["p50"] != 3 || f[unanswered.Name] != 73 || f["p99"] != 1000 {
		t.Errorf("a client without an answer is not in the latencies: %v", f)
	}
}

func TestApart_neverLooksLikeTheBoundThatItIsNot(t *testing.T) {
	for _, tc := range []struct {
		v, bound float64
		want     string
	}{{0.998, 1, "0.998"}, {1, 1, "1.00"}, {1.2, 1, "1.20"}, {0.99996, 1, "0.99996"}, {math.NaN(), 1, "–"}} {
		if got := apart(tc.v, tc.bound, 2); got != tc.want {
			t.Errorf("%v beside %v: got %s, want %s", tc.v, tc.bound, got, tc.want)
		}
	}
	for _, v := range someReport(1.0499).verdicts() {
		if v.Figure == "requests/s" && (v.Met || !strings.HasPrefix(v.Got, "1.0499 ×")) {
			t.Errorf("got %+v", v)
		}
	}
}

func TestRounds_oneIsOne(t *testing.T) {
	if got := rounds(1) + ", " + rounds(5); got != "1 round, 5 rounds" {
		t.Errorf("got %q", got)
	}
	r := someReport(1)
	r.Rounds, r.Missing = 1, []string{"caddy does not take part: no program of that name was found in PATH"}
	var table strings.Builder
	printTables(&table, r)
	page, err := renderHTML(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"table": table.String(), "markdown": r.markdown(), "page": string(page)} {
		if !strings.Contains(text, "1 round") || strings.Contains(text, "1 rounds") || !strings.Contains(text, "caddy does not take part") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// The page opens with the sentences and the pictures. Tables come after them, then the goals.
func TestReport_opensWithWhatAReaderWants(t *testing.T) {
	r := someReport(1.5)
	r.Scenarios[0].Lead = closing.Lead
	page, err := renderHTML(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, part := range []string{"tenfour answers most: 1,575 requests/s", `<div class="bars">`, "<table>", `id="goals"`, `id="configurations"`} {
		i := strings.Index(string(page), part)
		if i <= at {
			t.Errorf("%q is at %d, after %d it should be", part, i, at)
		}
		at = i
	}
}

// A scenario that --quick had no time for is not in the tables, and its goals are not judged.
func TestReport_leavesScenariosWithoutASampleOut(t *testing.T) {
	r := someReport(1)
	r.Scenarios = append(r.Scenarios, ScenarioInfo{Name: "loris", Figures: loris.Figures, Goals: loris.Goals})
	var table strings.Builder
	printTables(&table, r)
	page, err := renderHTML(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := table.String() + r.markdown() + string(page); strings.Contains(text, "loris") {
		t.Errorf("it is in %s", text)
	}
}

// TestSeries_eachHasItsOwn: no two contenders have the same colour, in either theme, or the same dashes.
func TestSeries_eachHasItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for i, d := range dashes {
		text := fmt.Sprint(d)
		if seen[text] {
			t.Errorf("dashes %d are those of another", i)
		}
		seen[text] = true
	}
	light, dark := map[string]bool{}, map[string]bool{}
	for _, pair := range regexp.MustCompile(`--s\d+: light-dark\((#\w{6}), (#\w{6})\)`).FindAllStringSubmatch(look.CSS, -1) {
		light[pair[1]], dark[pair[2]] = true, true
	}
	if len(light) != seriesColors || len(dark) != seriesColors {
		t.Errorf("%d different colours for light and %d for dark, want %d", len(light), len(dark), seriesColors)
	}
	// A line of the twelfth contender has the colour of the page, too.
	r := someReport(1)
	for len(r.Contenders) < 12 {
		r.Contenders = append([]ContenderInfo{{Name: fmt.Sprint("relay-", len(r.Contenders))}}, r.Contenders...)
	}
	if svg, err := r.curvePlot("close"); err != nil || !strings.Contains(svg, "var(--s11)") || strings.Contains(svg, "#02") {
		t.Errorf("%v, the twelfth line has no colour of the page:\n%.300s", err, svg)
	}
	installed := 2 // tenfour and direct
	for _, k := range kinds[1:] {
		installed++
		if k.limits {
			installed++
		}
	}
	for _, s := range scenarios {
		installed += len(s.Variants)
	}
	if installed+1 > seriesColors { // with ideal
		t.Errorf("%d contenders and %d colours", installed+1, seriesColors)
	}
}

// TestReport_hasItsColoursFromTheLook: the report says no colour by itself, so that it looks as the console does.
func TestReport_hasItsColoursFromTheLook(t *testing.T) {
	page, err := renderHTML(someReport(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, style, _ := strings.Cut(string(page), "<style>\n")
	own, found := strings.CutPrefix(style, look.CSS)
	if !found {
		t.Errorf("its style does not begin with the look:\n%.600s", style)
	}
	if more := regexp.MustCompile(`#[0-9a-fA-F]{6}\b`).FindAllString(own, -1); len(more) > 0 {
		t.Errorf("it has colours of its own: %q", more)
	}
}
