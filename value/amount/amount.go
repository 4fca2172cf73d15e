// Package amount reads and writes durations and sizes: 500ms, 1d, 64KiB.
//
//	d, err := amount.ParseDuration("1.5h")
//	n, err := amount.ParseSize("64KiB")
//	amount.FormatSize(n) // "64KiB"
//
// Its bounds are only those of its own types. A setting that needs tighter bounds checks them itself.
package amount

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	mostDays = 36500   // either way
	mostSize = 1 << 40 // bytes
)

// ParseDuration reads a duration as Go writes it, such as 10ms, 2s or 1h30m, or a number of days of 24 hours: 1d.
func ParseDuration(text string) (time.Duration, error) {
	days, ok := strings.CutSuffix(text, "d")
	if !ok {
		return time.ParseDuration(text)
	}
	n, err := strconv.ParseFloat(days, 64)
	if err != nil || math.IsNaN(n) || math.Abs(n) > mostDays {
		return 0, errors.New("write a number of days such as 1d, and at most 36500d")
	}
	return time.Duration(n * 24 * float64(time.Hour)), nil
}

// FormatDuration writes 90s as "90s", two minutes as "2m" and an hour as "1h".
func FormatDuration(d time.Duration) string {
	if s := d / time.Second; d%time.Second == 0 && s < 120 {
		return strconv.Itoa(int(s)) + "s"
	}
	return FormatSpan(d)
}

// FormatSpan is FormatDuration, but writes a minute as "1m" and 90s as "1m30s".
func FormatSpan(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

var units = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
	{"k", 1 << 10}, {"K", 1 << 10}, {"m", 1 << 20}, {"M", 1 << 20}, {"g", 1 << 30}, {"G", 1 << 30}, {"B", 1},
}

// ParseSize reads a number of bytes from 0 to 1024GiB: 4096, 64KiB, 1MB, 1.5GiB. A letter alone is a power of two: 64k.
func ParseSize(text string) (int, error) {
	digits, unit := text, 1.0
	for _, u := range units {
		if n, ok := strings.CutSuffix(text, u.name); ok {
			digits, unit = n, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || !(n >= 0 && n*unit <= mostSize) { // so that NaN is none either
		return 0, errors.New("write a size such as 4096, 64KiB or 1MiB; 1024GiB at most")
	}
	return int(n * unit), nil
}

// FormatSize writes a number of bytes in the largest unit of which it is a whole number: "64KiB", "4097".
func FormatSize(n int) string {
	for _, u := range []struct {
		name  string
		shift int
	}{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}} {
		if n >= 1<<u.shift && n%(1<<u.shift) == 0 {
			return strconv.Itoa(n>>u.shift) + u.name
		}
	}
	return strconv.Itoa(n)
}
