package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"tenfour/explain"
	"tenfour/lab"
	"tenfour/value/listen"
)

// runLab is the command lab: it runs misbehaving backends until ctx is done. It reports all mistakes in their descriptions, not
// only the first.
func runLab(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || slices.Contains(args, "--help") || slices.Contains(args, "-h") {
		labHelp(stdout)
		return Stopped
	}
	var plans []*lab.Plan
	wrong := false
	for _, spec := range args {
		p, err := lab.Parse(spec)
		if err != nil {
			fmt.Fprintln(stderr, "tenfour lab:", err)
			wrong = true
		}
		plans = append(plans, p)
	}
	if wrong {
		fmt.Fprintln(stderr, "tenfour lab: tenfour lab --help lists the kinds and their options")
		return Usage
	}
	var flags []string
	var printing sync.Mutex // several backends print
	for _, p := range plans {
		p.Explain = explained
		p.Said = func(line string) {
			printing.Lock()
			defer printing.Unlock()
			fmt.Fprintf(stdout, "tenfour lab: %s: %s\n", p.Kind, line)
		}
		b, err := p.Start()
		var file *fs.PathError
		if errors.As(err, &file) {
			fmt.Fprintf(stderr, "tenfour lab: %s: choose another directory, or make this one writable\n", err)
			return Failed
		}
		if err != nil {
			at := listen.Address{Kind: listen.TCP, Where: p.Listen}
			fmt.Fprintf(stderr, "tenfour lab: %s@%s: %s\n", p.Kind, p.Listen, inWords(at, err, p.Kind+"@"))
			return Failed
		}
		defer b.Close()
		fmt.Fprintf(stdout, "tenfour lab: %s %s: %s.\n", b.Addr(), p.Kind, p.Does())
		flags = append(flags, "--backend "+b.Addr())
	}
	fmt.Fprintf(stdout, "tenfour lab: try tenfour %s; Ctrl-C ends this\n", strings.Join(flags, " "))
	<-ctx.Done()
	return Stopped
}

// explained says what the lines of a request are that echo has received, in the words of tenfour explain.
func explained(raw []byte) lab.Explanation {
	report := explain.Message(raw, explain.Options{})
	e := lab.Explanation{Value: report}
	for _, l := range report.Lines() {
		is := l.What
		if l.Runs[0].Kind == explain.Name && len(l.Runs[0].Says) == 0 && strings.HasPrefix(is, "a field") {
			is = "a field" // what tenfour would do with it is not asked
		}
		e.Lines = append(e.Lines, lab.Line{Bytes: report.Bytes[l.From:l.To], Is: is})
	}
	if report.Length < len(raw) {
		e.Lines = append(e.Lines, lab.Line{Bytes: raw[report.Length:], Is: "what follows the request"})
	}
	if r := report.Refusal; r != nil {
		e.Note = fmt.Sprintf("tenfour refuses this with %d: %s, at byte %d (%s).", r.Status, r.Rule, r.Offset, r.Section)
	}
	return e
}

func labHelp(w io.Writer) {
	fmt.Fprint(w, `tenfour lab KIND…: backends that misbehave on purpose, until Ctrl-C or SIGTERM

  tenfour lab fork                               on a free port, which it tells
  tenfour lab fork@127.0.0.1:9001 slow:delay=1s  more of them, of the same kind or others
  tenfour lab 'flaky:fail=0.5,status=500|503'
  tenfour lab echo                               shows what arrives at a backend

A kind is written KIND[:key=value[,key=value…]][@HOST:PORT]; listen=HOST:PORT is the same as @HOST:PORT.

`)
	lab.Help(w)
	fmt.Fprint(w, "\nDurations are written 500ms, 2s, 1m; sizes 4096, 64KiB, 1MiB. docs/lab.md tells more.\n")
}
