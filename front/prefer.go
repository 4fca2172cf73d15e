package front

import (
	"bytes"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"tenfour/httpparse"
)

// preferences are what a client prefers (RFC 7240), as far as tenfour acts on it. Others are the backend's.
type preferences struct {
	async bool          // respond-async (§4.1): it takes a 202 for an answer
	waits bool          // it has said how long it would wait (§4.3)
	wait  time.Duration // for so long
}

// preference is one of a Prefer field.
type preference struct {
	text        []byte // all of it, with its parameters
	name, value []byte // value is without quotes; empty if it has none
}

// prefers reads the Prefer fields of a head. The first instance of a preference counts (RFC 7240 §2).
func prefers(req *httpparse.Request, buf []byte) (p preferences) {
	for i := range req.Fields {
		if isPrefer(&req.Fields[i], buf) {
			for one := range eachPreference(req.Fields[i].Value.In(buf)) {
				p.take(one)
			}
		}
	}
	return p
}

// take notes a preference.
func (p *preferences) take(one preference) {
	switch {
	case one.is("respond-async"):
		p.async = true
	case one.is("wait") && !p.waits:
		if seconds, ok := digits(one.value); ok {
			p.waits, p.wait = true, seconds
		}
	}
}

// waitMost bounds what a client may say, so that no sum overflows.
const waitMost = 24 * time.Hour

// digits reads delay-seconds (RFC 9111 §1.2.2): a number too large to be kept is a very long time.
func digits(text []byte) (time.Duration, bool) {
	if len(text) == 0 || len(bytes.Trim(text, "0123456789")) > 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		n = math.MaxInt32
	}
	return time.Duration(min(n, int64(waitMost/time.Second))) * time.Second, true
}

// applied returns the value of Preference-Applied (RFC 7240 §3); "" if the client has preferred nothing of this.
func (p preferences) applied() string {
	var list []string
	if p.async {
		list = append(list, "respond-async")
	}
	if p.waits {
		list = append(list, "wait="+strconv.Itoa(int(p.wait/time.Second)))
	}
	return strings.Join(list, ", ")
}

func (one preference) is(name string) bool { return bytes.EqualFold(one.name, []byte(name)) }

// dropApplied takes the preferences that tenfour acts on out of a head: a backend could act on them too, and answer 202. The others
// go on. It writes over the values of fields in buf.
func dropApplied(req *httpparse.Request, buf []byte) {
	for i := range req.Fields {
		f := &req.Fields[i]
		if !isPrefer(f, buf) {
			continue
		}
		var kept [][]byte
		for one := range eachPreference(f.Value.In(buf)) {
			if !one.is("respond-async") && !one.is("wait") {
				kept = append(kept, one.text)
			}
		}
		f.Hop = f.Hop || len(kept) == 0
		left := bytes.Join(kept, []byte(", "))
		f.Value.End = f.Value.Start + uint32(copy(f.Value.In(buf), left))
	}
}

func isPrefer(f *httpparse.Field, buf []byte) bool {
	return f.ID == httpparse.FieldOther && bytes.EqualFold(f.Name.In(buf), []byte("Prefer"))
}

// eachPreference yields the preferences of a field's value (RFC 7240 §2). Empty elements of the list are none.
func eachPreference(value []byte) iter.Seq[preference] {
	return func(yield func(preference) bool) {
		for len(value) > 0 {
			end := unquoted(value, ",")
			text := bytes.Trim(value[:end], " \t")
			value = value[min(end+1, len(value)):]
			if len(text) > 0 && !yield(parsePreference(text)) {
				return
			}
		}
	}
}

// parsePreference reads one preference: token [ BWS "=" BWS word ], and parameters, which tenfour ignores.
func parsePreference(text []byte) preference {
	main := text[:unquoted(text, ";")]
	name, value, _ := bytes.Cut(main, []byte("="))
	return preference{text: text, name: bytes.Trim(name, " \t"), value: unquote(bytes.Trim(value, " \t"))}
}

// unquoted returns where a byte of stops is first, outside quoted strings (RFC 9110 §5.6.4); else len(text).
func unquoted(text []byte, stops string) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(stops, c) >= 0:
			return i
		}
	}
	return len(text)
}

// unquote returns the text of a quoted string. Other text it returns unchanged.
func unquote(text []byte) []byte {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	var plain []byte
	for i := 1; i < len(text)-1; i++ {
		if text[i] == '\\' {
			i++
		}
		plain = append(plain, text[i])
	}
	return plain
}
