package httpparse

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// flawed is a message that is refused. good is what stands before the byte that is wrong.
type flawed struct{ good, rest string }

func (f flawed) raw() string { return f.good + f.rest }

// refuser reads all of raw, which is refused, and returns the refusal with its excerpt.
type refuser func(raw string) (r *Refusal, line, caret string)

// hides finds words that begin with secr; a NUL may be in them.
func hides(buf []byte) (parts [][2]int) {
	for _, at := range regexp.MustCompile(`secr[a-z\x00]*`).FindAllIndex(buf, -1) {
		parts = append(parts, [2]int(at))
	}
	return parts
}

func refusedRequest(raw string) (*Refusal, string, string) {
	_, err := new(Request).Parse([]byte(raw), &Limits{Head: 300, Fields: 5})
	r, _ := err.(*Refusal)
	return shownBy(r, raw)
}

func refusedResponse(raw string) (*Refusal, string, string) {
	buf := []byte(raw)
	_, err := new(Response).Parse(buf, Get, &Limits{ResponseHead: 300, Fields: 5})
	r, _ := err.(*Refusal)
	return shownBy(r, string(buf))
}

func shownBy(r *Refusal, raw string) (*Refusal, string, string) {
	if r == nil {
		return nil, "", ""
	}
	line, caret := r.Excerpt([]byte(raw), hides)
	return r, line, caret
}

func refusedChunks(raw string) (*Refusal, string, string) { return chunksIn(raw, len(raw)) }

// chunksIn gives raw to a Chunks in parts of size bytes.
func chunksIn(raw string, size int) (*Refusal, string, string) {
	var c Chunks
	for src := []byte(raw); len(src) > 0; {
		part := src[:min(size, len(src))]
		n, _, done, err := c.Next(part, &Limits{Fields: 2, ChunkLine: 100, ChunkExt: 150, Trailer: 200})
		if r, is := err.(*Refusal); is {
			line, caret := c.Excerpt(part, hides)
			return r, line, caret
		}
		if done {
			break
		}
		src = src[n:]
	}
	return nil, "", ""
}

