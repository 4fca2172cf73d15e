package jobs

import (
	"strconv"
	"strings"
	"time"
)

// retryAfterMost is the longest wait that a backend may ask for. A longer one counts as that.
const retryAfterMost = 7 * 24 * time.Hour

// RetryAfter reads the value of a Retry-After field that arrived at now: seconds, or a date in one of three forms (RFC 9110 §10.2.3,
// §5.6.7). It is zero for a value that is neither. A date in the past is now.
func RetryAfter(value string, now time.Time) time.Time {
	value = strings.Trim(value, " \t")
	at := date(value)
	if wait, ok := seconds(value); ok {
		at = now.Add(wait)
	}
	switch {
	case at.IsZero():
		return at
	case at.Before(now):
		return now
	}
	if latest := now.Add(retryAfterMost); at.After(latest) {
		return latest
	}
	return at
}

// seconds reads delay-seconds: digits, as many as there are.
func seconds(value string) (time.Duration, bool) {
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(value)
	if most := int(retryAfterMost / time.Second); err != nil || n > most {
		n = most
	}
	return time.Duration(n) * time.Second, true
}

// date reads an HTTP-date (RFC 9110 §5.6.7): IMF-fixdate, RFC 850's, or asctime's. Zero for anything else.
func date(value string) time.Time {
	for _, form := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		if at, err := time.Parse(form, value); err == nil {
			return at
		}
	}
	return time.Time{}
}
