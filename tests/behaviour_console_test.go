package tests

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"tenfour/tests/await"
)

// consoled is a tenfour with a console.
type consoled struct {
	*tenfour
	console string // where it answers: HOST:PORT
}

// startConsoled starts a tenfour with a console at a free port, unless flags say where.
func startConsoled(t testing.TB, backends []string, flags ...string) *consoled {
	t.Helper()
	tf := startTenfour(t, backends, append([]string{"--console", "127.0.0.1:0", "--log-level", "info", "--log-format", "json"}, flags...)...)
	return &consoled{tf, tf.consoleIn(t)}
}

// consoleIn waits for the line of the log that says where the console is.
func (tf *tenfour) consoleIn(t testing.TB) (at string) {
	t.Helper()
	eventually(t, "the log says where the console is", func() bool {
		for line := range strings.Lines(tf.log.String()) {
			var said struct{ Console, Level string }
			if json.Unmarshal([]byte(line), &said) == nil && said.Console != "" && said.Level == "info" {
				at = strings.TrimPrefix(said.Console, "http://")
			}
		}
		return at != ""
	})
	return at
}

// askConsole sends raw bytes over a connection of its own, and returns the answer's status and body. HOST stands for the address.
func askConsole(t testing.TB, at, raw string) (int, string) {
	t.Helper()
	c := dialConsole(t, at)
	defer c.Close()
	return c.ask(t, raw)
}

func dialConsole(t testing.TB, at string) *consoleClient {
	t.Helper()
	network := "tcp"
	if path, is := strings.CutPrefix(at, "unix:"); is {
		network, at = "unix", path
	}
	c, err := net.DialTimeout(network, at, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	await.Within(c, patience)
	return &consoleClient{c, bufio.NewReader(c), at}
}

type consoleClient struct {
	net.Conn
	in *bufio.Reader
	at string
}

func (c *consoleClient) send(raw string) { io.WriteString(c, strings.ReplaceAll(raw, "HOST", c.at)) }

func (c *consoleClient) ask(t testing.TB, raw string) (int, string) {
	t.Helper()
	c.send(raw)
	answer, err := http.ReadResponse(c.in, &http.Request{Method: methodOf(raw)})
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return answer.StatusCode, string(body)
}

// getOf asks for a path.
func getOf(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: HOST\r\n\r\n" }

func TestConsole_answersWhereItIsToldTo(t *testing.T) {
	t.Parallel()
	places := []string{"127.0.0.1:0", "unix:" + socketPath(t)}
	if ln, err := net.Listen("tcp", "[::1]:0"); err == nil {
		ln.Close()
		places = append(places, "[::1]:0")
	}
	for _, at := range places {
		tf := startConsoled(t, []string{"127.0.0.1:1"}, "--console", at)
		for path, want := range map[string]string{
			"/healthz": "alive", "/readyz": "ready", "/": "<html", "/status.json": `"version"`,
		} {
			raw := getOf(path)
			if strings.HasPrefix(at, "unix:") {
				raw = strings.Replace(raw, "HOST", "localhost", 1)
			}
			if status, body := askConsole(t, tf.console, raw); status != 200 || !strings.Contains(body, want) {
				t.Errorf("%s %s: got %d %q, want 200 with %q", at, path, status, body, want)
			}
		}
	}
}

// TestConsole_off has no socket, and says nothing of one.
func TestConsole_off(t *testing.T) {
	t.Parallel()
	tf := startTenfour(t, []string{"127.0.0.1:1"}, "--console", "off", "--log-level", "info", "--log-format", "json")
	tf.logHas(t, `"listen"`)
	if strings.Contains(tf.log.String(), "console") {
		t.Errorf("the log tells of a console: %s", tf.log)
	}
}

// TestConsole_atAPortThatIsTakenIsLeftOut: a second tenfour on the machine says so, and serves its clients.
func TestConsole_atAPortThatIsTakenIsLeftOut(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	first := startConsoled(t, []string{b.addr})
	second := startTenfour(t, []string{b.addr}, "--console", first.console, "--log-level", "info", "--log-format", "json")
	second.logHas(t, "the console cannot answer at "+first.console, "tenfour runs without", "another program listens there", "--console off is without one")
	for _, tf := range []*tenfour{first.tenfour, second} {
		if status, body := tf.get(t, "/"); status != 200 || body != "ok" {
			t.Errorf("got %d %q, want 200 ok", status, body)
		}
	}
	if status, _ := askConsole(t, first.console, getOf("/healthz")); status != 200 {
		t.Errorf("the first console answers %d", status)
	}
}