// TestRefusal_pointsAtTheByte has each flaw of refusal.go, some in several places.
func TestRefusal_pointsAtTheByte(t *testing.T) {
	const line, head = "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"
	const answer = "HTTP/1.1 200 OK\r\nX: y\r\n"
	long := strings.Repeat("x", 300)
	tests := []struct {
		flaw *flaw
		by   refuser
		in   []flawed
	}{
		{bareCR, refusedRequest, []flawed{{"", "\rGET"}, {"GET / HTTP/1.1", "\rHost: a\r\n\r\n"}, {head + "X: y", "\rZ: 1\r\n\r\n"}, {head, "\rX: y\r\n"}}},
		{bareCR, refusedChunks, []flawed{{"5\r", "hello"}, {"0\r\nX: y\r", "z"}}},
		{emptyLines, refusedRequest, []flawed{{"\r\n\r\n\r\n\r\n", "\r\nGET"}}},
		{controlInValue, refusedRequest, []flawed{{head + "X: y", "\x00z\r\n\r\n"}}},
		{controlInValue, refusedChunks, []flawed{{"0\r\nX: y", "\x01\r\n\r\n"}}},
		{folded, refusedRequest, []flawed{{head + "X: y\r\n", " z\r\n\r\n"}}},
		{spaceInName, refusedRequest, []flawed{{line + "Host", " : a\r\n\r\n"}}},
		{emptyName, refusedRequest, []flawed{{head, ": y\r\n\r\n"}}},
		{notAName, refusedRequest, []flawed{{head + "X", "(y): z\r\n\r\n"}}},
		{noColon, refusedRequest, []flawed{{head + "X", "\r\n\r\n"}}},
		{noColon, refusedChunks, []flawed{{"0\r\nX", "\r\n\r\n"}}},
		{tooManyOptions, refusedRequest, []flawed{{head + "Connection: a,b ,, c\r\nConnection: d,\te, ", "f, g\r\n\r\n"}}},
		{tooManyOptions, refusedResponse, []flawed{{answer + "Connection: a,b,c,d,e,", "f\r\n\r\n"}}},

		{lengthNotNumber, refusedRequest, []flawed{{head + "Content-Length: 5", "x\r\n\r\n"}, {head + "Content-Length: ", "+5\r\n\r\n"}, {head + "Content-Length: ", "\r\n\r\n"}, {head + "Content-Length: 5", ", 5\r\n\r\n"}}},
		{lengthNotNumber, refusedResponse, []flawed{{answer + "Content-Length: 5, ", "x\r\n\r\n"}, {answer + "Content-Length: 5,5", "x\r\n\r\n"}, {answer + "Content-Length: ", "\r\n\r\n"}}},
		{lengthTooLarge, refusedRequest, []flawed{{head + "Content-Length: 922337203685477580", "8\r\n\r\n"}, {head + "Content-Length: 999999999999999999", "999\r\n\r\n"}}},
		{lengthTooLarge, refusedResponse, []flawed{{answer + "Content-Length: 922337203685477580", "8, 5\r\n\r\n"}}},
		{lengthsRepeated, refusedRequest, []flawed{{head + "Content-Length: 5\r\n", "Content-Length: 5\r\n\r\n"}}},
		{lengthsDiffer, refusedRequest, []flawed{{head + "Content-Length: 5\r\n", "Content-Length: 05\r\n\r\n"}}},
		{lengthsDiffer, refusedResponse, []flawed{{answer + "Content-Length: 5, ", "6, 5\r\n\r\n"}, {answer + "Content-Length: 5\r\nContent-Length: 5 , ", "05\r\n\r\n"}}},
		{bothLengths, refusedRequest, []flawed{{head + "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n\r\n"}, {head + "Transfer-Encoding: gzip\r\n", "Content-Length: 5\r\n\r\n"}}},
		{codingIn10, refusedRequest, []flawed{{"POST / HTTP/1.0\r\n", "Transfer-Encoding: chunked\r\n\r\n"}}},
		{codingsRepeated, refusedRequest, []flawed{{head + "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\n\r\n"}}},
		{codingMalformed, refusedRequest, []flawed{
			{head + "Transfer-Encoding: ", "xchunked\r\n\r\n"}, {head + "Transfer-Encoding: ", "\"chunked\"\r\n\r\n"}, {head + "Transfer-Encoding: ", "\r\n\r\n"},
			{head + "Transfer-Encoding: chunked", ", chunked\r\n\r\n"}, {head + "Transfer-Encoding: gzip, ", "x-chunked\r\n\r\n"}, {head + "Transfer-Encoding: gzip,", "\r\n\r\n"},
		}},
		{codingUnknown, refusedRequest, []flawed{{head + "Transfer-Encoding: ", "gzip, chunked\r\nX: y\r\n\r\n"}}},
		{codingUnknown, refusedResponse, []flawed{{answer + "Transfer-Encoding: ", "gzip\r\n\r\n"}}},

		{mixedEnds, refusedRequest, []flawed{{head + "X: y", "\nZ: 1\r\n\r\n"}, {"GET / HTTP/1.1\nHost: a", "\r\n\r\n"}, {"\n", "\r\nGET"}}},
		{tlsHello, refusedRequest, []flawed{{"", "\x16\x03\x01"}}},
		{http2Preface, refusedRequest, []flawed{{"PRI ", "* HTTP/2.0\r\n\r\nSM\r\n\r\n"}}},
		{tooManyFields, refusedRequest, []flawed{{head + "A:\r\nB:\r\nC:\r\nD:\r\n", "E:\r\n\r\n"}}},
		{headTooLarge, refusedRequest, []flawed{{(head + "X: " + long)[:300], "x\r\n\r\n"}}},
		{methodNotFirst, refusedRequest, []flawed{{"", " GET / HTTP/1.1\r\n"}}},
		{methodNotToken, refusedRequest, []flawed{{"G", "(T / HTTP/1.1\r\n"}, {"", "\x80\x81"}}},
		{methodNotEnded, refusedRequest, []flawed{{"GET", "\t/ HTTP/1.1\r\n"}}},
		{methodTooLong, refusedRequest, []flawed{{long[:32], "x / HTTP/1.1\r\n"}}},
		{methodConnect, refusedRequest, []flawed{{"", "CONNECT a:443 HTTP/1.1\r\n"}}},
		{targetEmpty, refusedRequest, []flawed{{"GET ", " / HTTP/1.1\r\n"}, {"GET ", "\r\n"}}},
		{targetByte, refusedRequest, []flawed{{"GET /a", "\x00b HTTP/1.1\r\n"}}},
		{targetFragment, refusedRequest, []flawed{{"GET /a", "#b HTTP/1.1\r\n"}}},
		{targetAsterisk, refusedRequest, []flawed{{"GET ", "* HTTP/1.1\r\n"}}},
		{targetForm, refusedRequest, []flawed{{"OPTIONS *", "x HTTP/1.1\r\n"}, {"GET a:", "80 HTTP/1.1\r\n"}, {"GET x", "/y HTTP/1.1\r\n"}, {"GET http:/", "b HTTP/1.1\r\n"}, {"GET http", " HTTP/1.1\r\n"}, {"GET ", "?a HTTP/1.1\r\n"}}},
		{targetScheme, refusedRequest, []flawed{{"GET ", "ftp://a/ HTTP/1.1\r\n"}}},
		{targetUserinfo, refusedRequest, []flawed{{"GET http://u:p", "@a/ HTTP/1.1\r\n"}}},
		{targetTooLong, refusedRequest, []flawed{{("GET /" + long)[:300], "x HTTP/1.1\r\n"}}},
		{versionMissing, refusedRequest, []flawed{{"GET /", "\r\n"}, {"GET / ", "\r\n"}}},
		{versionSpace, refusedRequest, []flawed{{"GET / ", " HTTP/1.1\r\n"}}},
		{versionNotNext, refusedRequest, []flawed{{"GET /a", " b HTTP/1.1\r\n"}}},
		{versionNotHTTP, refusedRequest, []flawed{{"GET / HTTP/1.1", "0\r\n"}, {"GET / ", "http/1.1\r\n"}, {"GET / HTTP/1", "\r\n"}}},
		{versionNotLast, refusedRequest, []flawed{{"GET / HTTP/1.1", " \r\n"}}},
		{versionNotOurs, refusedRequest, []flawed{{"GET / HTTP/", "2.0\r\n"}}},
		{hostMissing, refusedRequest, []flawed{{line + "X: y\r\n", "\r\n"}, {"GET / HTTP/1.1\nX: y\n", "\n"}}},
		{hostRepeated, refusedRequest, []flawed{{head + "X: y\r\n", "Host: a\r\n\r\n"}}},
		{hostEmpty, refusedRequest, []flawed{{line + "Host: ", ":80\r\n\r\n"}, {"GET http://", "/ HTTP/1.1\r\n"}}},
		{hostMalformed, refusedRequest, []flawed{{line + "Host: a", " b\r\n\r\n"}, {line + "Host: [::1", "%25eth0]\r\n\r\n"}, {line + "Host: ", "[1:2]\r\n\r\n"}, {line + "Host: [::1]", "a\r\n\r\n"}, {"GET http://a", "\\b/ HTTP/1.1\r\n"}}},
		{portMalformed, refusedRequest, []flawed{{line + "Host: a:6553", "6\r\n\r\n"}, {"GET http://a:", "b/ HTTP/1.1\r\n"}, {line + "Host: [::1]:8", "x\r\n\r\n"}}},
		{expectUnknown, refusedRequest, []flawed{{head + "Expect: ", "200-ok\r\n\r\n"}}},
		{forwardsInvalid, refusedRequest, []flawed{{"OPTIONS / HTTP/1.1\r\nMax-Forwards: ", "-1\r\n\r\n"}}},
		{forwardsRepeat, refusedRequest, []flawed{{"OPTIONS / HTTP/1.1\r\nMax-Forwards: 1\r\n", "Max-Forwards: 1\r\n\r\n"}}},

		{statusNotHTTP, refusedResponse, []flawed{{"HTTP/", "2 200\r\n"}, {"", "hello"}}},
		{statusNotCode, refusedResponse, []flawed{{"HTTP/1.1 2", "x0 OK\r\n"}, {"HTTP/1.1 ", "099\r\n"}}},
		{responseTooLarge, refusedResponse, []flawed{{(answer + "X: " + long)[:300], "x\r\n\r\n"}}},
		{foldedFirst, refusedRequest, []flawed{{line, " X: y\r\n\r\n"}}},
		{foldedFirst, refusedResponse, []flawed{{"HTTP/1.1 200 OK\r\n", " X: y\r\n\r\n"}}},
		{foldedFraming, refusedResponse, []flawed{{answer + "Content-Length: 5\r\n", " 6\r\n\r\n"}}},
		{spaceInFraming, refusedResponse, []flawed{{answer + "Content-Length", " : 5\r\n\r\n"}}},

		{chunkLF, refusedChunks, []flawed{{"5", "\nhello"}, {"5;a=\"b", "\n\"\r\n"}, {"0\r\n", "\n"}}},
		{chunkSize, refusedChunks, []flawed{{"", "x\r\n"}, {"0", "x5\r\n"}, {"5 ", "5\r\n"}, {"", "\r\n"}}},
		{chunkTooLarge, refusedChunks, []flawed{{"0000000000000000", "5\r\n"}, {"800000000000000", "0\r\n"}}},
		{chunkSpace, refusedChunks, []flawed{{"5  ", "\r\nhello"}}},
		{chunkControl, refusedChunks, []flawed{{"5;a", "\x00b\r\n"}}},
		{chunkExtLine, refusedChunks, []flawed{{"5;" + long[:99], "x\r\n"}}},
		{chunkExtTotal, refusedChunks, []flawed{{"1;" + long[:80] + "\r\nx\r\n1;" + long[:68], "x\r\n"}}},
		{chunkNotEnded, refusedChunks, []flawed{{"5\r\nhello", "!\r\n"}, {"5\r\nhello\r", "!\n"}}},
		{trailerTooLong, refusedChunks, []flawed{{"0\r\nX: " + long[:197], "x\r\n"}}},
		{trailerFields, refusedChunks, []flawed{{"0\r\nA:\r\nB:\r\n", "C:\r\n\r\n"}}},
	}
	seen := map[string]bool{}
	for _, tc := range tests {
		seen[tc.flaw.rule] = true
		for _, in := range tc.in {
			r, line, caret := tc.by(in.raw())
			switch {
			case r == nil || r.Rule != tc.flaw.rule || r.Status != tc.flaw.status:
				t.Errorf("got %v, want %v, input %q", r, tc.flaw, in.raw())
			case r.Offset != len(in.good):
				t.Errorf("%s: got byte %d, want %d, input %q", r.Rule, r.Offset, len(in.good), in.raw())
			case !strings.HasPrefix(line[len(caret)-1+strings.Count(line[:len(caret)-1], cut)*2:], Escape(in.rest[0])) && !strings.Contains(line, cut):
				t.Errorf("%s: the caret is not below %q:\n%s\n%s", r.Rule, in.rest[0], line, caret)
			}
		}
	}
	source, err := os.ReadFile("refusal.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`&flaw\{\d+, "(.+)"\}`).FindAllSubmatch(source, -1) {
		if !seen[string(m[1])] {
			t.Errorf("no case for %q", m[1])
		}
	}
}

