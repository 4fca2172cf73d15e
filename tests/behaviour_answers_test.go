package tests

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// operators finds what only the operator should know: addresses of any kind, files, Go's names of packages, errors of the system.
var operators = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+|\[?::1\]?|:\d{4,5}\b|localhost|\.test\b|/tmp/|\.(go|toml|pem|txt)\b|` +
	`x509|tls: |\bread tcp|\bdial tcp|\bopen /|lookup |no such host|connection refused|reset by peer|broken pipe|no route to host|too many open files|i/o timeout|EOF|errno`)

// backendOfAttempt is what the record of a job says about an attempt, as X-Backend of a response does.
var backendOfAttempt = regexp.MustCompile(`"backend":"[^"]*"`)

// excerpts are the bytes of the client's own that a refusal shows.
var excerpts = regexp.MustCompile(`\n {4}.+\n {4,}\^\n|"excerpt":"[^"]*"`)

// reveals is an error for an answer of tenfour's own that has in it what only the operator should know. Every test that reads an
// answer calls it.
func reveals(server, via, body string) error {
	if server != "tenfour" || via != "" {
		return nil
	}
	if found := operators.FindString(backendOfAttempt.ReplaceAllString(excerpts.ReplaceAllString(body, ""), "")); found != "" {
		return fmt.Errorf("the answer reveals %q, which is for the log: %q", found, body)
	}
	return nil
}

// TestAnswers_sayNothingOfTheOperators: each kind of failure has words for the client, and the log has the rest, with the same id.
// reveals looks at the answers of all other tests too.
func TestAnswers_sayNothingOfTheOperators(t *testing.T) {
	t.Parallel()
	serves := func(script func(*peer)) func(*testing.T) string {
		return func(t *testing.T) string {
			return startServer(t, func(p *peer) {
				if _, err := http.ReadRequest(p.in); err == nil {
					script(p)
				}
			}).addr
		}
	}
	tests := map[string]struct {
		backend func(*testing.T) string
		flags   []string
		raw     string // "" is a GET
		status  int
		words   string
		log     string // what the line with its id has beside its backend's address; "" for no more
	}{
		"it refuses, and is not held": {func(t *testing.T) string { return refusing(t) }, []string{"--hold", "0"}, "", 502, "the backend refused connections", "connection refused"},
		"it refuses, and is held":     {func(t *testing.T) string { return refusing(t) }, []string{"--hold", "20ms"}, "", 502, "the backend refused connections for 20ms", ""},
		"it speaks no TLS": {func(t *testing.T) string {
			return "https://" + startServer(t, func(p *peer) {
				p.say("HTTP/1.1 400 Bad\r\n\r\n")
				p.untilGone()
			}).addr
		}, nil, "", 502, "the backend does not speak TLS", "tls: "},
		"it closes without an answer":  {serves(func(*peer) {}), []string{"--hold", "0", "--resend", "0"}, "", 502, "the backend closed the connection without an answer", ""},
		"it resets":                    {serves(func(p *peer) { p.breakOff() }), []string{"--hold", "0", "--resend", "0"}, "", 502, "the backend reset the connection without an answer", "reset"},
		"it may have acted":            {serves(func(*peer) {}), []string{"--hold", "0"}, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 502, "it may have acted on the request", ""},
		"half a head":                  {serves(func(p *peer) { p.say("HTTP/1.1 200 OK\r\nX-A: b\r\n") }), nil, "", 502, "in the middle of its response's head", ""},
		"its response is malformed":    {serves(func(p *peer) { p.say("nonsense\r\n\r\n") }), nil, "", 502, "the backend's response is malformed", ""},
		"it is mute":                   {serves(func(p *peer) { p.untilGone() }), []string{"--backend-timeout", "50ms"}, "", 504, "the backend sent nothing for 50ms", ""},
		"its name cannot be resolved":  {func(*testing.T) string { return "tenfour.invalid:80" }, []string{"--hold", "20ms"}, "", 502, "its name could not be resolved", "tenfour.invalid"},
		"all racers fail":              {serves(func(*peer) {}), []string{"--race", "serial", "--hold", "0", "--resend", "0", "--backend", "127.0.0.1:1"}, "", 502, "no backend had a usable answer", ""},
		"no place for an event stream": {serves(func(p *peer) { p.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n") }), []string{"--streams", "0"}, "", 503, "all places for streams are taken", ""},
		"it is not for the client":     {func(t *testing.T) string { return refusing(t) }, []string{"--deny-from", "127.0.0.0/8"}, "", 403, "this route is not for your address", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			addr := tc.backend(t)
			tf := startTenfour(t, []string{addr}, append([]string{"--access-log", "stdout", "--log-format", "json"}, tc.flags...)...)
			if tc.raw == "" {
				tc.raw = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
			}
			p := dialPeer(t, tf.addr)
			p.say(tc.raw)
			status, body, err := p.status("GET")
			if err != nil || status != tc.status || !strings.Contains(body, tc.words) {
				t.Fatalf("got %d %q (%v), want %d with %q", status, body, err, tc.status, tc.words)
			}
			_, id, _ := strings.Cut(strings.TrimSpace(body), "tenfour, request ")
			eventually(t, "the log has a line with the request's id, and the rest", func() bool {
				for line := range strings.Lines(tf.log.String()) {
					if strings.Contains(line, `"`+id+`"`) && strings.Contains(line, tc.log) && (tc.status == 403 || strings.Contains(line, strings.TrimPrefix(addr, "https://"))) {
						return true
					}
				}
				return false
			})
		})
	}
}

// TestAnswers_inTheDocsSayNothingOfTheOperators: the words of each answer in docs/answers.md.
func TestAnswers_inTheDocsSayNothingOfTheOperators(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "answers.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## tenfour's own answers")
	table, _, _ = strings.Cut(table, "\n## ")
	words := regexp.MustCompile(`\*([^*]+)\*`)
	n := 0
	for row := range strings.Lines(table) {
		columns := strings.Split(row, " | ")
		if len(columns) < 4 {
			continue
		}
		for _, said := range words.FindAllStringSubmatch(columns[1], -1) {
			n++
			if found := operators.FindString(said[1]); found != "" || strings.Contains(said[1], "HOST") {
				t.Errorf("an answer reveals %q: %s", found, said[1])
			}
		}
	}
	if n < 40 {
		t.Errorf("the table has the words of %d answers, want 40 at least", n)
	}
}
