package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tenfour/tests/await"
)

// TestAccessLog_isWrittenInEachFormat, each line of them by what clients sent as raw bytes.
func TestAccessLog_isWrittenInEachFormat(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain"))
	for format, lines := range map[string][]string{
		"text": {
			`^\d\d:\d\d:\d\d\.\d{3} GET /a\\\\"b 200 5B [\d.]+(µs|ms|s) ← ` + b.addr + ` · queue [\d.]+(µs|ms), connect [\d.]+(µs|ms), first byte [\d.]+(µs|ms) · 127\.0\.0\.1:\d+ · [0-9a-f]{8}-\w+$`,
			`^\d\d:\d\d:\d\d\.\d{3} \(no request\) 400 \d+B · 127\.0\.0\.1:\d+ · [0-9a-f]{8}-\w+ · .+$`,
		},
		"combined": {
			`^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /a\\\\\\"b HTTP/1\.1" 200 5 "http://x/\\xe9" "\\"\\t1"$`,
			`^127\.0\.0\.1 - - \[[^]]+\] "-" 400 \d+ "-" "-"$`,
		},
		"json": {`^\{"level":"info","id":"[^"]+","client":"127\.0\.0\.1","port":\d+,"method":"GET"`, `^\{.*"status":400,.*"reason":"[^"]+"`},
		"auto": {`^\{"level"`, `^\{"level"`},
	} {
		file := filepath.Join(t.TempDir(), format)
		tf := startTenfour(t, []string{b.addr}, "--access-log", file, "--access-log-format", format)
		for i, raw := range []string{
			"GET /a\\\"b HTTP/1.1\r\nHost: a\r\nReferer: http://x/\xe9\r\nUser-Agent: \"\t1\r\n\r\n",
			"GET /\x1b[2J HTTP/1.1\r\nHost: a\r\n\r\n",
		} {
			tf.exchange(t, raw, whole)
			var text string
			if !await.Holds(patience, func() bool {
				b, _ := os.ReadFile(file)
				text = string(b)
				return strings.Count(text, "\n") == i+1
			}) {
				t.Fatalf("%s: got %q after %d exchanges", format, text, i+1)
			}
			line := strings.Split(text, "\n")[i]
			if !regexp.MustCompile(lines[i]).MatchString(line) {
				t.Errorf("%s: got\n%s\nwant %s", format, line, lines[i])
			}
		}
	}
}

// TestAccessLog_saysWhenARequestCame, not when it ended: so does Apache.
func TestAccessLog_saysWhenARequestCame(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	arrived := make(chan time.Time, 1)
	b := startBackend(t, repeat(func(message) reply {
		arrived <- time.Now()
		<-release
		return plainReply
	}))
	file := filepath.Join(t.TempDir(), "access")
	tf := startTenfour(t, []string{b.addr}, "--access-log", file, "--access-log-format", "combined")
	came := time.Now()
	c := tf.dial(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
	there := await.Value(t, arrived, "the request")
	eventually(t, "a second has passed", func() bool { return time.Since(there) > 1100*time.Millisecond })
	close(release)
	c.listen("GET")
	var text string
	eventually(t, "there is a line", func() bool {
		b, _ := os.ReadFile(file)
		text = string(b)
		return strings.HasSuffix(text, "\n")
	})
	_, stamp, _ := strings.Cut(text, "[")
	stamp, _, _ = strings.Cut(stamp, "]")
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", stamp)
	if err != nil || at.Before(came.Truncate(time.Second)) || at.After(there) {
		t.Errorf("it says %s (%v), and the request came between %v and %v", stamp, err, came, there)
	}
}
