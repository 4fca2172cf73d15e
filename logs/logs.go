// Package logs writes log lines: their level and format, and queues, so that no goroutine waits to write a line.
//
//	l, err := logs.Open(logs.Options{Level: choice.LogInfo, Access: choice.AccessLog{Stdout: true}}, os.Stdout, os.Stderr)
//	defer l.Close()
//	l.Log.Info().Msg("to stderr")
//	l.Access.Write(&logs.Entry{...}) // to stdout
//	l.Say("in plain words to stdout")
//
// Each destination has a bounded queue, and one goroutine that writes it. When the destination takes no lines (a pipe that no
// program reads, a full disk), lines are lost and counted, and the log says so when it can.
//
// It knows what a line of the access log looks like, and not what the lines of the log say.
package logs

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"tenfour/value/choice"

	"github.com/rs/zerolog"
)

func init() { zerolog.TimeFieldFormat = time.RFC3339Nano } // zerolog has one setting for the whole process

// Options are what config says about logs.
type Options struct {
	Level  choice.LogLevel
	Format choice.LogFormat
	Access choice.AccessLog

	AccessFormat choice.AccessFormat
}

// Logs are tenfour's two logs. Close them once no goroutine writes to them.
type Logs struct {
	Log    zerolog.Logger
	Access *Access // nil when off
	Text   bool    // the log is read by people, on a terminal

	stderr, stdout *queue
	access         *queue // of the access log: stdout's, a file's or nil
	file           *file  // of the access log; nil for none
}

// levels are zerolog's names for the levels.
var levels = [...]zerolog.Level{
	choice.LogDebug: zerolog.DebugLevel, choice.LogInfo: zerolog.InfoLevel, choice.LogWarn: zerolog.WarnLevel, choice.LogError: zerolog.ErrorLevel,
}

// Open opens the logs. It may wait for a file system, but never for a reader.
func Open(o Options, stdout, stderr io.Writer) (*Logs, error) {
	l := &Logs{Text: readByPeople(o.Format, stderr)}
	if o.Access.File != "" {
		l.file = &file{path: o.Access.File}
		if err := l.file.reopen(); err != nil {
			return nil, err
		}
	}
	l.stderr = newQueue(formatted(stderr, l.Text), true, func(lost loss) { l.sayLost("log", lost) })
	l.Log = zerolog.New(l.stderr).Level(levels[o.Level]).With().Timestamp().Logger()
	told := func(lost loss) { l.sayLost("access log", lost) }
	l.stdout = newQueue(stdout, false, told)
	switch {
	case o.Access.Stdout:
		l.access = l.stdout
		l.Access = newAccess(l.access, o.AccessFormat, isTerminal(stdout))
	case l.file != nil:
		l.access = newQueue(l.file, false, told)
		l.Access = newAccess(l.access, o.AccessFormat, isTerminal(l.file.now.Load()))
	}
	return l, nil
}

// sayLost says in the log that lines of a log were lost.
func (l *Logs) sayLost(log string, lost loss) {
	line := l.Log.Warn().Int64("lines", lost.lines).Int64("in_all", lost.all)
	if lost.err != nil {
		line.Err(lost.err).Msg(log + ": lines could not be written")
		return
	}
	line.Msg(log + ": its reader is too slow, lines were dropped")
}

// Say writes a line in plain words to stdout.
func (l *Logs) Say(format string, args ...any) { fmt.Fprintf(l.stdout, format+"\n", args...) }

// Dropped returns how many lines of both logs were lost so far: their reader was too slow, or they could not be written.
func (l *Logs) Dropped() (n int64) {
	n = l.stderr.dropped() + l.stdout.dropped()
	if l.access != l.stdout {
		n += l.access.dropped()
	}
	return n
}

// Reopen opens the access log's file again, for when the old file was renamed. With an error the access log stays in the old file.
func (l *Logs) Reopen() error {
	if l.file == nil {
		return nil
	}
	return l.file.reopen()
}

const (
	flushWait = 250 * time.Millisecond // how long Flush waits for each reader
	closeWait = time.Second            // how long Close waits for each reader
)

// Flush waits until all lines so far are written, so that lines of stdout and stderr are in order on a terminal. It waits at most
// 250 ms for each.
func (l *Logs) Flush() {
	l.stdout.Flush(flushWait)
	l.stderr.Flush(flushWait)
}

// Close writes the lines that wait, and closes the file. It waits a second for a reader that takes nothing, and then drops the lines.
func (l *Logs) Close() {
	said := l.stdout.Close(closeWait)
	if l.access != nil && l.access != l.stdout {
		said = l.access.Close(closeWait)
		l.file.close()
	}
	if l.access != nil && !said {
		l.Log.Warn().Msg("access log: its reader has stopped, the last lines are lost")
	}
	l.stderr.Close(closeWait)
}

// formatted is where the queue of the log writes its lines.
func formatted(w io.Writer, text bool) io.Writer {
	if !text {
		return w
	}
	colours := isTerminal(w) && mayColour()
	return &textWriter{zerolog.ConsoleWriter{
		Out: w, TimeFormat: clock, NoColor: !colours,
		FormatMessage: func(message any) string { // a part of it may have come from a peer
			words, _ := message.(string)
			plain := string(appendPlain(nil, []byte(words)))
			if colours {
				return bold + plain + normal
			}
			return plain
		},
	}}
}

// textWriter writes the lines of the log as people read them.
type textWriter struct{ console zerolog.ConsoleWriter }

// Write returns how many bytes were in the lines that it wrote whole.
func (t *textWriter) Write(lines []byte) (n int, err error) {
	for line := range bytes.Lines(lines) {
		if _, err = t.console.Write(line); err != nil {
			return n, err
		}
		n += len(line)
	}
	return n, nil
}

func readByPeople(format choice.LogFormat, w io.Writer) bool {
	return format == choice.FormatText || format == choice.FormatAuto && isTerminal(w)
}