func TestRefusal_showsTheLine(t *testing.T) {
	const head = "GET / HTTP/1.1\r\n"
	x := strings.Repeat("x", 200)
	tests := map[string]struct {
		by          refuser
		raw         string
		line, caret string
	}{
		"a short line":            {refusedRequest, head + "Host : a\r\n\r\n", `Host : a\r\n`, `    ^`},
		"a line that has no end":  {refusedRequest, head + "Host :", `Host :`, `    ^`},
		"bytes that are escaped":  {refusedRequest, head + "X: \t\\\xe9<\x1b[31m\r\n", `X: \t\\\xe9<\x1b[31m\r\n`, `            ^`},
		"the empty line":          {refusedRequest, head + "\r\n", `\r\n`, `^`},
		"empty lines before it":   {refusedRequest, "\r\n\r\nGET /  HTTP/1.1\r\n", `GET /  HTTP/1.1\r\n`, `      ^`},
		"a line cut on both ends": {refusedRequest, head + "X: " + x[:100] + "\x00" + x[:100] + "\r\n", "…" + x[:49] + `\x00` + x[:25] + "…", strings.Repeat(" ", 50) + "^"},
		"a line cut at its end":   {refusedRequest, head + "X\x00: " + x + "\r\n", `X\x00: ` + x[:72] + "…", ` ^`},
		"a line cut at its start": {refusedRequest, head + "X: " + x[:100] + "\x00\r\n", "…" + x[:71] + `\x00\r\n`, strings.Repeat(" ", 72) + "^"},
		"a line of 80 characters": {refusedRequest, head + "X: " + x[:65] + "\x00" + "1234\r\n", "X: " + x[:65] + `\x001234\r\n`, strings.Repeat(" ", 68) + "^"},
		"one more":                {refusedRequest, head + "X: " + x[:66] + "\x00" + "1234\r\n", "… " + x[:66] + `\x001234\r\n`, strings.Repeat(" ", 68) + "^"},

		"a secret with the wrong byte": {refusedRequest, head + "A: secr\x00et b\r\n", `A: ***\x00*** b\r\n`, `      ^`},
		"a secret after it":            {refusedRequest, head + "A : secret b\r\n", `A : *** b\r\n`, ` ^`},
		"a secret in front of it":      {refusedRequest, head + "A: secret b\x00\r\n", `A: *** b\x00\r\n`, `        ^`},
		"one in another line":          {refusedRequest, head + "A: secret\r\nB : c\r\nC: secret\r\n\r\n", `B : c\r\n`, ` ^`},
		"a trailer's":                  {refusedChunks, "0\r\nA: secret b\x01\r\n", `A: *** b\x01\r\n`, `        ^`},

		"a chunk line":                      {refusedChunks, "5\r\nhello\r\n6 6\r\n", `6 6\r\n`, `  ^`},
		"data that is too long, of a chunk": {refusedChunks, "5\r\nhello!secret\r\n", `!`, `^`},
		"a CR without an LF":                {refusedChunks, "5\r\nhello\rx\r\n", `\rx`, `  ^`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r, line, caret := tc.by(tc.raw)
			if r == nil || line != tc.line || caret != tc.caret {
				t.Errorf("%v\ngot\n%s\n%s\nwant\n%s\n%s\ninput %q", r, line, caret, tc.line, tc.caret, tc.raw)
			}
		})
	}
}

