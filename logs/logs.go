// Package logs is where log lines go: their level and format, and an access log that never makes a worker wait.
//
//	l, err := logs.Open(logs.Options{Level: "info", Format: "auto", Access: "stdout"}, os.Stdout, os.Stderr)
//	defer l.Close()
//	l.Log.Info().Msg("to stderr")
//	l.Access.Info().Msg("to stdout, by a goroutine of its own")
//
// It decides nothing about what is said in a line: that is the business of who writes it.
package logs

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/diode"
)

func init() { zerolog.TimeFieldFormat = time.RFC3339Nano } // zerolog has it for the whole process

// Options are what config says about logs.
type Options struct {
	Level  string // debug, info, warn or error
	Format string // auto, text or json; auto is text on a terminal
	Access string // off, stdout or a file
}

// Logs are tenfour's two logs. Close them when nobody writes any more.
type Logs struct {
	Log    zerolog.Logger
	Access *zerolog.Logger // nil when off
	Text   bool            // the log is read by people, on a terminal

	queue   diode.Writer
	dropped atomic.Int64
	file    *file // of the access log; nil for none
}

// waiting is how many access lines may wait to be written; more are dropped, the oldest first, and counted.
const waiting = 16 << 10

// Open opens the logs.
func Open(o Options, stdout, stderr io.Writer) (*Logs, error) {
	level, err := zerolog.ParseLevel(o.Level)
	if err != nil {
		return nil, fmt.Errorf("log level %q: %w", o.Level, err)
	}
	l := &Logs{Text: readByPeople(o.Format, stderr)}
	l.Log = zerolog.New(formatted(stderr, l.Text)).Level(level).With().Timestamp().Logger()
	if o.Access == "off" {
		return l, nil
	}
	to, text := stdout, readByPeople(o.Format, stdout)
	if o.Access != "stdout" {
		l.file = &file{path: o.Access}
		if err := l.file.reopen(); err != nil {
			return nil, err // os has said on what it was
		}
		to, text = l.file, o.Format == "text"
	}
	l.queue = diode.NewWriter(writeOnly{formatted(to, text)}, waiting, 0, func(n int) {
		l.Log.Warn().Int("lines", n).Int64("in_all", l.dropped.Add(int64(n))).Msg("access log: its reader is too slow, lines were dropped")
	})
	access := zerolog.New(l.queue).With().Timestamp().Logger()
	l.Access = &access
	return l, nil
}

// Dropped is the number of access lines that were lost because their writer was slower than the exchanges.
func (l *Logs) Dropped() int64 { return l.dropped.Load() }

// Reopen has the access log go on in a file that is opened anew: somebody may have renamed the old one.
func (l *Logs) Reopen() error {
	if l.file == nil {
		return nil
	}
	return l.file.reopen()
}

// closeWait is how long Close waits for a reader of the access log that has stopped reading.
const closeWait = 2 * time.Second

// Close writes what waits, for a bounded time, and closes the file.
func (l *Logs) Close() {
	if l.Access == nil {
		return
	}
	done := make(chan struct{})
	go func() { // ends when the last line is written; with a reader that has stopped, not before the program does
		defer close(done)
		l.queue.Close()
	}()
	select {
	case <-done:
		if l.file != nil {
			l.file.Close()
		}
	case <-time.After(closeWait):
		l.Log.Warn().Msg("access log: its reader has stopped, the last lines are lost")
	}
}

// writeOnly hides a writer's Close from the diode, which would close stdout.
type writeOnly struct{ io.Writer }

func formatted(w io.Writer, text bool) io.Writer {
	if !text {
		return w
	}
	return zerolog.ConsoleWriter{Out: w, TimeFormat: "15:04:05.000", NoColor: !isTerminal(w)}
}

func readByPeople(format string, w io.Writer) bool {
	return format == "text" || format == "auto" && isTerminal(w)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
