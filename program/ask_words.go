package program

import (
	"fmt"
	"time"
)

// ago says when something was, or will be: "just now", "3 minutes ago", "in 20 seconds".
func ago(now, at time.Time) string {
	d := now.Sub(at)
	switch {
	case d < -time.Second:
		return "in " + span(-d)
	case d < time.Second:
		return "just now"
	}
	return span(d) + " ago"
}

// span is a duration in its largest unit: "1 second", "3 minutes", "2 days". It is never more than the duration.
func span(d time.Duration) string {
	units := []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}}
	n, name := d/time.Second, "second"
	for _, u := range units {
		if d >= 2*u.of || d >= u.of && u.name != "day" {
			n, name = d/u.of, u.name
			break
		}
	}
	if n != 1 {
		name += "s"
	}
	return fmt.Sprintf("%d %s", n, name)
}

// counted writes a number with commas: 12,345.
func counted[N int | uint64](n N) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// bytesInWords writes a size: 0 B, 820 B, 1.2 KiB.
func bytesInWords(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n)/1024, []string{"KiB", "MiB", "GiB", "TiB"}
	for value >= 1024 && len(units) > 1 {
		value, units = value/1024, units[1:]
	}
	return fmt.Sprintf("%.1f %s", value, units[0])
}
