package program

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tenfour/jobs"
	"tenfour/jobs/control"
)

// showStats is tenfour jobs stats.
func showStats(ctx context.Context, a *ask) error {
	s, err := a.client.Stats(ctx)
	switch {
	case err != nil:
		return err
	case a.text:
		sayStats(a.out, s)
		return nil
	}
	return json.NewEncoder(a.out).Encode(s)
}

// sayStats writes the counters for people.
func sayStats(to screen, s control.Stats) {
	line := func(name string, text string) { fmt.Fprintf(to, "%-10s %s\n", name, text) }
	line("jobs", strings.TrimSuffix(counted(s.Jobs)+": "+byState(s.States), ": "))
	line("bytes", bytesInWords(s.Bytes))
	if s.Oldest > 0 {
		line("oldest", "made "+span(time.Duration(s.Oldest*float64(time.Second)))+" ago, and not ended")
	}
	line("attempts", fmt.Sprintf("%s run, %s jobs wait for their turn; %s have begun since the start", counted(s.Running), counted(s.Due), counted(s.Attempts)))
	if s.Unsaved > 0 {
		line("", fmt.Sprintf("the disk could not take how %s more ended: the log says why", counted(s.Unsaved)))
	}
	if ended := byState(s.Ended); ended != "" {
		line("ended", ended+" since the start")
	}
	if s.Awaited > 0 {
		line("clients", fmt.Sprintf("%s wait for a job's end", counted(s.Awaited)))
	}
	if c := s.Callbacks; c.Due+c.Running > 0 || c.Attempts > 0 {
		line("callbacks", fmt.Sprintf("%s are due, %s on their way; %s delivered, %s given up since the start; %s of %s attempts failed",
			counted(c.Due), counted(c.Running), counted(c.Delivered), counted(c.GaveUp), counted(c.Failures), counted(c.Attempts)))
	}
}

// byState is how many are in each state, in the order of a job's life: "3 running, 1,191 done".
func byState[N int | uint64](n map[string]N) string {
	var parts []string
	for state := jobs.Accepted; state <= jobs.Interrupted; state++ {
		if n[state.String()] > 0 {
			parts = append(parts, counted(n[state.String()])+" "+state.String())
		}
	}
	return strings.Join(parts, ", ")
}
