package httpparse

import "bytes"

// A flaw is a reason for a Refusal. Flaws are fixed values, so that a refusal allocates nothing.
type flaw struct {
	status int
	rule   string
}

// passed returns the limit that was passed, if f is about one.
func (f *flaw) passed() Limit {
	switch f {
	case headTooLarge, targetTooLong:
		return HeadLimit
	case tooManyFields, trailerFields:
		return FieldsLimit
	case responseTooLarge:
		return ResponseHeadLimit
	}
	return NoLimit
}

// refuse fills r in for f at byte offset of a body, and returns it.
func (r *Refusal) refuse(f *flaw, offset int) error {
	*r = Refusal{Status: f.status, Rule: f.rule, Offset: offset, Passed: f.passed()}
	return r
}

// refuseIn is refuse for a head, which begins buf.
func (r *Refusal) refuseIn(buf []byte, f *flaw, offset int) error {
	r.refuse(f, offset)
	r.Line = lineOf(buf, offset)
	return r
}

// lineOf returns the line of a head that has the byte at offset, from 1.
func lineOf(buf []byte, offset int) int { return 1 + bytes.Count(buf[:offset], []byte{'\n'}) }

// The flaws of both kinds of head, and of trailer sections.
var (
	bareCR         = &flaw{400, "RFC 9112 §2.2: a bare CR"}
	emptyLines     = &flaw{400, "RFC 9112 §2.2: too many empty lines before the start-line"}
	controlInValue = &flaw{400, "RFC 9110 §5.5: a control byte in a field value"}
	folded         = &flaw{400, "RFC 9112 §5.2: a folded field line"}
	foldedFirst    = &flaw{400, "RFC 9112 §2.2: white space before the first field line"}
	spaceInName    = &flaw{400, "RFC 9112 §5.1: white space before the colon"}
	emptyName      = &flaw{400, "RFC 9110 §5.1: a field line without a name"}
	notAName       = &flaw{400, "RFC 9110 §5.1: a field name that is no token"}
	noColon        = &flaw{400, "RFC 9112 §5: a field line without a colon"}
	tooManyOptions = &flaw{431, "RFC 9110 §5.4: too many names in Connection"}

	lengthNotNumber = &flaw{400, "RFC 9112 §6.3: a Content-Length that is no number"}
	lengthTooLarge  = &flaw{400, "RFC 9110 §8.6: a Content-Length beyond 2^63-1"}
	lengthsRepeated = &flaw{400, "RFC 9110 §8.6: more than one Content-Length"}
	lengthsDiffer   = &flaw{400, "RFC 9112 §6.3: Content-Lengths that differ"}
	bothLengths     = &flaw{400, "RFC 9112 §6.1: both Content-Length and Transfer-Encoding"}
	codingIn10      = &flaw{400, "RFC 9112 §6.1: Transfer-Encoding in HTTP/1.0"}
	codingsRepeated = &flaw{400, "RFC 9112 §6.1: more than one Transfer-Encoding"}
	codingMalformed = &flaw{400, "RFC 9112 §6.1: a Transfer-Encoding that is not plainly chunked"}
	codingUnknown   = &flaw{501, "RFC 9112 §6.1: a transfer coding other than chunked"}
)

