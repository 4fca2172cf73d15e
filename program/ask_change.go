package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tenfour/jobs/control"
)

// changeJobs is tenfour jobs retry, cancel, pause, resume and purge.
func changeJobs(ctx context.Context, a *ask) error {
	line := progressLine{to: a.notes, verb: a.verb.name}
	last, err := a.client.Change(ctx, a.verb.name, a.s, a.force, line.show)
	line.clear()
	for _, f := range last.Failures {
		fmt.Fprintf(a.notes, "tenfour jobs: %s: %s\n", f.ID, visible(f.Error))
	}
	if more := last.Failed - len(last.Failures); more > 0 {
		fmt.Fprintf(a.notes, "tenfour jobs: and %s more\n", counted(more))
	}
	switch {
	case ctx.Err() != nil:
		last.Error = "it was interrupted"
	case err != nil && last.Of == 0:
		return err
	case err != nil:
		last.Error = err.Error()
	}
	if err := a.sayChanged(last); err != nil {
		return err
	}
	switch {
	case last.Error != "":
		return fmt.Errorf("%s of %s jobs were %s, then: %s", counted(last.Done), counted(last.Of), a.verb.past, last.Error)
	case last.Failed > 0:
		return errFailed
	}
	return nil
}

// errFailed means that something failed that was told already.
var errFailed = errors.New("")

// sayChanged writes what was done.
func (a *ask) sayChanged(last control.Progress) error {
	if !a.text {
		out := json.NewEncoder(a.out)
		out.SetEscapeHTML(false)
		return out.Encode(struct {
			Verb string `json:"verb"`
			control.Progress
		}{a.verb.name, last})
	}
	said := fmt.Sprintf("%s jobs were %s", counted(last.Done), a.verb.past)
	switch last.Done {
	case 0:
		said = "no job was " + a.verb.past
	case 1:
		said = "1 job was " + a.verb.past
	}
	if last.Skipped > 0 {
		said += fmt.Sprintf("; %s had changed meanwhile", counted(last.Skipped))
	}
	if last.Due > 0 {
		said += fmt.Sprintf("; %s stay, because their callback is still due (--force removes them too)", counted(last.Due))
	}
	_, err := fmt.Fprintln(a.out, said)
	return err
}

// progressLine shows how far a change of many jobs is, in one line of a terminal.
type progressLine struct {
	to    screen
	verb  string
	shown bool
}

// show shows p in the place of what was shown before. A change that ends at once shows nothing.
func (l *progressLine) show(p control.Progress) {
	if !l.to.terminal || p.Ended || p.Of == 0 {
		return
	}
	ended := p.Done + p.Skipped + p.Failed
	text := fmt.Sprintf("%s: %s of %s jobs, %d %%", l.verb, counted(ended), counted(p.Of), 100*ended/p.Of)
	if p.Failed > 0 {
		text += fmt.Sprintf(", %s failed", counted(p.Failed))
	}
	fmt.Fprint(l.to, "\r", fitted(text, l.to.columns-1), clearToEnd)
	l.shown = true
}

// clearToEnd clears a terminal's line from the cursor on.
const clearToEnd = "\x1b[K"

// clear takes the line away.
func (l *progressLine) clear() {
	if l.shown {
		fmt.Fprint(l.to, "\r", clearToEnd)
	}
}
