package httpparse

import (
	"fmt"
	"strings"
	"testing"
)

// outcomeOf returns "" if raw is parsed to its end, else the status and the rule of its refusal.
func outcomeOf(t *testing.T, fresh func() parser, raw string) string {
	t.Helper()
	got := parseEveryCut(t, fresh, raw)
	if strings.HasPrefix(got, fmt.Sprintf("%d bytes", len(raw))) {
		return ""
	}
	_, rule, _ := strings.Cut(got, ": ")
	return rule
}

func (f *flaw) String() string {
	if f == nil {
		return ""
	}
	return fmt.Sprintf("%d %s", f.status, f.rule)
}

func TestLimits_ofHeads(t *testing.T) {
	request := func(lim Limits) func() parser { return freshRequest(&lim) }
	response := func(lim Limits) func() parser { return freshResponse(Get, &lim) }
	target := func(n int) string { return "GET /" + strings.Repeat("x", n-1) + " HTTP/1.1\r\nHost: a\r\n\r\n" }
	value := func(total int) string {
		const head = "GET / HTTP/1.1\r\nHost: a\r\nX: "
		return head + strings.Repeat("x", total-len(head)-4) + "\r\n\r\n"
	}
	fields := func(first string, n int) string { return first + strings.Repeat("X: 1\r\n", n) + "\r\n" }
	const simple = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	const answer = "HTTP/1.1 200 OK\r\nX: a\r\n\r\n"
	tests := map[string]struct {
		fresh func() parser
		raw   string
		want  *flaw
	}{
		"a head one below its limit":             {request(Limits{Head: len(simple) + 1}), simple, nil},
		"a head at its limit":                    {request(Limits{Head: len(simple)}), simple, nil},
		"a head one above its limit":             {request(Limits{Head: len(simple) - 1}), simple, headTooLarge},
		"a head at its limit, with more":         {request(Limits{Head: len(simple) + 4}), "\r\n\r\n" + simple, nil},
		"a head above it by its empty lines":     {request(Limits{Head: len(simple) + 3}), "\r\n\r\n" + simple, headTooLarge},
		"a request-line one below the limit":     {request(Limits{Head: 17}), "GET / HTTP/1.1\r\n", &flaw{}},
		"a request-line at the limit":            {request(Limits{Head: 16}), "GET / HTTP/1.1\r\nX", headTooLarge},
		"a request-line one above the limit":     {request(Limits{Head: 15}), "GET / HTTP/1.1\r\nX", targetTooLong},
		"a flaw at the limit":                    {request(Limits{Head: 6}), "GET /#", targetFragment},
		"a flaw after the limit":                 {request(Limits{Head: 5}), "GET /#", targetTooLong},
		"a target of 8000 bytes":                 {request(Limits{}), target(8000), nil},
		"a default head of 32 KiB":               {request(Limits{}), value(32 << 10), nil},
		"a default head of 32 KiB and a byte":    {request(Limits{}), value(32<<10 + 1), headTooLarge},
		"a request-line beyond 32 KiB":           {request(Limits{}), target(32 << 10), targetTooLong},
		"a head far beyond the limit":            {request(Limits{}), value(40 << 10), headTooLarge},
		"199 fields":                             {request(Limits{}), fields("GET / HTTP/1.0\r\n", 199), nil},
		"200 fields":                             {request(Limits{}), fields("GET / HTTP/1.0\r\n", 200), nil},
		"201 fields":                             {request(Limits{}), fields("GET / HTTP/1.0\r\n", 201), tooManyFields},
		"fields at a limit of 3":                 {request(Limits{Fields: 3}), fields("GET / HTTP/1.0\r\n", 3), nil},
		"fields above a limit of 3":              {request(Limits{Fields: 3}), fields("GET / HTTP/1.0\r\n", 4), tooManyFields},
		"a bad line where no more may come":      {request(Limits{Fields: 3}), "GET / HTTP/1.0\r\nA:\r\nB:\r\nC:\r\n D\r\n\r\n", tooManyFields},
		"a method at its limit":                  {request(Limits{Method: 3}), simple, nil},
		"a method above its limit":               {request(Limits{Method: 2}), simple, methodTooLong},
		"empty lines at their limit":             {request(Limits{EmptyLines: 2}), "\r\n\r\n" + simple, nil},
		"empty lines above their limit":          {request(Limits{EmptyLines: 1}), "\r\n\r\n" + simple, emptyLines},
		"names in Connection at their limit":     {request(Limits{Fields: 3}), "GET / HTTP/1.0\r\nConnection: a,b,,\r\nConnection: c\r\n\r\n", nil},
		"names in Connection above it":           {request(Limits{Fields: 3}), "GET / HTTP/1.0\r\nConnection: a,b,,\r\nConnection: c, d\r\n\r\n", tooManyOptions},
		"a response one below its limit":         {response(Limits{ResponseHead: len(answer) + 1}), answer, nil},
		"a response at its limit":                {response(Limits{ResponseHead: len(answer)}), answer, nil},
		"a response one above its limit":         {response(Limits{ResponseHead: len(answer) - 1}), answer, responseTooLarge},
		"a default response of 64 KiB":           {response(Limits{}), "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 64<<10-24) + "\r\n\r\n", nil},
		"a default response of 64 KiB and 1":     {response(Limits{}), "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 64<<10-23) + "\r\n\r\n", responseTooLarge},
		"a response with 300 fields":             {response(Limits{}), fields("HTTP/1.1 200 OK\r\n", 300), nil},
		"a response's empty lines at the limit":  {response(Limits{EmptyLines: 2}), "\n\n" + answer, nil},
		"a response's empty lines above it":      {response(Limits{EmptyLines: 1}), "\n\n" + answer, emptyLines},
		"a response at its limit by empty lines": {response(Limits{ResponseHead: len(answer) + 1}), "\n\n" + answer, responseTooLarge},
		"a bare LF where no more may come":       {request(Limits{Fields: 1}), "GET / HTTP/1.0\nA:\n\n", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			want := tc.want.String()
			if tc.want != nil && tc.want.status == 0 {
				want = "" // incomplete
			}
			if got := outcomeOf(t, tc.fresh, tc.raw); got != want {
				t.Errorf("got %q, want %q, input %.100q", got, want, tc.raw)
			}
		})
	}
}

func TestRequest_refusesEarly(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want *flaw
	}{
		"at the first byte of a TLS hello":        {"\x16", tlsHello},
		"at the byte that makes a head too large": {"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 32<<10-18), headTooLarge},
		"at the byte that makes a line too long":  {"GET /" + strings.Repeat("x", 32<<10-4), targetTooLong},
		"at the byte of a target":                 {"GET /\x00", targetByte},
		"at the 33rd byte of a method":            {strings.Repeat("M", 33), methodTooLong},
		"after CONNECT":                           {"CONNECT ", methodConnect},
		"after the line of a second Host":         {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", hostRepeated},
		"after the line of a bad length":          {"GET / HTTP/1.1\r\nContent-Length: a\r\n", lengthNotNumber},
		"at the first byte of field 201":          {"GET / HTTP/1.1\r\n" + strings.Repeat("X:\r\n", 200) + "X", tooManyFields},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			wantRefused(t, freshRequest(nil), tc.raw, tc.want)
			if _, err := new(Request).Parse([]byte(tc.raw[:len(tc.raw)-1]), nil); err != ErrPartial {
				t.Errorf("one byte earlier: %v", err)
			}
		})
	}
}

