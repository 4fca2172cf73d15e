package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows what is running: a bar on a terminal, a line for each step elsewhere.
type progress struct {
	w     io.Writer
	bar   *progressbar.ProgressBar // nil if there are lines
	total int
	count int
	began time.Time
}

func newProgress(w io.Writer, total int) *progress {
	p := &progress{w: w, total: total, began: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(30), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// Next begins a step.
func (p *progress) Next(what string) {
	if p.bar == nil {
		p.count++
		fmt.Fprintf(p.w, "%3.0fs %d/%d %s\n", time.Since(p.began).Seconds(), p.count, p.total, what)
		return
	}
	if p.count > 0 {
		p.bar.Add(1)
	}
	p.count++
	p.bar.Describe(fmt.Sprintf("%-30s", what))
}

// Close removes the bar.
func (p *progress) Close() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
