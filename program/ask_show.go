package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tenfour/jobs/control"
)

// showJobs is tenfour jobs show: all of each job that is named. An id that is unknown does not keep the others from being shown.
func showJobs(ctx context.Context, a *ask) (err error) {
	out := json.NewEncoder(a.out)
	out.SetEscapeHTML(false)
	for i, id := range a.s.IDs {
		r, failure := a.client.Show(ctx, id)
		switch {
		case failure != nil:
			err = errors.Join(err, fmt.Errorf("%s: %w", id, failure))
			if errors.Is(failure, control.ErrNotRunning) {
				return failure
			}
		case a.text:
			if i > 0 {
				fmt.Fprintln(a.out)
			}
			showJob(a.out, r, time.Now())
		default:
			err = errors.Join(err, out.Encode(r))
		}
	}
	return err
}

// showJob writes a job for people.
func showJob(to screen, r control.Record, now time.Time) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(to, "  %-9s %s\n", name, visible(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintln(to, "job", r.ID)
	state := stateOf(r)
	if !r.Ended.IsZero() {
		state += ", " + ago(now, r.Ended)
	}
	line("state", "%s", strings.TrimSuffix(state+": "+r.Reason, ": "))
	line("request", "%s %s, %s", r.Method, r.Target, bytesInWords(r.RequestBytes))
	line("route", "%s", r.Route)
	if r.Client != "" {
		line("client", "%s", r.Client)
	}
	line("made", "%s", moment(now, r.Created))
	if r.Ended.IsZero() {
		line("deadline", "%s", moment(now, r.Deadline))
	}
	if !r.Next.IsZero() {
		line("next", "%s", moment(now, r.Next))
	}
	if !r.RemovedAt.IsZero() {
		line("removed", "%s", moment(now, r.RemovedAt))
	}
	if r.Status != 0 {
		line("result", "%d, %s", r.Status, bytesInWords(r.ResultBytes))
	}
	showCallback(line, r, now)
	showAttempts(to, line, r, now)
	showFields(to, "request", r.RequestFields)
	showFields(to, "response", r.ResponseFields)
}

func showCallback(line func(name, format string, args ...any), r control.Record, now time.Time) {
	c := r.Callback
	if c == nil {
		return
	}
	text := fmt.Sprintf("%s, %d attempts", c.State, c.Attempts)
	if !c.Next.IsZero() {
		text += ", next " + ago(now, c.Next)
	}
	if c.Failure != "" {
		text += ": " + c.Failure
	}
	line("callback", "%s", text)
	line("", "%s", r.CallbackURL)
}

func showAttempts(to screen, line func(name, format string, args ...any), r control.Record, now time.Time) {
	line("attempts", "%d", r.Tried)
	t := table{to: screen{Writer: indented{to}, columns: to.columns - len("    ")}, columns: []column{
		{title: "BEGAN"}, {title: "TOOK"}, {title: "BACKEND", least: 10}, {title: "REACHED"}, {title: "OUTCOME", least: 20},
	}}
	for _, a := range r.Attempts {
		took := "runs"
		if !a.Ended.IsZero() {
			took = a.Ended.Sub(a.Began).Round(time.Millisecond).String()
		}
		t.add(ago(now, a.Began), took, a.Backend, a.Reached, resultOf(a))
	}
	t.flush()
}

// indented writes lines with space in front of them. Each write is a line.
type indented struct{ to screen }

func (i indented) Write(line []byte) (int, error) {
	if _, err := fmt.Fprintf(i.to, "    %s", line); err != nil {
		return 0, err
	}
	return len(line), nil
}

func showFields(to screen, name string, fields []string) {
	if len(fields) == 0 {
		return
	}
	fmt.Fprintf(to, "  fields of the %s\n", name)
	for _, field := range fields {
		fmt.Fprintf(to, "    %s\n", visible(field))
	}
}

// moment is a time in words and in figures.
func moment(now, at time.Time) string {
	return fmt.Sprintf("%s, %s", ago(now, at), at.Local().Format("2006-01-02 15:04:05 MST"))
}
