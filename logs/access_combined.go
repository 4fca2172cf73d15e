package logs

import (
	"strconv"
	"time"
)

// appendCombined appends the line of an exchange in Apache's combined format,
//
//	%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"
//
// as Apache 2.4 writes it (mod_log_config): the time is when the request came, "-" stands for what is not there and for a body
// of no bytes. A client cannot write a line of its own into it, because its bytes are escaped.
func appendCombined(dst []byte, e *Entry, now time.Time) []byte {
	dst = e.client(dst)
	dst = append(dst, " - "...)
	dst = appendItem(dst, []byte(e.Name), e.Name != "")
	dst = now.Add(-max(e.Total, 0)).AppendFormat(dst, " [02/Jan/2006:15:04:05 -0700] \"")
	if e.Method != nil {
		dst = appendEscaped(dst, e.Method)
		dst = append(dst, ' ')
		dst = appendEscaped(dst, e.Target)
		dst = append(dst, ' ')
		dst = append(dst, e.Proto...)
	} else {
		dst = append(dst, '-')
	}
	dst = append(dst, `" `...)
	dst = strconv.AppendInt(dst, int64(e.Status), 10)
	dst = append(dst, ' ')
	if e.Bytes > 0 {
		dst = strconv.AppendInt(dst, e.Bytes, 10)
	} else {
		dst = append(dst, '-')
	}
	dst = append(dst, ` "`...)
	dst = appendItem(dst, e.Referer, e.Referer != nil)
	dst = append(dst, `" "`...)
	dst = appendItem(dst, e.UserAgent, e.UserAgent != nil)
	return append(dst, '"')
}

func appendItem(dst, item []byte, there bool) []byte {
	if !there {
		return append(dst, '-')
	}
	return appendEscaped(dst, item)
}

// appendEscaped escapes what Apache's ap_escape_logitem escapes: quotes, backslashes, and every byte that is no printable ASCII.
func appendEscaped(dst, item []byte) []byte {
	const hex = "0123456789abcdef"
	for _, c := range item {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= ' ' && c < 0x7f:
			dst = append(dst, c)
		case c >= '\b' && c <= '\r' && short[c-'\b'] != 0:
			dst = append(dst, '\\', short[c-'\b'])
		default:
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// short are the control bytes from \b to \r that have a letter; Apache has none for \f.
var short = [...]byte{'b', 't', 'n', 'v', 0, 'r'}
