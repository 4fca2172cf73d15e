package logs

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"tenfour/value/choice"
)

// at is when the exchanges of these tests end; a zone with minutes shows in the combined format.
var at = time.Date(2026, 3, 9, 7, 5, 4, 250_000_000, time.FixedZone("", -(3*60+30)*60))

// hello is an exchange that went well.
func hello() Entry {
	return Entry{
		ID: "ab12cd34-1", Client: netip.MustParseAddrPort("192.0.2.7:53210"),
		Method: []byte("GET"), Target: []byte("/hello"), Proto: "HTTP/1.1", Host: []byte("example.com"), UserAgent: []byte("curl/8.5.0"),
		Status: 200, Bytes: 205, Backend: "127.0.0.1:9001",
		Phases: Phases{Limited: None, Body: None, Queue: 0, Connect: 90 * time.Microsecond, FirstByte: 2100 * time.Microsecond, Total: 2217037 * time.Nanosecond},
	}
}

// noHead is a connection that was refused before its head was complete.
func noHead() Entry {
	return Entry{
		ID: "ab12cd34-2", Status: 400, Bytes: 31, Reason: "a bare CR\x1b[2J", Phases: Phases{None, None, None, None, None, None},
	}
}

// joined is a request that was answered by another one's exchange.
func joined() Entry {
	e := hello()
	e.ID, e.Joined = "ab12cd34-3", "ab12cd34-1"
	return e
}

// proxied is an exchange of a client that a trusted proxy reports.
func proxied() Entry {
	e := hello()
	e.Method, e.Proto, e.Status, e.Bytes = []byte("HEAD"), "HTTP/1.0", 304, 0
	e.For, e.Name, e.Referer = netip.MustParseAddr("2001:db8::1"), "mobile", []byte("https://example.com/?q=1")
	return e
}

