package tests

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"tenfour/jobs"
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

// TestConsole_showsAnExchangeAsItPassed: the bytes that went to the backend are those that it got, but for credentials.
func TestConsole_showsAnExchangeAsItPassed(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startConsoled(t, []string{b.addr})
	if o := tf.exchange(t, "GET /a?b=1 HTTP/1.1\r\nHost: a.example\r\nX-Odd: yes\r\n\r\n", whole); o.last().status() != 200 {
		t.Fatalf("got %q", o.raw)
	}
	id := exchangeAt(t, tf.console, "/a?b=1")
	_, sent := b.seen()
	for part, want := range map[string]string{
		"client-in": "GET /a?b=1 HTTP/1.1\r\nHost: a.example\r\nX-Odd: yes\r\n\r\n", "backend-out": sent, "backend-in": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
	} {
		if status, got := askConsole(t, tf.console, getOf("/exchanges/"+id+"/raw?part="+part+"&attempt=0")); status != 200 || got != want {
			t.Errorf("%s: got %d %q, want %q", part, status, got, want)
		}
	}
	if status, page := askConsole(t, tf.console, getOf("/exchanges/"+id)); status != 200 || !strings.Contains(page, "X-Odd") {
		t.Errorf("the page: got %d %q", status, page)
	}
}

// exchangeAt waits until an exchange of that target is kept, and returns its id.
func exchangeAt(t testing.TB, console, target string) (id string) {
	t.Helper()
	eventually(t, "the exchange of "+target+" is kept", func() bool {
		_, body := askConsole(t, console, getOf("/status.json"))
		var s struct {
			Exchanges []struct{ ID, Target string }
		}
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		for _, x := range s.Exchanges {
			if x.Target == target {
				id = x.ID
			}
		}
		return id != ""
	})
	return id
}

// TestConsole_whileTenfourDrains is there, says so, and ends with it: an open page holds the end up no longer.
func TestConsole_whileTenfourDrains(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	b := startBackend(t, func(v *visit) {
		if _, err := v.request(); err == nil {
			<-release
			v.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
		}
	})
	tf, drain := startOnce(t, []string{b.addr}, "--console", "127.0.0.1:0")
	at := tf.consoleIn(t)
	page := dialConsole(t, at)
	page.send(getOf("/events"))
	page.event(t, `"state":"running"`)
	held := dialPeer(t, tf.addr)
	await.Within(held, patience)
	held.say(request("GET", "/"))
	b.await(t, "a request", func() bool { return len(b.requests) == 1 })
	ended := make(chan struct{})
	go func() { // ends when tenfour has ended
		drain()
		close(ended)
	}()
	page.event(t, `"state":"draining"`)
	if status, body := askConsole(t, at, getOf("/readyz")); status != 503 || !strings.Contains(body, "draining") {
		t.Errorf("/readyz: got %d %q, want 503", status, body)
	}
	if status, _ := askConsole(t, at, getOf("/healthz")); status != 200 {
		t.Errorf("/healthz: got %d, want 200", status)
	}
	close(release)
	if status, _, err := held.status("GET"); status != 200 || err != nil {
		t.Errorf("the request that was held: got %d, %v", status, err)
	}
	page.ended(t)
	await.Value(t, ended, "tenfour has ended")
}

