package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Load is the result of a load generator. Latencies are in milliseconds.
type Load struct {
	Requests  int // with a good answer
	Seconds   float64
	Latencies map[string]float64 // by figure: p50, p90, p99, p999, max
	Problem   string             // why it is not a good sample, or ""
}

// PerSecond returns the throughput.
func (l *Load) PerSecond() float64 {
	if l.Seconds == 0 {
		return 0
	}
	return float64(l.Requests) / l.Seconds
}

// writeWrkScript writes a script into dir that makes wrk print the line that parseWrk reads.
func writeWrkScript(dir string) (string, error) {
	text, err := peerFiles.ReadFile("peers/wrk.lua")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "wrk.lua")
	return path, os.WriteFile(path, text, 0o644)
}

// wrkCommand returns the command of wrk with n persistent connections for d.
func wrkCommand(script, url string, n int, d time.Duration) []string {
	return []string{"wrk", "-t1", fmt.Sprintf("-c%d", n), fmt.Sprintf("-d%.0f", max(1, d.Seconds())), "-s", script, url}
}

// runWrk loads url with n persistent connections for d (at least 1 s, because wrk counts in seconds).
func runWrk(ctx context.Context, script, url string, n int, d time.Duration) (*Load, error) {
	out, err := runTool(ctx, d+30*time.Second, wrkCommand(script, url, n, d)...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return &Load{Problem: err.Error()}, nil
	}
	return parseWrk(out, max(time.Second, d))
}

// parseWrk reads the line of wrk.lua. A run that was shorter than asked, or had errors, has a Problem.
func parseWrk(out string, asked time.Duration) (*Load, error) {
	_, line, ok := strings.Cut(out, "bench: ")
	if !ok {
		return nil, fmt.Errorf("wrk printed no line of wrk.lua: %q", out)
	}
	line, _, _ = strings.Cut(line, "\n")
	v := map[string]float64{}
	for pair := range strings.FieldsSeq(line) {
		name, number, _ := strings.Cut(pair, "=")
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, fmt.Errorf("wrk: %s: %w", pair, err)
		}
		v[name] = n
	}
	for _, name := range []string{"requests", "duration", "connect", "read", "write", "status", "timeout", "p50", "p90", "p99", "p999", "max"} {
		if _, ok := v[name]; !ok {
			return nil, fmt.Errorf("wrk printed no %s: %q", name, line)
		}
	}
	l := &Load{Requests: int(v["requests"] - v["status"]), Seconds: v["duration"] / 1e6, Latencies: map[string]float64{}}
	for _, p := range []string{"p50", "p90", "p99", "p999", "max"} {
		l.Latencies[p] = v[p] / 1e3
	}
	var bad []string
	for _, kind := range []string{"connect", "read", "write", "status", "timeout"} {
		if v[kind] > 0 {
			bad = append(bad, fmt.Sprintf("%.0f %s errors", v[kind], kind))
		}
	}
	switch {
	case len(bad) > 0:
		l.Problem = "wrk: " + strings.Join(bad, ", ")
	case l.Requests == 0:
		l.Problem = "wrk: no answers"
	case l.Seconds < 0.9*asked.Seconds():
		l.Problem = fmt.Sprintf("wrk ended after %.1f of %.1f s", l.Seconds, asked.Seconds())
	}
	return l, nil
}