func TestText_readsAsPeopleSayIt(t *testing.T) {
	for want, e := range map[string]Entry{
		"07:05:04.250 GET /hello 200 205B 2.2ms ← 127.0.0.1:9001 · queue 0µs, connect 90µs, first byte 2.1ms · 192.0.2.7:53210 · ab12cd34-1":                          hello(),
		"07:05:04.250 GET /hello 200 205B 2.2ms ← 127.0.0.1:9001 · queue 0µs, connect 90µs, first byte 2.1ms · 192.0.2.7:53210 · ab12cd34-3 joined to ab12cd34-1":     joined(),
		"07:05:04.250 (no request) 400 31B · unix: · ab12cd34-2 · a bare CR\\u001b[2J":                                                                                noHead(),
		"07:05:04.250 HEAD /hello 304 0B 2.2ms ← 127.0.0.1:9001 · queue 0µs, connect 90µs, first byte 2.1ms · 192.0.2.7:53210 for 2001:db8::1 as mobile · ab12cd34-1": proxied(),
	} {
		if got := string(appendText(nil, &e, at, false)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestText_hasUnits(t *testing.T) {
	for want, n := range map[string]int64{"0B": 0, "1023B": 1023, "1.0KiB": 1 << 10, "1.5KiB": 1536, "4.0MiB": 4 << 20, "2.5GiB": 5 << 29, "3.0TiB": 3 << 40} {
		if got := string(appendSize(nil, n)); got != want {
			t.Errorf("%d bytes: got %s, want %s", n, got, want)
		}
	}
	for want, d := range map[string]time.Duration{
		"0µs": 0, "999µs": 999 * time.Microsecond, "1.0ms": time.Millisecond, "99.9ms": 99_900 * time.Microsecond, "350ms": 350 * time.Millisecond,
		"1.52s": 1520 * time.Millisecond, "2m5s": 125 * time.Second, "1h0m0s": time.Hour,
	} {
		if got := string(appendSpan(nil, d)); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}

// TestText_hasNothingThatATerminalObeys: control bytes, C1 controls, marks that turn the direction of text, bytes that are no UTF-8.
func TestText_hasNothingThatATerminalObeys(t *testing.T) {
	for text, want := range map[string]string{
		"/\x1b]0;x\a\r\n\x7f": `/\u001b]0;x\u0007\u000d\u000a\u007f`, "/\u009b2J": `/\u009b2J`, "/\u202egnp.exe": `/\u202egnp.exe`, "/\xff\xfe": `/\xff\xfe`,
		`/\x1b`: `/\\x1b`, "/grün·✓": "/grün·✓", "\ufffd": "\ufffd", "\u2028": `\u2028`,
	} {
		if got := string(appendPlain(nil, []byte(text))); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestCombined_isApaches(t *testing.T) {
	for want, e := range map[string]Entry{
		`192.0.2.7 - - [09/Mar/2026:07:05:04 -0330] "GET /hello HTTP/1.1" 200 205 "-" "curl/8.5.0"`:                              hello(),
		`unix: - - [09/Mar/2026:07:05:04 -0330] "-" 400 31 "-" "-"`:                                                              noHead(),
		`2001:db8::1 - mobile [09/Mar/2026:07:05:04 -0330] "HEAD /hello HTTP/1.0" 304 - "https://example.com/?q=1" "curl/8.5.0"`: proxied(),
	} {
		if got := string(appendCombined(nil, &e, at)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	late := hello()
	late.Total = 2 * time.Second
	if got := string(appendCombined(nil, &late, at)); !strings.Contains(got, "[09/Mar/2026:07:05:02 -0330]") {
		t.Errorf("%s has another time than when the request came", got)
	}
}

func TestCombined_escapesAsApacheDoes(t *testing.T) {
	for text, want := range map[string]string{
		`"`: `\"`, `\`: `\\`, "\b\n\r\t\v": `\b\n\r\t\v`, "\x00\a\f\x16\x1b\x7f": `\x00\x07\x0c\x16\x1b\x7f`, "ü\xff": `\xc3\xbc\xff`, " !~": " !~", "": "",
		"x\" 200 1\n192.0.2.1 - - ": `x\" 200 1\n192.0.2.1 - - `,
	} {
		if got := string(appendEscaped(nil, []byte(text))); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// combined is what a reader of Apache's combined format takes for a line.
var combined = regexp.MustCompile(`^(\S+) - (\S+) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$`)

// TestAccess_linesCannotBeForged: whatever bytes a client sends, each line is one line, with the fields that it has.
func TestAccess_linesCannotBeForged(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	hostile := func() []byte {
		b := make([]byte, random.IntN(40))
		for i := range b {
			b[i] = byte(random.Uint32())
			if random.IntN(3) == 0 {
				b[i] = "\"\\\n\r{}[] \x1b"[random.IntN(10)]
			}
		}
		return b
	}
	for range 2000 {
		e := hello()
		e.Target, e.Host, e.UserAgent, e.Referer, e.Reason = hostile(), hostile(), hostile(), hostile(), string(hostile())
		line := appendCombined(nil, &e, at)
		found := combined.FindSubmatch(line)
		if found == nil {
			t.Fatalf("%q is no line of the combined format", line)
		}
		for i, field := range map[int][]byte{4: append(append([]byte("GET "), e.Target...), " HTTP/1.1"...), 7: e.Referer, 8: e.UserAgent} {
			if got := unescaped(found[i]); !bytes.Equal(got, field) {
				t.Fatalf("%q: field %d says %q, want %q", line, i, got, field)
			}
		}
		if line := appendText(nil, &e, at, false); bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
			t.Fatalf("%q has control characters", line)
		}
		var out bytes.Buffer
		newAccess(&out, choice.AccessJSON, false).Write(&e)
		var fields map[string]any
		if err := json.Unmarshal(out.Bytes(), &fields); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1 || fields["status"] != 200.0 {
			t.Fatalf("%q: %v", &out, err)
		}
	}
}

// unescaped is the inverse of appendEscaped.
func unescaped(text []byte) (plain []byte) {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			plain = append(plain, text[i])
			continue
		}
		i++
		if text[i] == 'x' {
			high, low := strings.IndexByte("0123456789abcdef", text[i+1]), strings.IndexByte("0123456789abcdef", text[i+2])
			plain = append(plain, byte(high<<4|low))
			i += 2
			continue
		}
		if at := strings.IndexByte("btnvr", text[i]); at >= 0 {
			plain = append(plain, "\b\t\n\v\r"[at])
			continue
		}
		plain = append(plain, text[i])
	}
	return plain
}

func TestJSON_hasUnitsInItsKeys(t *testing.T) {
	written := func(e Entry) (fields map[string]any) {
		var out bytes.Buffer
		newAccess(&out, choice.AccessJSON, false).Write(&e)
		if err := json.Unmarshal(out.Bytes(), &fields); err != nil {
			t.Fatalf("%q: %v", &out, err)
		}
		if when, err := time.Parse(time.RFC3339Nano, fields["time"].(string)); err != nil || time.Since(when) > time.Hour {
			t.Errorf("the time is %v", fields["time"])
		}
		delete(fields, "time")
		return fields
	}
	for _, tc := range []struct {
		e    Entry
		want map[string]any
	}{
		{hello(), map[string]any{"level": "info", "id": "ab12cd34-1", "client": "192.0.2.7", "port": 53210.0, "method": "GET", "target": "/hello", "proto": "HTTP/1.1",
			"host": "example.com", "status": 200.0, "bytes": 205.0, "backend": "127.0.0.1:9001", "queue_ms": 0.0, "connect_ms": 0.09, "first_byte_ms": 2.1,
			"total_ms": 2.217037, "user_agent": "curl/8.5.0"}},
		{joined(), map[string]any{"level": "info", "id": "ab12cd34-3", "client": "192.0.2.7", "port": 53210.0, "method": "GET", "target": "/hello", "proto": "HTTP/1.1",
			"host": "example.com", "status": 200.0, "bytes": 205.0, "backend": "127.0.0.1:9001", "joined": "ab12cd34-1", "queue_ms": 0.0, "connect_ms": 0.09,
			"first_byte_ms": 2.1, "total_ms": 2.217037, "user_agent": "curl/8.5.0"}},
		{noHead(), map[string]any{"level": "info", "id": "ab12cd34-2", "client": "unix:", "status": 400.0, "bytes": 31.0, "reason": "a bare CR\x1b[2J"}},
		{proxied(), map[string]any{"level": "info", "id": "ab12cd34-1", "client": "192.0.2.7", "port": 53210.0, "for": "2001:db8::1", "name": "mobile", "method": "HEAD",
			"target": "/hello", "proto": "HTTP/1.0", "host": "example.com", "status": 304.0, "bytes": 0.0, "backend": "127.0.0.1:9001", "queue_ms": 0.0, "connect_ms": 0.09,
			"first_byte_ms": 2.1, "total_ms": 2.217037, "user_agent": "curl/8.5.0", "referer": "https://example.com/?q=1"}},
	} {
		if got := written(tc.e); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("got  %v\nwant %v", got, tc.want)
		}
	}
}

func BenchmarkAccess(b *testing.B) {
	e := hello()
	for _, format := range []choice.AccessFormat{choice.AccessText, choice.AccessCombined, choice.AccessJSON} {
		b.Run(format.String(), func(b *testing.B) {
			a := newAccess(discard{}, format, false)
			b.ReportAllocs()
			for b.Loop() {
				a.Write(&e)
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