// TestConsole_followsTheFile: names, token and profiles change at once, and so does its address.
func TestConsole_followsTheFile(t *testing.T) {
	t.Parallel()
	const settings = "backends = \"127.0.0.1:1\"\n"
	tf := startReloadable(t, settings+"console = \"127.0.0.1:0\"\n")
	at := tf.consoleIn(t)
	asked := func(host, more string) int {
		status, _ := askConsole(t, at, "GET /metrics HTTP/1.1\r\nHost: "+host+"\r\n"+more+"\r\n")
		return status
	}
	if status := asked("other.example", ""); status != 403 {
		t.Errorf("before: got %d, want 403", status)
	}
	token := writeFile(t, filepath.Join(t.TempDir(), "token"), "0123456789abcdef\n")
	tf.reload(t, settings+"console = \"127.0.0.1:0\"\nconsole_hosts = \"other.example\"\nconsole_token_file = '"+token+"'\nconsole_debug = true\n", reloaded)
	if status := asked("other.example", ""); status != 401 {
		t.Errorf("without the token: got %d, want 401", status)
	}
	if status := asked("other.example", "Authorization: Bearer 0123456789abcdef\r\n"); status != 200 {
		t.Errorf("with the token: got %d, want 200", status)
	}
	kept := dialConsole(t, at)
	kept.ask(t, getOf("/healthz"))
	socket := socketPath(t)
	tf.reload(t, settings+"console = 'unix:"+socket+"'\n", reloaded)
	if status, _ := askConsole(t, "unix:"+socket, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); status != 200 {
		t.Errorf("at another address: got %d, want 200", status)
	}
	kept.ended(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tf.reload(t, settings+"console = \""+taken.Addr().String()+"\"\n", "the console cannot answer at "+taken.Addr().String())
	if status, _ := askConsole(t, "unix:"+socket, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); status != 200 {
		t.Errorf("when it cannot move: got %d where it was, want 200", status)
	}
}

// TestConsole_isNeverOpenToOthersWithoutAToken, also when a file takes the token away and the console cannot move to where none is needed.
func TestConsole_isNeverOpenToOthersWithoutAToken(t *testing.T) {
	t.Parallel()
	token := writeFile(t, filepath.Join(t.TempDir(), "token"), "0123456789abcdef\n")
	const settings = "backends = \"127.0.0.1:1\"\n"
	tf := startReloadable(t, settings+"console = \"0.0.0.0:0\"\nconsole_token_file = '"+token+"'\n")
	_, port, _ := net.SplitHostPort(tf.consoleIn(t))
	at := net.JoinHostPort("127.0.0.1", port)
	if status, _ := askConsole(t, at, getOf("/status.json")); status != 401 {
		t.Errorf("without the token: got %d, want 401", status)
	}
	if status, _ := askConsole(t, at, "GET /status.json HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer 0123456789abcdef\r\n\r\n"); status != 200 {
		t.Errorf("with the token: got %d, want 200", status)
	}
	kept := dialConsole(t, at)
	kept.ask(t, getOf("/healthz"))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tf.reload(t, settings+"console = \""+taken.Addr().String()+"\"\n", "tenfour runs without")
	kept.ended(t)
}

// TestConsole_isSwitchedOnAndOffByAReload: while it is off nothing is counted and recorded, and what was recorded before is forgotten.
func TestConsole_isSwitchedOnAndOffByAReload(t *testing.T) {
	t.Parallel()
	b := startBackend(t, repeat(func(message) reply { return plainReply }))
	off := "backends = \"" + b.addr + "\"\nconsole = \"off\"\n"
	on := strings.Replace(off, "\"off\"", "'unix:"+socketPath(t)+"'", 1)
	tf := startReloadable(t, off)
	unseen := func() { // its connection ends after it would be counted
		if o := tf.exchange(t, "GET /unseen HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", whole); o.last().status() != 200 {
			t.Errorf("got %q", o.raw)
		}
	}
	shows := func(n int, target string) {
		t.Helper()
		console := tf.consoleIn(t)
		eventually(t, "all since then is counted, and the last is recorded", func() bool {
			var s struct {
				Totals    struct{ Requests int }
				Backends  []countedBackend
				Exchanges []struct{ Target string }
			}
			_, body := askConsole(t, console, "GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if err := json.Unmarshal([]byte(body), &s); err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			if s.Totals.Requests > n || len(s.Exchanges) > 1 {
				t.Fatalf("got %s, want %d requests and one exchange", body, n)
			}
			return s.Totals.Requests == n && s.Backends[0].Requests == n && len(s.Exchanges) == 1 && s.Exchanges[0].Target == target
		})
	}
	unseen()
	tf.reload(t, on, reloaded)
	tf.get(t, "/first")
	shows(1, "/first")
	tf.reload(t, off, reloaded)
	if c, err := net.Dial("unix", strings.TrimPrefix(tf.consoleIn(t), "unix:")); err == nil {
		c.Close()
		t.Error("the console that is off can be reached")
	}
	unseen()
	tf.reload(t, on, reloaded)
	tf.get(t, "/second")
	shows(2, "/second")
}

// TestConsole_afterAKillHasItsSocketAgain: a unix socket that a tenfour has left is taken by the next.
func TestConsole_afterAKillHasItsSocketAgain(t *testing.T) {
	t.Parallel()
	socket := socketPath(t)
	for range 2 {
		tf := startProcess(t, plainly, nil, "--backend", "127.0.0.1:1", "--console", "unix:"+socket)
		tf.logHas(t, `"console":"unix:`)
		if status, _ := askConsole(t, "unix:"+socket, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); status != 200 {
			t.Fatalf("got %d, want 200", status)
		}
		tf.signal(t, syscall.SIGKILL)
		<-tf.ended
	}
}

// TestConsole_isAskedUnderLoad: pages, JSON and metrics are whole while clients are served, and no client notices.
func TestConsole_isAskedUnderLoad(t *testing.T) {
	t.Parallel()
	b := startServer(t, okay)
	tf := startConsoled(t, []string{b.addr})
	var load sync.WaitGroup
	const each = 50
	for range 8 {
		load.Go(func() { // ends after so many requests
			c := dialPeer(t, tf.addr)
			await.Within(c, 2*patience)
			for range each {
				c.say(request("GET", "/"))
				if status, _, err := c.status("GET"); status != 200 || err != nil {
					t.Errorf("a client got %d, %v", status, err)
					return
				}
			}
		})
	}
	for range 4 {
		load.Go(func() { // likewise
			for _, path := range []string{"/", "/status.json", "/metrics", "/readyz", "/exchanges/none"} {
				c, err := net.Dial("tcp", tf.console)
				if err != nil {
					t.Error(err)
					return
				}
				await.Within(c, patience)
				io.WriteString(c, strings.Replace(getOf(path), "HOST", tf.console, 1))
				answer, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
				}
				if err != nil || answer.StatusCode >= 500 {
					t.Errorf("%s: got %v, %v", path, answer, err)
				}
				c.Close()
			}
		})
	}
	load.Wait()
	eventually(t, "all requests are counted", func() bool {
		_, body := askConsole(t, tf.console, getOf("/metrics"))
		return strings.Contains(body, "tenfour_requests_total") && strings.Contains(body, "} "+strconv.Itoa(8*each))
	})
}

