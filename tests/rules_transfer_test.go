package tests

import (
	"strings"
	"testing"
)

// The rows about Transfer-Encoding (RFC 9112 §6.1 and §11.2), of requests and of a backend's answers: beside
// Content-Length, more than once, other codings, what only looks like chunked, and HTTP/1.0. The chunks themselves
// are in rules_chunked_test.go.

const oneChunk = "5\r\nhello\r\n0\r\n\r\n"

func TestTransferEncoding_refuses(t *testing.T) {
	refuseEach(t, map[string]refusal{
		"after Content-Length":                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"before Content-Length":               {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 15\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"beside Content-Length: 0":            {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "RFC 9112 §6.1", "400"},
		"beside a Content-Length too short":   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"beside an empty Content-Length":      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.3", "400"},
		"of GET beside Content-Length":        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "RFC 9112 §6.1", "400"},
		"of HEAD beside Content-Length":       {"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "RFC 9112 §11.2", "400"},
		"gzip beside Content-Length":          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nhello", "RFC 9112 §6.1", "400 or 501"},
		"identity beside Content-Length":      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello", "RFC 9112 §6.1", "400 or 501"},
		"empty beside Content-Length":         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding:\r\n\r\nhello", "RFC 9112 §6.1", "400"},
		"Content-Length hidden by Connection": {"POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"two lines of chunked":                {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"two lines in different case":         {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"chunked, chunked":                    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"a line of chunked and one of gzip":   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400 or 501"},
		"a line of identity and one of it":    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400 or 501"},
		"a line of it and an unknown one":     {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400 or 501"},
		"a line of it and an empty one":       {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding:\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"chunked before gzip":                 {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"chunked before identity":             {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"gzip":                                {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nhello", "RFC 9112 §6.1", "501"},
		"gzip before chunked":                 {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "501"},
		"identity":                            {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nhello", "RFC 9112 §6.1", "501"},
		"identity before chunked":             {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "501"},
		"an unknown coding":                   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: cow\r\n\r\nhello", "RFC 9112 §6.1", "501"},
		"a letter before it":                  {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400 or 501"},
		"a letter after it":                   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunkedx\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400 or 501"},
		"a hyphen after it":                   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked-\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400 or 501"},
		"a word after it":                     {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked foo\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"quotes":                              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"apostrophes":                         {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: 'chunked'\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400 or 501"},
		"a parameter":                         {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"a colon before it":                   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"a vertical tab before it":            {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked\r\n\r\n" + oneChunk, "RFC 9110 §5.5", "400"},
		"a form feed after it":                {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\f\r\n\r\n" + oneChunk, "RFC 9110 §5.5", "400"},
		"a NUL after it":                      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\x00\r\n\r\n" + oneChunk, "RFC 9110 §5.5", "400"},
		"a next line of Latin-1 before it":    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x85chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"a space of Latin-1 after it":         {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\xa0\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"an empty element before it":          {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"an empty element after it":           {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"an empty value":                      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"a fold before it":                    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"a space before its colon":            {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n" + oneChunk, "RFC 9112 §5.1", "400"},
		"a space before its name":             {"POST / HTTP/1.1\r\nHost: a\r\n Transfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §5.2", "400"},
		"hidden after a bare LF":              {"POST / HTTP/1.1\r\nHost: a\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §2.2", "400"},
		"hidden after a bare CR":              {"POST / HTTP/1.1\r\nHost: a\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §2.2", "400"},
		"hidden after a bare LF, with length": {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §2.2", "400"},
		"in HTTP/1.0":                         {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"in HTTP/1.0 that stays":              {"POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"in HTTP/1.0 beside Content-Length":   {"POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, "RFC 9112 §6.1", "400"},
	})
}

func TestTransferEncoding_forwards(t *testing.T) {
	forwardEach(t, map[string]forwarded{
		"chunked":                        {raw: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §7.1", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"chunked in capitals":            {raw: "POST / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n" + oneChunk, rule: "RFC 9112 §7", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"chunked in mixed case":          {raw: "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §7", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"white space around chunked":     {raw: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\t chunked \t\r\n\r\n" + oneChunk, rule: "RFC 9110 §5.5", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"no space before chunked":        {raw: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:chunked\r\n\r\n" + oneChunk, rule: "RFC 9110 §5.5", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"chunked of GET":                 {raw: "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9110 §9.3.1", line: "GET / HTTP/1.1", host: "a", body: "hello"},
		"chunked of HEAD":                {raw: "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9110 §9.3.2", line: "HEAD / HTTP/1.1", host: "a", body: "hello"},
		"chunked from HTTP/1.2":          {raw: "POST / HTTP/1.2\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9110 §2.5", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"chunked named in Connection":    {raw: "POST / HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9110 §7.6.1", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"a lookalike with an underscore": {raw: "POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\n\r\n", rule: "RFC 9110 §5.1", line: "POST / HTTP/1.1", host: "a"},
	})
}

func TestTransferEncoding_ofAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK"
	cases := map[string]relayed{
		"chunked":                  {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §7.1", line: ok, body: "hello"},
		"chunked in capitals":      {raw: "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n" + oneChunk, rule: "RFC 9112 §7", line: ok, body: "hello"},
		"white space around it":    {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding:\tchunked \r\n\r\n" + oneChunk, rule: "RFC 9110 §5.5", line: ok, body: "hello"},
		"after Content-Length":     {raw: "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §6.3", line: ok, body: "hello", length: "none", fresh: true},
		"before Content-Length":    {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + oneChunk, rule: "RFC 9112 §6.3", line: ok, body: "hello", length: "none", fresh: true},
		"beside Content-Length: 0": {raw: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §6.3", line: ok, body: "hello", length: "none", fresh: true},
		"beside equal lengths":     {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + oneChunk, rule: "RFC 9112 §6.3", line: ok, body: "hello", length: "none", fresh: true},
		"beside a length, to 1.0":  {request: request10, raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §6.3", line: ok, body: "hello", length: "none", end: closed, fresh: true},
		"beside a length, to HEAD": {request: requestHEAD, raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", rule: "RFC 9112 §6.3", line: ok, length: "none", fresh: true},
		"beside a bad length":      {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"beside two lengths":       {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"identity up to the close": {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello", then: closed, rule: "RFC 9112 §7", line: ok, body: "hello", fresh: true},
		"identity and a length":    {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: Identity\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9112 §7", line: ok, body: "hello", length: "5"},
		"identity in HTTP/1.0":     {raw: "HTTP/1.0 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello", then: closed, rule: "RFC 9112 §7", line: ok, body: "hello", fresh: true},
		"chunked in HTTP/1.0":      {raw: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §6.1", line: ok, body: "hello", length: "none", fresh: true},
		"the same that stays":      {raw: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §6.1", line: ok, body: "hello", length: "none", fresh: true},
		"the same, to HTTP/1.0":    {request: request10, raw: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §6.1", line: ok, body: "hello", length: "none", end: closed, fresh: true},
		"gzip in HTTP/1.0":         {raw: "HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello", rule: "RFC 9112 §6.1", line: "502", fresh: true},
	}
	for name, value := range map[string]string{
		"two lines of chunked":          "chunked\r\nTransfer-Encoding: chunked",
		"chunked, chunked":              "chunked, chunked",
		"chunked before gzip":           "chunked, gzip",
		"gzip before chunked":           "gzip, chunked",
		"gzip":                          "gzip",
		"identity before chunked":       "identity, chunked",
		"chunked before identity":       "chunked, identity",
		"an unknown coding":             "cow",
		"a letter before chunked":       "xchunked",
		"a letter after chunked":        "chunkedx",
		"quotes":                        "\"chunked\"",
		"a parameter":                   "chunked;q=1",
		"a vertical tab before chunked": "\vchunked",
		"a space of Latin-1 after it":   "chunked\xa0",
		"an empty element before":       ",chunked",
		"an empty element after it":     "chunked,",
		"an empty value":                "",
		"identity on a line before":     "identity\r\nTransfer-Encoding: chunked",
	} {
		raw := "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + value + "\r\n\r\n" + oneChunk
		section := "RFC 9112 §6.1"
		if strings.HasPrefix(value, "\v") {
			section = "RFC 9110 §5.5"
		}
		cases[name] = relayed{raw: raw, rule: section, line: "502", fresh: true}
	}
	relayEach(t, cases)
}
