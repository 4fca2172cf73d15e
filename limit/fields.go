package limit

import (
	"strconv"
	"time"

	"tenfour/value/rate"
)

// AppendRateLimit appends a value of the RateLimit field: "name";r=9;t=57. r is how many more may pass. t is in how many
// seconds there is room for more, rounded up. Values of several limits share one field, with ", " between them.
// (draft-ietf-httpapi-ratelimit-headers-10 §4, RFC 9651 §3)
func AppendRateLimit(dst []byte, name string, d Decision) []byte {
	dst = appendString(dst, name)
	dst = appendInteger(append(dst, ";r="...), int64(d.Remaining))
	return appendInteger(append(dst, ";t="...), Seconds(d.Reset))
}

// AppendPolicy appends a value of the RateLimit-Policy field: "name";q=10;w=60 is ten in any 60 seconds. The draft has
// whole seconds only. Other windows are rounded up, so that a client that obeys the field also obeys the rate. Values of
// several limits share one field, with ", " between them. (the same draft, §3)
func AppendPolicy(dst []byte, name string, r rate.Rate) []byte {
	dst = appendString(dst, name)
	dst = appendInteger(append(dst, ";q="...), int64(r.N))
	return appendInteger(append(dst, ";w="...), Seconds(r.Per))
}

// Seconds returns d in whole seconds, rounded up, and never negative, as Retry-After needs it (RFC 9110 §10.2.3).
func Seconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return max(0, s)
}

// appendString appends a String of RFC 9651 §4.1.6. A byte that a String cannot have becomes a question mark.
func appendString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c < 0x20 || c > 0x7e:
			c = '?'
		case c == '"' || c == '\\':
			dst = append(dst, '\\')
		}
		dst = append(dst, byte(c))
	}
	return append(dst, '"')
}

// appendInteger appends an Integer of RFC 9651 §4.1.4, which has at most 15 digits.
func appendInteger(dst []byte, n int64) []byte {
	return strconv.AppendInt(dst, min(max(0, n), 999_999_999_999_999), 10)
}