// ended waits until tenfour has ended the connection.
func (c *consoleClient) ended(t testing.TB) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c.in); err != nil && endOf(err) == open {
		t.Errorf("the console has not ended its connection: %v", err)
	}
}

// TestConsole_actsOnJobsByForms, as a browser without scripts sends them.
func TestConsole_actsOnJobsByForms(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	b := startBackend(t, func(v *visit) {
		if _, err := v.request(); err == nil {
			<-release
		}
	})
	tf := startConsoled(t, []string{b.addr}, "--async", "--data", t.TempDir())
	const page = "GET /jobs HTTP/1.1\r\nHost: HOST\r\nAccept: text/html,*/*\r\n\r\n"
	if status, body := askConsole(t, tf.console, page); status != 200 || strings.Contains(body, "<form") {
		t.Errorf("without a job: got %d %q", status, body)
	}
	if o := tf.exchange(t, "GET /slow HTTP/1.1\r\nHost: a\r\nPrefer: respond-async\r\n\r\n", whole); o.last().status() != 202 {
		t.Fatalf("got %q, want 202", o.raw)
	}
	cancel := regexp.MustCompile(`action="(/jobs/[^"]+/cancel)"><input type="hidden" name="token" value="([^"]+)"`)
	_, body := askConsole(t, tf.console, page)
	form := cancel.FindStringSubmatch(body)
	if form == nil || !strings.Contains(body, "GET /slow") {
		t.Fatalf("the page has no form that cancels the job: %s", body)
	}
	content := "token=" + form[2]
	post := "POST " + form[1] + " HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\nAccept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
	if status, body := askConsole(t, tf.console, post+strconv.Itoa(len(content))+"\r\n\r\n"+content); status != 303 {
		t.Fatalf("got %d %q, want 303", status, body)
	}
	eventually(t, "the job is cancelled", func() bool {
		_, body := askConsole(t, tf.console, page)
		return strings.Contains(body, "<td>cancelled</td>") && strings.Contains(body, "/retry\"")
	})
	if status, body := askConsole(t, tf.console, post+strconv.Itoa(len(content))+"\r\n\r\n"+content); status != 409 || !strings.Contains(body, "it is cancelled") {
		t.Errorf("once more: got %d %q, want 409", status, body)
	}
}

