package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tenfour/look"
)

// someAuto returns a report in which auto has 95 % of the throughput of the best fixed number, 4, and ends with 5 workers.
func someAuto() *autoReport {
	r := &autoReport{figures: map[string]map[int][]autoFigures{}, traces: map[string][]autoStep{}}
	for _, c := range autoCases {
		r.figures[c.Name] = map[int][]autoFigures{0: {{Rate: 950, Max: 20, Workers: 5}}}
		for _, n := range autoSizes {
			r.figures[c.Name][n] = []autoFigures{{Rate: float64(1000 - 10*max(n-4, 4-n)), Max: 30, Workers: n}}
		}
	}
	for _, s := range autoStories {
		r.traces[s.Name] = []autoStep{{0, 4}, {1, 6}, {2, 5}, {8, 5}}
	}
	return r
}

func TestAutoReport_namesTheBest(t *testing.T) {
	want := "| `http.server` | 970/s, 30 ms | 980/s, 30 ms | **1,000**/s, 30 ms | 960/s, 30 ms | 880/s, 30 ms | 400/s, 30 ms | 950/s, 20 ms | 5 | 0.95 (0.95–0.95) |\n"
	if got := someAuto().markdown(); !strings.Contains(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestAutoReport_isDrawn(t *testing.T) {
	svg, err := someAuto().draw()
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(svg)); err == nil; {
		_, err = d.Token()
	}
	if err != io.EOF || svgColor.MatchString(svg) || !strings.Contains(svg, look.CSS) {
		t.Errorf("%v, or a colour that is no page's:\n%s", err, svg)
	}
}

func TestReadSteps_takesOnlyNumbersOfWorkers(t *testing.T) {
	begun := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	steps, err := readSteps(strings.NewReader(`{"level":"info","workers":64,"time":"2026-01-02T03:04:05Z"}
{"level":"debug","workers":6,"time":"2026-01-02T03:04:06.5Z"}
{"level":"debug","time":"2026-01-02T03:04:07Z"}
`), begun)
	if got := fmt.Sprint(steps); err != nil || got != "[{0 4} {1.5 6}]" {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := readSteps(strings.NewReader("a panic\n"), begun); err == nil {
		t.Error("a line that is not JSON is no error")
	}
}

// TestMoody_servesAsManyAsItSays: four requests, two at a time, take twice its time.
func TestMoody_servesAsManyAsItSays(t *testing.T) {
	const each = 50 * time.Millisecond
	var m moody
	if err := m.listen(); err != nil {
		t.Fatal(err)
	}
	defer m.ln.Close()
	m.is.Store(&mood{each: each, lanes: make(chan struct{}, 2)})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	begun := time.Now()
	ended := make(chan error, 4)
	for range 4 {
		go func() { // ends after its answer
			r, err := client.Get("http://" + m.ln.Addr().String())
			if err == nil {
				_, err = io.Copy(io.Discard, r.Body)
				r.Body.Close()
			}
			ended <- err
		}()
	}
	for range 4 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(begun); took < 2*each {
		t.Errorf("four took %v, want %v or more", took, 2*each)
	}
}
