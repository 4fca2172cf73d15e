package httpparse

// FieldID is the identity of a field that a proxy must know, found without comparing names again.
type FieldID uint8

// The fields that a proxy must know. FieldOther is every other field.
const (
	FieldOther FieldID = iota

	// Always connection-specific, whether a Connection field names them or not (RFC 9110 §7.6.1).
	FieldConnection
	FieldKeepAlive
	FieldProxyConnection
	FieldTE
	FieldTrailer
	FieldTransferEncoding
	FieldUpgrade
	FieldHTTP2Settings

	FieldHost
	FieldContentLength
	FieldExpect
	FieldVia
	FieldMaxForwards
	FieldAccept
	FieldAuthorization
	FieldContentType
	FieldCookie
	FieldDate
	FieldSecWebSocketKey
	FieldServer
	FieldXBackend
	FieldXForwardedFor
	FieldXForwardedHost
	FieldXForwardedProto
	FieldXRequestID
	FieldPersistentAuth
	FieldWWWAuthenticate
)

var fieldNames = [...]string{
	FieldConnection:       "connection",
	FieldKeepAlive:        "keep-alive",
	FieldProxyConnection:  "proxy-connection",
	FieldTE:               "te",
	FieldTrailer:          "trailer",
	FieldTransferEncoding: "transfer-encoding",
	FieldUpgrade:          "upgrade",
	FieldHTTP2Settings:    "http2-settings",
	FieldHost:             "host",
	FieldContentLength:    "content-length",
	FieldExpect:           "expect",
	FieldVia:              "via",
	FieldMaxForwards:      "max-forwards",
	FieldAccept:           "accept",
	FieldAuthorization:    "authorization",
	FieldContentType:      "content-type",
	FieldCookie:           "cookie",
	FieldDate:             "date",
	FieldSecWebSocketKey:  "sec-websocket-key",
	FieldServer:           "server",
	FieldXBackend:         "x-backend",
	FieldXForwardedFor:    "x-forwarded-for",
	FieldXForwardedHost:   "x-forwarded-host",
	FieldXForwardedProto:  "x-forwarded-proto",
	FieldXRequestID:       "x-request-id",
	FieldPersistentAuth:   "persistent-auth",
	FieldWWWAuthenticate:  "www-authenticate",
}

// ConnectionSpecific reports whether a field is never forwarded, whether a Connection field names it or not.
func (id FieldID) ConnectionSpecific() bool {
	return id-FieldConnection <= FieldHTTP2Settings-FieldConnection
}

// framing reports whether a field says where the body ends.
func (id FieldID) framing() bool { return id == FieldContentLength || id == FieldTransferEncoding }

// protected reports whether a field is kept even if a Connection field names it. Otherwise a client could have Host or
// Authorization dropped, and the backend would see another request than tenfour did.
func (id FieldID) protected() bool {
	switch id {
	case FieldHost, FieldContentLength, FieldVia, FieldAuthorization, FieldCookie,
		FieldXForwardedFor, FieldXForwardedHost, FieldXForwardedProto:
		return true
	}
	return false
}

// A knownName is a name of up to 17 bytes as numbers: its first eight bytes, its last eight (0 for a shorter name) and
// the byte between them.
type knownName struct {
	first, last uint64
	length      uint8
	middle      byte // only of a name with 17 bytes
	id          FieldID
}

const longestKnown = 17

// knownNames is a hash table without collisions: hashName gives each of fieldNames a place of its own.
var knownNames = func() (table [128]knownName) {
	for id, name := range fieldNames {
		if id == int(FieldOther) {
			continue
		}
		k := knownName{length: uint8(len(name)), id: FieldID(id)}
		k.first, k.last = nameWords([]byte(name), 0, len(name))
		if len(name) == longestKnown {
			k.middle = name[8]
		}
		slot := &table[hashName(k.first, k.last)]
		if slot.id != FieldOther {
			panic("httpparse: two field names with one hash: choose another factor in hashName")
		}
		*slot = k
	}
	return table
}()

// hashName returns the place in knownNames of a name with these words. The factor was found by trial.
func hashName(first, last uint64) uint64 { return (first + last*3) * 0x5c74e45eff1e5bef >> 57 }

// nameWords returns the first eight bytes of the name buf[start:end] in lower case, and its last eight. For a name that
// is shorter than eight bytes, last is 0.
//
// Lower case is made by setting bit 0x20. That is enough to compare tokens with names of letters, digits and '-', because
// the other bytes that become one of those are not allowed in a token.
func nameWords(buf []byte, start, end int) (first, last uint64) {
	if n := end - start; n >= 8 {
		return load64(buf, start) | spaces, load64(buf, end-8) | spaces
	} else if start+8 <= len(buf) {
		return (load64(buf, start) | spaces) & (1<<(8*n) - 1), 0
	}
	return shortName(buf, start, end), 0
}

// shortName returns the first word of a name so near the end of buf that eight bytes cannot be loaded.
func shortName(buf []byte, start, end int) (first uint64) {
	for i := end - 1; i >= start; i-- {
		first = first<<8 | uint64(buf[i]|0x20)
	}
	return first
}

// fieldID returns the field that the token buf[start:end] names.
func fieldID(buf []byte, start, end int) FieldID {
	n := end - start
	if n > longestKnown {
		return FieldOther
	}
	var first, last uint64 // the same as nameWords, without the call
	if n >= 8 {
		first, last = load64(buf, start)|spaces, load64(buf, end-8)|spaces
	} else if start+8 <= len(buf) {
		first = (load64(buf, start) | spaces) & (1<<(8*n&63) - 1)
	} else {
		first = shortName(buf, start, end)
	}
	k := &knownNames[hashName(first, last)]
	if k.first != first || k.last != last || int(k.length) != n {
		return FieldOther
	}
	if n == longestKnown && buf[start+8]|0x20 != k.middle {
		return FieldOther
	}
	return k.id
}