// event reads events up to one with some words.
func (c *consoleClient) event(t testing.TB, words string) {
	t.Helper()
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			t.Fatalf("awaiting an event with %s: %v", words, err)
		}
		if strings.HasPrefix(line, "data: ") && strings.Contains(line, words) {
			return
		}
	}
}

// TestConsole_showsAttemptsOfJobs: the first, which fails, and the second, which is begun because of that. Each is an exchange of its own.
func TestConsole_showsAttemptsOfJobs(t *testing.T) {
	t.Parallel()
	var served atomic.Int32
	b := startBackend(t, repeat(func(message) reply {
		if served.Add(1) == 1 {
			return reply{raw: "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", then: open}
		}
		return plainReply
	}))
	tf := startConsoled(t, []string{b.addr}, "--async", "--data", t.TempDir())
	at := tf.become(t, request("GET", "/slow", preferAsync))
	type shown struct {
		ID, Target, Reason string
		Status             int
		Job                *struct {
			ID      string
			Attempt int
		}
	}
	attempts := map[int]shown{}
	eventually(t, "both attempts are shown", func() bool {
		_, body := askConsole(t, tf.console, getOf("/status.json"))
		var s struct{ Exchanges []shown }
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		for _, x := range s.Exchanges {
			if x.Job != nil {
				attempts[x.Job.Attempt] = x
			}
		}
		return len(attempts) == 2
	})
	for n, status := range map[int]int{1: 503, 2: 200} {
		if x := attempts[n]; x.Status != status || x.Target != "/slow" || !strings.Contains(at, "/"+x.Job.ID) || len(x.Job.ID) != jobs.ShortDigits {
			t.Errorf("attempt %d: got %+v of %s", n, x, at)
		}
	}
	_, sent := b.seen()
	for part, want := range map[string]string{
		"client-in": "GET /slow HTTP/1.1\r\n", "backend-out": sent[strings.LastIndex(sent, "GET "):], "backend-in": "HTTP/1.1 200 ", "client-out": "HTTP/1.1 200 ",
	} {
		if status, got := askConsole(t, tf.console, getOf("/exchanges/"+attempts[2].ID+"/raw?attempt=0&part="+part)); status != 200 || !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %d %q, want %q", part, status, got, want)
		}
	}
	if status, page := askConsole(t, tf.console, getOf("/exchanges/"+attempts[2].ID)); status != 200 || !strings.Contains(page, "attempt 2 of job "+attempts[2].Job.ID) {
		t.Errorf("the page: got %d %q", status, page)
	}
}

// TestConsole_followsItsTokenFile without a reload. A file that has no token changes nothing, and the log says so.
func TestConsole_followsItsTokenFile(t *testing.T) {
	t.Parallel()
	const first, second = "0123456789abcdef", "fedcba9876543210"
	file := writeFile(t, filepath.Join(t.TempDir(), "token"), first+"\n")
	tf := startConsoled(t, nil, "--config", settingsFile(t, "127.0.0.1:1", "backends = \"BACKEND\"\nconsole_token_file = '"+file+"'\n"))
	with := func(token string) int {
		status, _ := askConsole(t, tf.console, "GET /status.json HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer "+token+"\r\n\r\n")
		return status
	}
	if a, b := with(first), with(second); a != 200 || b != 401 {
		t.Fatalf("got %d with the token and %d with another, want 200 and 401", a, b)
	}
	writeFile(t, file, second+" \n")
	eventually(t, "the other token is right", func() bool { return with(second) == 200 })
	if status := with(first); status != 401 {
		t.Errorf("got %d with the token of before, want 401", status)
	}
	writeFile(t, file, "short\n")
	tf.logHas(t, "credentials of the console were not read again", "too short to be safe")
	if status := with(second); status != 200 {
		t.Errorf("got %d after a file that has no token, want 200", status)
	}
}
