package tests

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tenfour/tests/nameserver"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// webhookSecret is a key as callback_secret_file has it, of one byte over and over.
func webhookSecret(b byte) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32))
}

// called is what a receiver was sent.
type called struct {
	message
	ID, State, Type, Reason, Location string
	Status                            int
	Fields                            [][2]string
	Body                              *string
	Encoding                          string `json:"body_encoding"`
}

// callbacks is a receiver of callbacks, which answers with 204.
func callbacks(t *testing.T) *backend {
	return startBackend(t, always("HTTP/1.1 204 No Content\r\n\r\n"))
}

// called waits for callback n, from 0, and returns it. Its signature must be right.
func (b *backend) called(t *testing.T, n int, secrets ...string) called {
	t.Helper()
	b.await(t, fmt.Sprintf("callback %d", n), func() bool { return len(b.requests) > n })
	all, _ := b.seen()
	c := called{message: all[n]}
	if err := json.Unmarshal([]byte(c.message.body), &c); err != nil {
		t.Fatalf("%v: %q", err, c.message.body)
	}
	head := http.Header{}
	for _, f := range c.fields {
		name, value, _ := strings.Cut(f, ": ")
		head.Add(name, value)
	}
	for _, s := range append(secrets, webhookSecret(1)) {
		hook, err := standardwebhooks.NewWebhook(s)
		if err == nil {
			err = hook.Verify([]byte(c.message.body), head)
		}
		if err != nil {
			t.Errorf("its signature: %v, of %q", err, c.fields)
		}
	}
	return c
}

// calling is the settings of a route with jobs whose ends a receiver may be told.
func calling(t *testing.T, receiver, more string) string {
	t.Helper()
	dir := t.TempDir()
	keys := writeFile(t, filepath.Join(dir, "keys"), webhookSecret(1)+"\n")
	return fmt.Sprintf("backends = \"BACKEND\"\nasync = true\ndata = %q\ncallback_secret_file = %q\ncallback_allow = [\"http://%s/hooks/\"]\n%s", filepath.Join(dir, "data"), keys, receiver, more)
}

// asksJob sends a request that becomes a job, and returns where its handle is.
func (tf *tenfour) asksJob(t *testing.T, method, target string, lines ...string) string {
	t.Helper()
	r, body := tf.raw(t, request(method, target, append(lines, "Prefer: respond-async", "Content-Length: 0")...))
	if r.StatusCode != 202 {
		t.Fatalf("got %d %q, want 202", r.StatusCode, body)
	}
	return r.Header.Get("Location")
}

func TestCallback_tellsTheResult(t *testing.T) {
	t.Parallel()
	receiver := callbacks(t)
	b := startBackend(t, always("HTTP/1.1 201 Made\r\nContent-Length: 5\r\nA: 1\r\na: 2\r\n\r\nplain"))
	tf := configured(t, b.addr, calling(t, receiver.addr, ""))
	to := "http://" + receiver.addr + "/hooks/7?x=1"
	for n, ask := range [][]string{{"/a?b=c&callback=" + url.QueryEscape(to) + "&d=e"}, {"/a?b=c&d=e", "Callback-URL: " + to}} {
		location := tf.asksJob(t, "POST", ask[0], ask[1:]...)
		c := receiver.called(t, n)
		if c.line != "POST /hooks/7?x=1 HTTP/1.1" || !c.has("Content-Type", "application/json") || !c.has("Host", receiver.addr) {
			t.Errorf("got %q, %q", c.line, c.fields)
		}
		fields := fmt.Sprint(c.Fields)
		if c.Type != "job.done" || c.State != "done" || c.Status != 201 || c.Body == nil || *c.Body != "plain" || c.Encoding != "text" || !strings.Contains(fields, "[A 1] [a 2]") {
			t.Errorf("got %s", c.message.body)
		}
		if c.Location != location || c.Location != "/.tenfour/jobs/"+c.ID {
			t.Errorf("its location is %q, the handle %q", c.Location, location)
		}
		if status, body := tf.get(t, location); status != 201 || body != "plain" {
			t.Errorf("the handle answers %d %q", status, body)
		}
	}
	asked, _ := b.seen()
	for _, m := range asked {
		if m.line != "POST /a?b=c&d=e HTTP/1.1" || len(m.values("Callback-URL")) != 0 {
			t.Errorf("the backend was asked %q, %q", m.line, m.fields)
		}
	}
}

