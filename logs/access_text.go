package logs

import (
	"fmt"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// clock is the time in a line for people.
const clock = "15:04:05.000"

// appendText appends the line of an exchange as people read it: what was asked, what came of it, and from where; then the phases,
// the client, and why there was no whole response.
//
//	12:00:00.000 GET /hello 200 205B 2.2ms ← 127.0.0.1:9001 · queue 0µs, connect 90µs, first byte 2.1ms · 127.0.0.1:53210 · 1a2b3c4d-1
func appendText(dst []byte, e *Entry, now time.Time, colours bool) []byte {
	dst = now.AppendFormat(dst, clock+" ")
	if e.Method != nil {
		dst = appendPlain(dst, e.Method)
		dst = append(dst, ' ')
		dst = appendPlain(dst, e.Target)
	} else {
		dst = append(dst, "(no request)"...)
	}
	dst = append(dst, ' ')
	dst = appendStatus(dst, e.Status, colours)
	dst = append(dst, ' ')
	dst = appendSize(dst, e.Bytes)
	if e.Total >= 0 {
		dst = append(dst, ' ')
		dst = appendSpan(dst, e.Total)
	}
	if e.Backend != "" {
		dst = append(append(dst, " ← "...), e.Backend...)
	}
	dst = e.Phases.appendText(dst)
	dst = append(dst, " · "...)
	if e.Client.IsValid() {
		dst = e.Client.AppendTo(dst)
	} else {
		dst = append(dst, overUnix...)
	}
	if e.For.IsValid() {
		dst = e.For.AppendTo(append(dst, " for "...))
	}
	if e.Name != "" {
		dst = append(append(dst, " as "...), e.Name...)
	}
	dst = append(append(dst, " · "...), e.ID...)
	if e.Joined != "" {
		dst = append(append(dst, " joined to "...), e.Joined...)
	}
	if e.Reason != "" {
		dst = appendPlain(append(dst, " · "...), []byte(e.Reason))
	}
	return dst
}

// appendText appends the phases before the total, each with its name.
func (p *Phases) appendText(dst []byte) []byte {
	before := " · "
	for _, phase := range [...]struct {
		name string
		took time.Duration
	}{{"limited ", p.Limited}, {"body ", p.Body}, {"queue ", p.Queue}, {"connect ", p.Connect}, {"first byte ", p.FirstByte}} {
		if phase.took < 0 {
			continue
		}
		dst = append(append(dst, before...), phase.name...)
		dst = appendSpan(dst, phase.took)
		before = ", "
	}
	return dst
}

// What a terminal takes for the colours that follow.
const bold, normal = "\x1b[1m", "\x1b[0m"

// statusColours are the colours of a terminal for the classes of statuses: green, cyan, yellow, red.
var statusColours = [...]string{2: "\x1b[32m", 3: "\x1b[36m", 4: "\x1b[33m", 5: "\x1b[31m"}

func appendStatus(dst []byte, status int, colours bool) []byte {
	class := status / 100
	if !colours || class >= len(statusColours) || statusColours[class] == "" {
		return strconv.AppendInt(dst, int64(status), 10)
	}
	dst = strconv.AppendInt(append(dst, statusColours[class]...), int64(status), 10)
	return append(dst, normal...)
}

// appendSize appends a number of bytes with its unit: 205B, 1.2KiB.
func appendSize(dst []byte, n int64) []byte {
	if n < 1<<10 {
		return append(strconv.AppendInt(dst, n, 10), 'B')
	}
	unit, size := 0, float64(n)/(1<<10)
	for ; size >= 1<<10 && unit < 3; unit++ {
		size /= 1 << 10
	}
	dst = strconv.AppendFloat(dst, size, 'f', 1, 64)
	return append(dst, [...]string{"KiB", "MiB", "GiB", "TiB"}[unit]...)
}

// appendSpan appends a time with its unit: 90µs, 2.2ms, 350ms, 1.52s, 2m5s.
func appendSpan(dst []byte, d time.Duration) []byte {
	switch {
	case d < time.Millisecond:
		return append(strconv.AppendInt(dst, d.Microseconds(), 10), "µs"...)
	case d < 100*time.Millisecond:
		return append(strconv.AppendFloat(dst, float64(d)/1e6, 'f', 1, 64), "ms"...)
	case d < time.Second:
		return append(strconv.AppendInt(dst, d.Milliseconds(), 10), "ms"...)
	case d < time.Minute:
		return append(strconv.AppendFloat(dst, d.Seconds(), 'f', 2, 64), 's')
	}
	return append(dst, d.Round(time.Second).String()...)
}

// appendPlain appends text of a client's so that a terminal shows it and does nothing else: what is not printable is escaped, and so
// is the backslash.
func appendPlain(dst, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\\':
			dst = append(dst, `\\`...)
		case r == utf8.RuneError && n == 1:
			dst = fmt.Appendf(dst, `\x%02x`, text[0])
		case r == ' ' || unicode.IsPrint(r):
			dst = append(dst, text[:n]...)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		text = text[n:]
	}
	return dst
}
