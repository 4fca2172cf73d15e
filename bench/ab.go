package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// abPatience is how long ab waits for any answer before it gives up.
const abPatience = 20 * time.Second

// abRun is one run of ab: so many Requests, or as many as fit into Time.
type abRun struct {
	Requests int           // 0: until Time is up
	Time     time.Duration // 0: until all Requests are answered
	Clients  int
	Field    string // an additional field line; "" for none
	Size     int    // of the body of a good answer; 0 means unknown, and then a failure may count twice
	Details  string // a file for the time of each request; "" keeps to ab's own table
}

// abMost is far more requests than ab can make in any Time. ab needs a number.
const abMost = 10_000_000

func (a abRun) command(url string) []string {
	argv := []string{"ab", "-q", "-r", "-s", strconv.Itoa(int(abPatience.Seconds())), "-c", strconv.Itoa(a.Clients)}
	n := a.Requests
	if a.Time > 0 {
		argv = append(argv, "-t", strconv.Itoa(max(1, int(a.Time.Seconds()+0.5)))) // -t resets -n, so it comes first
		if n == 0 {
			n = abMost
		}
	}
	argv = append(argv, "-n", strconv.Itoa(n))
	if a.Field != "" {
		argv = append(argv, "-H", a.Field)
	}
	if a.Details != "" {
		argv = append(argv, "-g", a.Details)
	}
	return append(argv, url)
}

// run loads url with a connection for each request.
func (a abRun) run(ctx context.Context, url string) (*Load, error) {
	out, err := runTool(ctx, a.Time+3*abPatience, a.command(url)...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		l := &Load{Problem: "ab gave up: " + lastLine(err.Error())}
		fmt.Sscanf(out[max(0, strings.Index(out, "Total of ")):], "Total of %d requests", &l.Requests) // if ab printed it
		return l, nil
	}
	l, err := parseAB(out, a)
	if err != nil || a.Details == "" {
		return l, err
	}
	times, err := readABDetails(a.Details)
	if err != nil {
		return nil, err
	}
	for name, p := range map[string]float64{"p50": 50, "p90": 90, "p99": 99, "p999": 99.9, "max": 100} {
		l.Latencies[name] = percentileOf(times, p)
	}
	return l, nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

var (
	abLine       = regexp.MustCompile(`(?m)^(Complete requests|Failed requests|Non-2xx responses|Write errors|Time taken for tests|Document Length): +([0-9.]+)`)
	abKinds      = regexp.MustCompile(`Connect: (\d+), Receive: (\d+), Length: (\d+), Exceptions: (\d+)`)
	abPercentile = regexp.MustCompile(`(?m)^ +(50|90|99|100)% +([0-9]+)`)
)

// parseAB reads the output of ab. A run that did less than asked, or had failures, has a Problem.
func parseAB(out string, a abRun) (*Load, error) {
	v := map[string]float64{}
	for _, m := range abLine.FindAllStringSubmatch(out, -1) {
		n, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, fmt.Errorf("ab: %s: %w", m[0], err)
		}
		v[m[1]] = n
	}
	if _, ok := v["Complete requests"]; !ok {
		return nil, fmt.Errorf("ab printed no report: %q", out)
	}
	// ab counts an answer of another status as complete, and not as failed.
	failed := v["Failed requests"] + v["Non-2xx responses"]
	if a.Size > 0 {
		failed = badOf(out, v, a.Size)
	}
	l := &Load{
		Requests:  int(max(0, v["Complete requests"]-failed)),
		Seconds:   v["Time taken for tests"],
		Latencies: map[string]float64{},
	}
	names := map[string]string{"50": "p50", "90": "p90", "99": "p99", "100": "max"}
	for _, m := range abPercentile.FindAllStringSubmatch(out, -1) {
		n, _ := strconv.ParseFloat(m[2], 64)
		l.Latencies[names[m[1]]] = n
	}
	switch {
	case failed+v["Write errors"] > 0:
		l.Problem = fmt.Sprintf("ab: %.0f of %.0f requests failed", failed+v["Write errors"], v["Complete requests"])
	case a.Requests > 0 && int(v["Complete requests"]) < a.Requests:
		l.Problem = fmt.Sprintf("ab ended after %.0f of %d requests", v["Complete requests"], a.Requests)
	case a.Requests == 0 && l.Seconds < 0.9*a.Time.Seconds():
		l.Problem = fmt.Sprintf("ab ended after %.1f of %.1f s", l.Seconds, a.Time.Seconds())
	case l.Requests == 0:
		l.Problem = "ab: no answers"
	}
	return l, nil
}

// badOf returns how many of the complete requests failed. ab counts a request that is reset as "Receive", as "Length" and as
// an exception, and an error page as "Length" and as "Non-2xx". So the sum of these is up to three times too large. Each
// failure has another length than a good answer, so "Length" alone is right. But ab takes the length of its first answer as
// the good one, which is wrong if the first answer was a failure.
func badOf(out string, v map[string]float64, size int) float64 {
	var received, length float64
	if m := abKinds.FindStringSubmatch(out); m != nil {
		received, _ = strconv.ParseFloat(m[2], 64)
		length, _ = strconv.ParseFloat(m[3], 64)
	}
	bad := length
	if int(v["Document Length"]) != size {
		bad = v["Complete requests"] - max(0, length-received)
	}
	return max(bad, v["Non-2xx responses"])
}

// readABDetails returns the times in the file of ab -g in milliseconds, in ascending order.
func readABDetails(path string) ([]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var times []float64
	lines := bufio.NewScanner(f)
	for n := 0; lines.Scan(); n++ {
		columns := strings.Split(lines.Text(), "\t") // starttime seconds ctime dtime ttime wait
		if n == 0 || len(columns) != 6 {
			continue
		}
		t, err := strconv.ParseFloat(columns[4], 64)
		if err != nil {
			return nil, fmt.Errorf("ab's times, line %d: %w", n+1, err)
		}
		times = append(times, t)
	}
	slices.Sort(times)
	return times, lines.Err()
}