// A chunk line may have come in parts, of which only the last is in the caller's hands. The excerpt is the same up to the byte.
func TestChunks_showsALineOfSeveralParts(t *testing.T) {
	ext := strings.Repeat("e", 90)
	for _, raw := range []string{
		"5\r\nhello\r\n12;a=b\x00c\r\n", "5\r\nhello!\r\n", "5\r\nhello\rx", "5;" + ext + "\x01", "5\r\nhello\r\n0\r\nName: value\x00\r\n",
		"0\r\nX: " + ext + "\r\nX-Auth: secr\x00et\r\n", "5\r\nhello\r\n+", "1;" + ext[:70] + "\r\nx\r\nzz\r\n",
	} {
		_, line, caret := chunksIn(raw, len(raw))
		for size := 1; size < len(raw); size++ {
			_, gotLine, gotCaret := chunksIn(raw, size)
			upTo := func(line, caret string) string {
				return strings.TrimPrefix(line, cut)[:len(caret)-1-strings.Count(line[:1], cut[:1])]
			}
			if got, want := upTo(gotLine, gotCaret), upTo(line, caret); !strings.HasSuffix(got, want) && !strings.HasSuffix(want, got) || len(got) < min(len(want), 40) {
				t.Errorf("in parts of %d: got\n%s\n%s\nwhole\n%s\n%s\ninput %q", size, gotLine, gotCaret, line, caret, raw)
			}
		}
	}
}

func TestMark_putsTheCaretIntoTheLine(t *testing.T) {
	for _, tc := range []struct{ line, caret, want string }{
		{`Host : a\r\n`, `    ^`, `Host‹ ›: a\r\n`}, {`\r\n`, `^`, `‹\r›\n`}, {`X\x00y`, ` ^`, `X‹\x00›y`}, {`a\\b`, ` ^`, `a‹\\›b`}, {`…xyz`, `  ^`, `…x‹y›z`}, {`x`, ` ^`, `x`}, {``, `^`, ``},
	} {
		if got := Mark(tc.line, tc.caret); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}