// The flaws of requests alone.
var (
	mixedEnds       = &flaw{400, "RFC 9112 §2.2: a line end of another kind than the first, CRLF or a bare LF"}
	tlsHello        = &flaw{400, "RFC 9112 §2.2: a TLS handshake, but HTTP is plain here"}
	http2Preface    = &flaw{400, "RFC 9113 §3.4: the preface of HTTP/2, but only HTTP/1 is spoken here"}
	tooManyFields   = &flaw{431, "RFC 6585 §5: too many field lines"}
	headTooLarge    = &flaw{431, "RFC 6585 §5: a head that is too large"}
	methodNotFirst  = &flaw{400, "RFC 9112 §3: white space before the method"}
	methodNotToken  = &flaw{400, "RFC 9110 §9.1: a method that is no token"}
	methodNotEnded  = &flaw{400, "RFC 9112 §3: no single space after the method"}
	methodTooLong   = &flaw{501, "RFC 9112 §3: a method that is too long"}
	methodConnect   = &flaw{405, "RFC 9110 §9.3.6: CONNECT, but this is no tunnel"}
	targetEmpty     = &flaw{400, "RFC 9112 §3: no request-target after a single space"}
	targetByte      = &flaw{400, "RFC 9112 §3.2: a byte that no request-target may have"}
	targetFragment  = &flaw{400, "RFC 3986 §3.5: a fragment, which is for the client alone"}
	targetAsterisk  = &flaw{400, "RFC 9112 §3.2.4: an asterisk with a method other than OPTIONS"}
	targetForm      = &flaw{400, "RFC 9112 §3.2: a request-target in none of the forms that the method allows"}
	targetScheme    = &flaw{400, "RFC 9110 §4.2: a scheme other than http and https"}
	targetUserinfo  = &flaw{400, "RFC 9110 §4.2.4: a request-target with userinfo"}
	targetTooLong   = &flaw{414, "RFC 9110 §15.5.15: a request-line that is too long"}
	versionMissing  = &flaw{400, "RFC 9112 §3: a request-line without a version"}
	versionSpace    = &flaw{400, "RFC 9112 §3: more than a single space before the version"}
	versionNotNext  = &flaw{400, "RFC 9112 §3.2: a space in the request-target, or no HTTP-version after it"}
	versionNotHTTP  = &flaw{400, "RFC 9112 §2.3: a version that is not HTTP/d.d"}
	versionNotLast  = &flaw{400, "RFC 9112 §3: white space after the version"}
	versionNotOurs  = &flaw{505, "RFC 9110 §15.6.6: a major version other than 1"}
	hostMissing     = &flaw{400, "RFC 9112 §3.2: HTTP/1.1 without Host"}
	hostRepeated    = &flaw{400, "RFC 9112 §3.2: more than one Host"}
	hostEmpty       = &flaw{400, "RFC 9110 §4.2.1: an empty host"}
	hostMalformed   = &flaw{400, "RFC 3986 §3.2.2: a host that is no name and no address"}
	portMalformed   = &flaw{400, "RFC 3986 §3.2.3: a port that is no number up to 65535"}
	expectUnknown   = &flaw{417, "RFC 9110 §10.1.1: an expectation other than 100-continue"}
	forwardsInvalid = &flaw{400, "RFC 9110 §7.6.2: a Max-Forwards that is no number"}
	forwardsRepeat  = &flaw{400, "RFC 9110 §5.3: more than one Max-Forwards"}
)

// The flaws of responses alone.
var (
	statusNotHTTP    = &flaw{400, "RFC 9112 §4: not an HTTP/1 status-line"}
	statusNotCode    = &flaw{400, "RFC 9112 §4: a status code that is not three digits from 100 up"}
	responseTooLarge = &flaw{400, "RFC 9110 §5.4: a head that is too large"}
	foldedFraming    = &flaw{400, "RFC 9112 §5.2: a folded Content-Length or Transfer-Encoding"}
	spaceInFraming   = &flaw{400, "RFC 9112 §5.1: white space before the colon of Content-Length or Transfer-Encoding"}
)

// The flaws of chunked bodies alone.
var (
	chunkLF        = &flaw{400, "RFC 9112 §7.1: a bare LF in a chunk line or the trailer section"}
	chunkSize      = &flaw{400, "RFC 9112 §7.1: a chunk-size that is no hexadecimal number"}
	chunkTooLarge  = &flaw{400, "RFC 9112 §7.1: a chunk-size beyond 16 digits or 2^63-1"}
	chunkSpace     = &flaw{400, "RFC 9112 §7.1.1: white space after a chunk-size and no extension"}
	chunkControl   = &flaw{400, "RFC 9112 §7.1.1: a control byte in a chunk extension"}
	chunkExtLine   = &flaw{400, "RFC 9112 §7.1.1: a chunk line that is too long"}
	chunkExtTotal  = &flaw{400, "RFC 9112 §7.1.1: too many bytes of chunk extensions"}
	chunkNotEnded  = &flaw{400, "RFC 9112 §7.1: chunk-data not followed by CRLF"}
	trailerTooLong = &flaw{400, "RFC 9112 §7.1.2: a trailer section that is too large"}
	trailerFields  = &flaw{400, "RFC 9112 §7.1.2: too many field lines in a trailer section"}
)
