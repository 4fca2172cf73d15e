package admit

import (
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"tenfour/httpparse"
	"tenfour/limit"
	"tenfour/value/choice"
	"tenfour/value/rate"
)

// Limit says how many requests may pass, what has a count of its own, and what happens to the others. All routes that name
// it share its counts.
type Limit struct {
	Name    string
	Rate    rate.Rate
	Limiter limit.Limiter
	By      choice.By
	Header  string // the field whose values are counted, with ByHeader

	Wait         bool          // a request over the limit waits for its turn; else it is rejected
	WaitMax      time.Duration // for so long at the most
	AdmitOnError bool          // a request that the limiter cannot decide about passes
}

// keyMost is the longest key that is kept unchanged. Of a longer key its SHA-256 is kept.
const keyMost = 64

// AppendKey appends the key that a request is counted under.
func (l *Limit) AppendKey(dst []byte, who *Caller, req *httpparse.Request, buf []byte) []byte {
	switch l.By {
	case choice.ByClient:
		if who.Addr.Is4() {
			a := who.Addr.As4()
			return append(dst, a[:]...)
		}
		a := who.Addr.As16()
		return append(dst, a[:8]...)
	case choice.ByToken:
		return append(dst, who.Name...)
	case choice.ByHeader:
		value, _ := l.counted(req, buf)
		return appendBounded(dst, value)
	}
	return dst
}

// counted returns the value that the request is counted by, and how many lines have it: only with one line it is certain that the
// backend uses the same value. A line with a name that a backend may take for the field, such as X_Key for X-Key, counts too.
// For Host it is the host that the backend is asked for: that of the target, if it has one.
func (l *Limit) counted(req *httpparse.Request, buf []byte) (value []byte, lines int) {
	if req.HasHost && strings.EqualFold(l.Header, "Host") {
		return req.Host.In(buf), 1
	}
	for i := range req.Fields {
		f := &req.Fields[i]
		if httpparse.SameField(f.Name.In(buf), l.Header) {
			value = f.Value.In(buf)
			lines++
		}
	}
	return value, lines
}

func appendBounded(dst, value []byte) []byte {
	if len(value) <= keyMost {
		return append(dst, value...)
	}
	digest := sha256.Sum256(value)
	return append(dst, digest[:]...)
}

// Refusal returns the answer to a request that is over the limit, with the times and numbers of the decision d.
func (l *Limit) Refusal(d limit.Decision) *Refusal {
	words := "over the limit " + l.Name + ": at most " + strconv.Itoa(l.Rate.N) + " in " + l.Rate.Interval() + l.whose()
	fields := append([]byte("Retry-After: "), strconv.FormatInt(max(1, limit.Seconds(d.RetryAfter)), 10)...)
	fields = limit.AppendRateLimit(append(fields, "\r\nRateLimit: "...), l.Name, d)
	fields = limit.AppendPolicy(append(fields, "\r\nRateLimit-Policy: "...), l.Name, l.Rate)
	return &Refusal{Status: 429, Words: words, Fields: string(append(fields, "\r\n"...))}
}

func (l *Limit) whose() string {
	switch l.By {
	case choice.ByClient:
		return " from each client"
	case choice.ByToken:
		return " with each token"
	case choice.ByHeader:
		return " for each " + l.Header
	}
	return ""
}
