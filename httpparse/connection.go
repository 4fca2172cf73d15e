package httpparse

// options are the connection options of a message (RFC 9110 §7.6.1).
type options struct {
	close, keepAlive, upgrade bool
}

// persistent reports whether the connection may stay open after the message (RFC 9112 §9.3): close wins over keep-alive.
func (o options) persistent(minor uint8) bool {
	return !o.close && (minor == 1 || o.keepAlive)
}

var keepAliveFirst, keepAliveLast = nameWords([]byte("keep-alive"), 0, len("keep-alive"))

// isKeepAlive reports whether a field value is "keep-alive" and nothing else. It is a faster isWord. nameWords may be used
// for it as for names: the only other byte that it takes for the hyphen is a CR, which no value has.
func isKeepAlive(buf []byte, v Span) bool {
	if v.Len() != len("keep-alive") {
		return false
	}
	first, last := nameWords(buf, int(v.Start), int(v.End))
	return first == keepAliveFirst && last == keepAliveLast
}

// connectionOptions reads all Connection fields and marks the fields that they name as connection-specific. More than
// maxNames names are refused, because each is compared with every field; at is where the first of those too many begins.
func connectionOptions(buf []byte, fields []Field, maxNames int) (o options, _ *flaw, at int) {
	names := 0
	for i := range fields {
		if fields[i].ID != FieldConnection {
			continue
		}
		rest, more := fields[i].Value.In(buf), true
		for more {
			var name []byte
			name, rest, more = element(rest)
			switch {
			case len(name) == 0:
				continue // RFC 9110 §5.6.1.2: empty elements are ignored
			case isWord(name, "keep-alive"):
				o.keepAlive = true // Keep-Alive is connection-specific anyway
			case isWord(name, "close"):
				o.close = true
				markNamed(buf, fields, name)
			case isWord(name, "upgrade"):
				o.upgrade = true
			default:
				markNamed(buf, fields, name)
			}
			if names++; names > maxNames {
				return o, tooManyOptions, nthOption(buf, fields, maxNames)
			}
		}
	}
	return o, nil, 0
}

// nthOption returns where the name begins before which n others stand in Connection fields.
func nthOption(buf []byte, fields []Field, n int) int {
	for i := range fields {
		v := fields[i].Value
		for start := int(v.Start); start < int(v.End) && fields[i].ID == FieldConnection; start++ {
			name, _, _ := element(buf[start:v.End])
			if len(name) > 0 && n == 0 {
				return skipSpace(buf, start)
			}
			if len(name) > 0 {
				n--
			}
			for start < int(v.End) && buf[start] != ',' {
				start++
			}
		}
	}
	return 0
}

// markNamed marks the fields called name as connection-specific, except the protected ones.
func markNamed(buf []byte, fields []Field, name []byte) {
	if is, _ := IsForwarded(name); is {
		return
	}
	for i := range fields {
		f := &fields[i]
		if f.Name.Len() == len(name) && !f.Hop && !f.ID.protected() && sameName(f.Name.In(buf), name) {
			f.Hop = true
		}
	}
}

// sameName reports whether a and b, which have the same length, are equal in any case.
func sameName(a, b []byte) bool {
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}
