package forward

import (
	"sync/atomic"
	"time"
)

// date is the Date field line of one second.
type date struct {
	unix int64
	line string
}

var today atomic.Pointer[date]

// AppendDate appends the field line "Date: …" of this second (RFC 9110 §6.6.1).
func AppendDate(dst []byte) []byte {
	now := time.Now()
	d := today.Load()
	if d == nil || d.unix != now.Unix() {
		d = &date{now.Unix(), "Date: " + now.UTC().Format(timeFormat) + "\r\n"}
		today.Store(d)
	}
	return append(dst, d.line...)
}

// timeFormat is IMF-fixdate (RFC 9110 §5.6.7).
const timeFormat = "Mon, 02 Jan 2006 15:04:05 GMT"
