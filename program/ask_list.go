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

// limitOnScreen is how many jobs a list on a screen has that names no limit.
const limitOnScreen = 100

// shownDigits is how many digits of an id a table has. They are enough for all commands; with all of them, a screen that others
// see would give away the result.
const shownDigits = 12

// listJobs is tenfour jobs list.
func listJobs(ctx context.Context, a *ask) error {
	limit := max(a.limit, 0)
	if a.limit < 0 && a.text {
		limit = limitOnScreen
	}
	if !a.text {
		out := json.NewEncoder(a.out)
		out.SetEscapeHTML(false)
		_, err := a.client.List(ctx, a.s, limit, func(r control.Record) error { return out.Encode(r) })
		return err
	}
	now, shown := time.Now(), 0
	t := table{to: a.out, columns: []column{
		{title: "ID"}, {title: "STATE"}, {title: "ROUTE", least: 6, drop: 3}, {title: "REQUEST", least: 12}, {title: "MADE", drop: 2},
		{title: "TRIED", drop: 4}, {title: "OUTCOME", least: 12, drop: 1},
	}}
	matching, err := a.client.List(ctx, a.s, limit, func(r control.Record) error {
		shown++
		return t.add(r.ID.String()[:shownDigits], stateOf(r), r.Route, r.Method+" "+r.Target, ago(now, r.Created), fmt.Sprint(r.Tried), outcomeOf(r, now))
	})
	if flushed := t.flush(); err == nil {
		err = flushed
	}
	if err != nil {
		return err
	}
	switch {
	case matching == 0 && !a.chosen:
		fmt.Fprintln(a.out, "there are no jobs")
	case matching == 0:
		fmt.Fprintln(a.out, "no job is like that")
	case shown < matching && limit > 0:
		fmt.Fprintf(a.out, "the newest %s of %s jobs; --limit 0 shows all\n", counted(shown), counted(matching))
	}
	return nil
}

func stateOf(r control.Record) string {
	if r.Paused {
		return r.State.String() + ", paused"
	}
	return r.State.String()
}

// outcomeOf says what came of a job so far, for one cell of a table.
func outcomeOf(r control.Record, now time.Time) string {
	switch {
	case r.State == jobs.Done:
		return fmt.Sprintf("%d, %s, %s", r.Status, bytesInWords(r.ResultBytes), ago(now, r.Ended))
	case r.State.Ended():
		return ago(now, r.Ended) + ": " + r.Reason
	case len(r.Attempts) == 0:
		return ""
	}
	last := r.Attempts[len(r.Attempts)-1]
	if r.State == jobs.Running {
		return strings.TrimSuffix(last.Reached+" to "+last.Backend, " to ") + ", begun " + ago(now, last.Began)
	}
	return strings.TrimPrefix(fmt.Sprintf("%s; next %s", resultOf(last), ago(now, r.Next)), "; ")
}

// resultOf says what came of an attempt.
func resultOf(a jobs.AttemptView) string {
	switch {
	case a.Failure != "":
		return a.Failure
	case a.Status != 0:
		return fmt.Sprint(a.Status)
	}
	return ""
}
