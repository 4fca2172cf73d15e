package page

import (
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"time"
)

// forPeople are the functions of the templates. They take values as they are in JSON, of which any may be missing. format.js has the
// same for the live page.
var forPeople = template.FuncMap{"at": at, "count": count, "ms": milliseconds, "age": age}

// unknown stands for a value that is not known.
const unknown = "–"

// at is the value under these keys, one inside the other, or nil when there is none.
func at(v any, keys ...string) any {
	for _, key := range keys {
		object, _ := v.(map[string]any)
		v = object[key]
	}
	return v
}

// count is 1234 as 1,234.
func count(v any) string {
	n, ok := v.(json.Number)
	if !ok {
		return unknown
	}
	digits := n.String()
	for i := len(digits) - 3; i > 0 && !strings.Contains(digits, "."); i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// milliseconds is a duration with its unit: 1.2 ms, 3.4 s.
func milliseconds(v any) string {
	n, ok := v.(json.Number)
	if !ok {
		return unknown
	}
	ms, err := n.Float64()
	switch {
	case err != nil:
		return unknown
	case ms >= 119500:
		return fmt.Sprintf("%.1f min", ms/60000)
	case ms >= 9950:
		return fmt.Sprintf("%.0f s", ms/1000)
	case ms >= 999.5:
		return fmt.Sprintf("%.1f s", ms/1000)
	case ms >= 9.95:
		return fmt.Sprintf("%.0f ms", ms)
	case ms >= 0.995:
		return fmt.Sprintf("%.1f ms", ms)
	case ms == 0:
		return "0 ms"
	case ms < 0.005:
		return "<0.01 ms"
	}
	return fmt.Sprintf("%.2f ms", ms)
}

// age is how long before now a moment was. Both are as in RFC 3339.
func age(now, then any) string {
	a, errNow := time.Parse(time.RFC3339, fmt.Sprint(now))
	b, errThen := time.Parse(time.RFC3339, fmt.Sprint(then))
	if errNow != nil || errThen != nil {
		return unknown
	}
	d := a.Sub(b)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// escaped shows bytes, of which each is a character: line ends are visible and end the line, and what is no visible ASCII is \xNN.
func escaped(bytes string) string {
	var text strings.Builder
	for _, c := range bytes {
		switch {
		case c == '\r':
			text.WriteString(`\r`)
		case c == '\n':
			text.WriteString("\\n\n")
		case c == '\t':
			text.WriteString(`\t`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&text, `\x%02x`, c)
		default:
			text.WriteRune(c)
		}
	}
	return text.String()
}