// TestCallback_tellsOfFailuresToo, and of an end that its client has made; not of those that callback_on leaves out.
func TestCallback_tellsOfFailuresToo(t *testing.T) {
	t.Parallel()
	receiver := callbacks(t)
	b := startBackend(t, func(v *visit) {
		m, err := v.request()
		if err == nil && strings.Contains(m.line, "/hang") {
			v.untilGone()
		}
		v.say("HTTP/1.1 500 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
	})
	tf := configured(t, b.addr, calling(t, receiver.addr, "attempts = 1\n"))
	hook := "Callback-URL: http://" + receiver.addr + "/hooks/"
	tf.asksJob(t, "GET", "/", hook)
	c := receiver.called(t, 0)
	if c.Type != "job.failed" || c.Status != 500 || c.Body == nil || *c.Body != "no" || !strings.Contains(c.Reason, "500") {
		t.Errorf("got %s", c.message.body)
	}
	location := tf.asksJob(t, "GET", "/hang", hook)
	if r, body := tf.raw(t, request("DELETE", location)); r.StatusCode != 200 {
		t.Fatalf("DELETE got %d %q", r.StatusCode, body)
	}
	if c := receiver.called(t, 1); c.Type != "job.cancelled" || c.Location != location || c.Body != nil || c.Reason == "" {
		t.Errorf("got %s", c.message.body)
	}

	other := callbacks(t)
	tf = configured(t, b.addr, calling(t, other.addr, "attempts = 1\ncallback_on = [\"cancelled\"]\n"))
	hook = "Callback-URL: http://" + other.addr + "/hooks/"
	failed := tf.asksJob(t, "GET", "/", hook)
	eventually(t, "the job has failed", func() bool { r, _ := tf.raw(t, request("GET", failed)); return r.StatusCode == 500 })
	location = tf.asksJob(t, "GET", "/hang", hook)
	tf.raw(t, request("DELETE", location))
	if c := other.called(t, 0); c.State != "cancelled" {
		t.Errorf("callback_on has only cancelled, and it tells %s", c.message.body)
	}
}

// TestCallback_refusesOtherTargets: the request is refused, and nothing of it goes anywhere.
func TestCallback_refusesOtherTargets(t *testing.T) {
	t.Parallel()
	receiver := callbacks(t)
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	tf := configured(t, b.addr, calling(t, receiver.addr, ""))
	_, port, _ := net.SplitHostPort(receiver.addr)
	for _, to := range []string{
		"http://" + receiver.addr + "/", "http://" + receiver.addr + "/hooks", "http://" + receiver.addr + "/hooks/../x", "http://" + receiver.addr + "/hooks/%2e%2e/x",
		"http://" + receiver.addr + "/hooks/..%2fx", "http://" + receiver.addr + "/hooks/..;/x", "http://" + receiver.addr + "/hooks/#x", "https://" + receiver.addr + "/hooks/",
		"http://localhost:" + port + "/hooks/", "http://127.1:" + port + "/hooks/", "http://2130706433:" + port + "/hooks/", "http://0x7f000001:" + port + "/hooks/",
		"http://[::ffff:127.0.0.1]:" + port + "/hooks/", "http://127.0.0.2:" + port + "/hooks/", "http://127.0.0.1./hooks/", "http://127.0.0.1/hooks/",
		"http://" + receiver.addr + "@evil.example/hooks/", "http://evil@" + receiver.addr + "/hooks/", "http://evil.example/?" + receiver.addr + "/hooks/",
		"http://" + receiver.addr + `\@evil.example/hooks/`, "http://169.254.169.254/hooks/", "http://" + b.addr + "/hooks/", "file:///etc/passwd", "unix:/run/x", "//" + receiver.addr + "/hooks/",
		receiver.addr + "/hooks/", "x",
	} {
		for name, ask := range map[string]string{
			"the field":     request("GET", "/", "Prefer: respond-async", "Callback-URL: "+to),
			"the parameter": request("GET", "/?callback="+strings.ReplaceAll(url.QueryEscape(to), "+", "%20"), "Prefer: respond-async"),
		} {
			if r, body := tf.raw(t, ask); r.StatusCode != 403 || !strings.Contains(body, "the callback's URL is refused: ") || r.Header.Get("Location") != "" {
				t.Errorf("%s in %s got %d %q, want 403", to, name, r.StatusCode, body)
			}
		}
	}
	for _, ask := range []string{
		request("GET", "/?callback=http://"+receiver.addr+"/hooks/", "Prefer: respond-async", "Callback-URL: http://"+receiver.addr+"/hooks/"),
		request("GET", "/?callback=x%zz", "Prefer: respond-async"),
	} {
		if r, body := tf.raw(t, ask); r.StatusCode != 400 {
			t.Errorf("%q got %d %q, want 400", ask, r.StatusCode, body)
		}
	}
	if n, m := b.visitors(), receiver.visitors(); n+m != 0 {
		t.Errorf("the backend had %d connections, the receiver %d", n, m)
	}
}

// TestCallback_toANameOfThisMachine: the route allows the name, and the name leads to a loopback address.
func TestCallback_toANameOfThisMachine(t *testing.T) {
	t.Parallel()
	receiver := callbacks(t)
	_, port, _ := net.SplitHostPort(receiver.addr)
	dns := nameserver.Start(t)
	dns.Set("hooks.test", "127.0.0.1")
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	tf := configured(t, b.addr, calling(t, "hooks.test:"+port, "resolver = \""+dns.Addr+"\"\n"))
	location := tf.asksJob(t, "GET", "/", "Callback-URL: http://hooks.test:"+port+"/hooks/")
	eventually(t, "the record says why", func() bool {
		_, record := tf.raw(t, request("GET", location+"?view=status"))
		return strings.Contains(record, "a loopback address, which callback_allow must have as an address")
	})
	if n := receiver.visitors(); n != 0 || dns.Asked() == 0 {
		t.Errorf("the receiver had %d connections, and the name was looked up %d times", n, dns.Asked())
	}
}

// TestCallback_afterKill9: one that was under way comes again, one for a job that is interrupted comes too, and both are known by their ids.
func TestCallback_afterKill9(t *testing.T) {
	t.Parallel()
	receiver := startBackend(t, func(v *visit) {
		if _, err := v.request(); err == nil && v.number > 0 {
			v.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return
		}
		v.untilGone()
	})
	b := startBackend(t, func(v *visit) {
		if m, err := v.request(); err == nil && strings.HasPrefix(m.line, "GET") {
			v.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return
		}
		v.untilGone()
	})
	file := settingsFile(t, b.addr, calling(t, receiver.addr, ""))
	p := startProcess(t, plainly, nil, "--config", file)
	hook := "Callback-URL: http://" + receiver.addr + "/hooks/"
	done := p.asksJob(t, "GET", "/", hook)
	first := receiver.called(t, 0)
	once := p.asksJob(t, "POST", "/", hook)
	b.await(t, "the POST", func() bool { return len(b.requests) == 2 })
	p.signal(t, syscall.SIGKILL)
	p.exit(t)
	startProcess(t, plainly, nil, "--config", file)
	got := map[string]called{}
	for n := 1; n <= 2; n++ {
		c := receiver.called(t, n)
		got[c.Location] = c
	}
	again := got[done]
	if again.State != "done" || again.values("webhook-id")[0] != first.values("webhook-id")[0] || again.message.body != first.message.body {
		t.Errorf("it was told %s, and after the start %s", first.message.body, again.message.body)
	}
	if c := got[once]; c.Type != "job.interrupted" || c.Reason == "" {
		t.Errorf("of the job that may be sent only once it told %s", c.message.body)
	}
}

// TestCallback_hasTwoSignaturesWhileKeysChange: the file of keys is read again without a restart.
func TestCallback_hasTwoSignaturesWhileKeysChange(t *testing.T) {
	t.Parallel()
	receiver := callbacks(t)
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	settings := calling(t, receiver.addr, "log_level = \"info\"\n")
	tf := startReloadable(t, strings.ReplaceAll(settings, "BACKEND", b.addr))
	hook := "Callback-URL: http://" + receiver.addr + "/hooks/"
	tf.asksJob(t, "GET", "/", hook)
	if c := receiver.called(t, 0); len(strings.Split(c.values("webhook-signature")[0], " ")) != 1 {
		t.Errorf("got %q", c.fields)
	}
	_, keys, _ := strings.Cut(settings, "callback_secret_file = \"")
	keys, _, _ = strings.Cut(keys, "\"")
	writeFile(t, keys, webhookSecret(2)+"\n"+webhookSecret(1)+"\n")
	tf.reload(t, strings.ReplaceAll(settings, "BACKEND", b.addr), reloaded)
	tf.asksJob(t, "GET", "/", hook)
	if c := receiver.called(t, 1, webhookSecret(2)); len(strings.Split(c.values("webhook-signature")[0], " ")) != 2 {
		t.Errorf("got %q", c.fields)
	}
}

// TestCallback_thatIsGivenUp is one line in the log, without what is secret in its URL or in its handle.
func TestCallback_thatIsGivenUp(t *testing.T) {
	t.Parallel()
	receiver := startBackend(t, always("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"))
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	tf := configured(t, b.addr, calling(t, receiver.addr, ""), "--log-level", "warn", "--log-format", "json")
	location := tf.asksJob(t, "GET", "/", "Callback-URL: http://"+receiver.addr+"/hooks/?token=hunter2")
	log := tf.logHas(t, "gave up a callback")
	if id := strings.TrimPrefix(location, "/.tenfour/jobs/"); strings.Count(log, "gave up") != 1 || strings.Contains(log, "hunter2") || strings.Contains(log, id) || !strings.Contains(log, "answered 410") {
		t.Errorf("the log says %s", log)
	}
	eventually(t, "the record says so", func() bool {
		_, record := tf.raw(t, request("GET", location+"?view=status"))
		return strings.Contains(record, `"gave up"`)
	})
}

// TestCallback_ofARequestThatBecomesAJobLater, and none of one that is answered before.
func TestCallback_ofARequestThatBecomesAJobLater(t *testing.T) {
	t.Parallel()
	receiver := callbacks(t)
	answer := make(chan bool)
	b := startBackend(t, func(v *visit) {
		m, err := v.request()
		if err == nil && strings.Contains(m.line, "/slow") {
			<-answer
		}
		v.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nplain")
	})
	quick := configured(t, b.addr, calling(t, receiver.addr, "async_after = \"1h\"\n"))
	hook := "Callback-URL: http://" + receiver.addr + "/hooks/"
	if r, body := quick.raw(t, request("GET", "/", hook)); r.StatusCode != 200 || body != "plain" {
		t.Errorf("got %d %q", r.StatusCode, body)
	}
	slow := configured(t, b.addr, calling(t, receiver.addr, "async_after = \"10ms\"\n"))
	r, body := slow.raw(t, request("GET", "/slow", hook))
	if r.StatusCode != 202 {
		t.Fatalf("got %d %q, want 202", r.StatusCode, body)
	}
	close(answer)
	if c := receiver.called(t, 0); c.State != "done" || c.Body == nil || *c.Body != "plain" || c.Location != r.Header.Get("Location") {
		t.Errorf("got %s", c.message.body)
	}
	asked, _ := b.seen()
	for _, m := range asked {
		if len(m.values("Callback-URL")) != 0 {
			t.Errorf("the backend was asked with %q", m.fields)
		}
	}
	if n := len(asked); n != 2 {
		t.Errorf("the backend was asked %d times, want once for each", n)
	}
}
