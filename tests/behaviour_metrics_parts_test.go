package tests

import (
	"crypto/tls"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tenfour/tests/await"
)

// What /metrics says of parts of tenfour that are no exchange: TLS, the logs, files of bodies, and what is masked in exchanges.

// scraped returns a number of /metrics, by its name and labels; -1 if it has none.
func scraped(t testing.TB, console, name string) float64 {
	t.Helper()
	raw := getOf("/metrics")
	if strings.HasPrefix(console, "unix:") {
		raw = strings.Replace(raw, "HOST", "localhost", 1)
	}
	_, text := askConsole(t, console, raw)
	for line := range strings.Lines(text) {
		if value, is := strings.CutPrefix(strings.TrimSpace(line), name+" "); is {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return n
		}
	}
	return -1
}

// TestMetrics_countTLSHandshakes: with clients that speak TLS, with one that does not, and with one that does not trust the certificate.
func TestMetrics_countTLSHandshakes(t *testing.T) {
	t.Parallel()
	b := startBackend(t, repeat(func(message) reply { return plainReply }))
	_, cert, key := newAuthority(t).sign("127.0.0.1")
	tf := startConsoled(t, []string{b.addr}, "--tls-cert", cert, "--tls-key", key)
	shakes := func(config *tls.Config) error {
		c := tls.Client(tf.dial(t), config)
		defer c.Close()
		await.Within(c, patience)
		if err := c.Handshake(); err != nil {
			return err
		}
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		_, err := io.ReadAll(c)
		return err
	}
	for range 2 {
		if err := shakes(&tls.Config{InsecureSkipVerify: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := shakes(&tls.Config{ServerName: "127.0.0.1"}); err == nil {
		t.Error("a certificate of an unknown authority was trusted")
	}
	tf.exchange(t, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", whole)
	for result, want := range map[string]float64{"ok": 2, "failed": 2} {
		name := `tenfour_tls_handshakes_total{result="` + result + `"}`
		eventually(t, name, func() bool { return scraped(t, tf.console, name) == want })
	}
}

// TestMetrics_countLinesThatAreDropped while the program that should read the access log still does not.
func TestMetrics_countLinesThatAreDropped(t *testing.T) {
	t.Parallel()
	console := "unix:" + socketPath(t)
	w := startWatched(t, withSettings(t, `path = "/only"`, `backends = "127.0.0.1:1"`, `head_max = "1MiB"`), "--access-log", "stdout", "--access-log-format", "json", "--console", console)
	line := request("GET", "/", "Referer: "+strings.Repeat("x", 500<<10), "Connection: close")
	dropped := func() float64 { return scraped(t, console, "tenfour_log_lines_dropped_total") }
	if n := dropped(); n != 0 {
		t.Errorf("%v lines were dropped before the first", n)
	}
	eventually(t, "lines are dropped", func() bool {
		if status := w.exchange(t, line, whole).last().status(); status != 404 {
			t.Fatalf("got %d", status)
		}
		return dropped() > 0
	})
}

// TestMetrics_showFilesOfBodies while one is there, and none afterwards.
func TestMetrics_showFilesOfBodies(t *testing.T) {
	t.Parallel()
	s, _, _ := keeping(t)
	tf := startConsoled(t, []string{s.addr}, "--buffer", "16KiB", withSettings(t, `spool_max = "1MiB"`))
	shows := func(files, least, most float64) func() bool {
		return func() bool {
			bytes := scraped(t, tf.console, "tenfour_spool_bytes")
			return scraped(t, tf.console, "tenfour_spool_files") == files && bytes >= least && bytes <= most
		}
	}
	eventually(t, "there is no file", shows(0, 0, 0))
	if n := scraped(t, tf.console, "tenfour_spool_limit_bytes"); n != 1<<20 {
		t.Errorf("the limit is %v, want 1 MiB", n)
	}
	body := inChunks(bodyOf(200<<10), 4<<10)
	p := dialPeer(t, tf.addr)
	await.Within(p, 2*patience)
	p.say(chunkedRequest + strings.TrimSuffix(body, "0\r\n\r\n"))
	eventually(t, "a file has the body so far", shows(1, 100<<10, 1<<20))
	p.say("0\r\n\r\n")
	if status, words, err := p.status("POST"); status != 200 || words != strconv.Itoa(200<<10) {
		t.Errorf("got %d %q, %v", status, words, err)
	}
	eventually(t, "there is none any more", shows(0, 0, 0))
}

// TestConsole_masksWhatAReloadNames: the field of a credential, from the reload on, and still when a later one takes it away.
func TestConsole_masksWhatAReloadNames(t *testing.T) {
	t.Parallel()
	b := startBackend(t, repeat(func(message) reply { return plainReply }))
	credential := writeFile(t, filepath.Join(t.TempDir(), "pin"), "PIN-of-the-file")
	settings := "backends = \"" + b.addr + "\"\nconsole = \"127.0.0.1:0\"\n"
	tf := startReloadable(t, settings)
	console := tf.consoleIn(t)
	shown := func(target string) string {
		if o := tf.exchange(t, request("GET", target, "X-Pin: PIN-of-the-client"), whole); o.last().status() != 200 {
			t.Fatalf("got %q", o.raw)
		}
		id := exchangeAt(t, console, target)
		_, in := askConsole(t, console, getOf("/exchanges/"+id+"/raw?part=client-in"))
		_, out := askConsole(t, console, getOf("/exchanges/"+id+"/raw?part=backend-out&attempt=0"))
		return in + out
	}
	if got := shown("/before"); strings.Count(got, "X-Pin: PIN-of-the-client\r\n") != 2 {
		t.Errorf("before the settings name the field, got %q", got)
	}
	tf.reload(t, settings+"credential_file = '"+credential+"'\ncredential_header = \"X-Pin\"\n", reloaded)
	if got := shown("/named"); strings.Contains(got, "PIN-of-") || strings.Count(got, "X-Pin: ***\r\n") != 2 {
		t.Errorf("while the settings name the field, got %q", got)
	}
	tf.reload(t, settings, reloaded)
	if got := shown("/after"); strings.Contains(got, "PIN-of-") {
		t.Errorf("after the settings have named the field, got %q", got)
	}
}