func TestParse_allocatesNothing(t *testing.T) {
	r := Request{Fields: make([]Field, 0, 200)}
	s := Response{Fields: make([]Field, 0, 200)}
	var c Chunks
	heads := [][]byte{
		[]byte(abHead), []byte(browserHead),
		[]byte("GET / HTTP/1.0\r\n" + strings.Repeat("X: 1\r\n", 200) + "\r\n"),
		[]byte("GET / HTTP/1.1\r\nHost: [1::2%3]\r\n\r\n"),
		[]byte("GET http://[1::2]:80/ HTTP/1.1\r\nHost: a\r\nConnection: x, y\r\nX: 1\r\nAccept: application/json\r\nVia: 1.1 tenfour\r\n\r\n"),
		[]byte("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
		[]byte("\nGET / HTTP/1.1\nHost: a:\nX: 1\n\n"), []byte("GET / HTTP/1.1\nHost: a\r\n\r\n"),
	}
	answers := [][]byte{
		[]byte(backendHead), []byte("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5, 5\r\n\r\n"), []byte("HTTP/1.1 20"), []byte("HTTP/2"),
		[]byte("\nHTTP/1.0  200  OK\nX : a\x01b\r\n\tc\nContent-Length: 5\nTransfer-Encoding: chunked\n\n"),
	}
	bodies := [][]byte{[]byte("5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n"), []byte("5 \r\n")}
	for _, lim := range []*Limits{nil, {Head: 9 << 10}} {
		if n := testing.AllocsPerRun(100, func() {
			for _, head := range heads {
				r.Reset()
				r.Parse(head[:len(head)/2], lim)
				r.Parse(head, lim)
			}
			for _, answer := range answers {
				s.Reset()
				s.Parse(answer[:len(answer)/2], Get, lim)
				s.Parse(answer, Get, lim)
			}
			for _, body := range bodies {
				c.Reset()
				for src, done, err := body, false, error(nil); !done && err == nil; {
					var n int
					n, _, done, err = c.Next(src, lim)
					src = src[n:]
				}
			}
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}
