package tests

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"tenfour/jobs"
	"tenfour/tests/await"
)

// overs waits until n exchanges are printed to their end, and returns all that was printed.
func (tf *tenfour) overs(t testing.TB, n int) string {
	t.Helper()
	eventually(t, fmt.Sprintf("%d exchanges are printed", n), func() bool {
		return len(regexp.MustCompile(`(?m)^#\w+  over .*\n  = `).FindAllString(tf.log.String(), -1)) >= n
	})
	return tf.log.String()
}

// settled is what was printed, with the addresses, times and ids of docs/wire.md in place of those of this run.
func settled(printed, backend, addr string) string {
	printed = strings.NewReplacer(backend, "127.0.0.1:9001", addr, "127.0.0.1:8000").Replace(printed)
	for pattern, as := range map[string]string{
		`\d+\.\d\d ms`: "0.25 ms", `from 127\.0\.0\.1:\d+`: "from 127.0.0.1:50000", `Date: [^\n]*GMT`: "Date: Thu, 26 Nov 2026 08:00:00 GMT",
		`X-Request-Id: \w+-`: "X-Request-Id: 1f2e3d4c-",
	} {
		printed = regexp.MustCompile(pattern).ReplaceAllString(printed, as)
	}
	return printed
}

// TestWire_printsWhatItsPageShows sends the requests of docs/wire.md, and compares what is printed. UPDATE_DOCS=1 writes the page anew.
func TestWire_printsWhatItsPageShows(t *testing.T) {
	t.Parallel()
	const page = "../docs/wire.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nKeep-Alive: timeout=5\r\nSet-Cookie: sid=42; HttpOnly\r\n\r\nhi\n"))
	tf := startTenfour(t, []string{b.addr}, "--wire")
	tf.exchange(t, "GET /hello?token=abc HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAuthorization: Bearer s3cret\r\nConnection: X-Mine\r\nX-Mine: 1\r\n\r\n", whole)
	tf.overs(t, 1)
	tf.exchange(t, "GET / HTTP/1.1\r\nHost : a\r\n\r\n", whole)
	got := settled(tf.overs(t, 2), b.addr, tf.addr)
	example := regexp.MustCompile("(?s)```text\n(#1 .*?)```").FindSubmatch(text)
	if example == nil {
		t.Fatal(page + " has no example")
	}
	if got = strings.TrimRight(got, "\n") + "\n"; got == string(example[1]) {
		return
	}
	t.Errorf("got\n%s\nwant, as the page has it,\n%s", got, example[1])
	if os.Getenv("UPDATE_DOCS") == "1" {
		os.WriteFile(page, []byte(strings.Replace(string(text), string(example[1]), got, 1)), 0o644)
	}
}

// TestWire_printsAHeadBeforeTheExchangeEnds: the backend does not answer.
func TestWire_printsAHeadBeforeTheExchangeEnds(t *testing.T) {
	t.Parallel()
	b := startBackend(t, func(v *visit) {
		v.request()
		v.untilGone()
	})
	tf := startTenfour(t, []string{b.addr}, "--wire")
	c := tf.dial(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
	if got := tf.logHas(t, "#1  client -> tenfour", "#1  tenfour -> "+b.addr, "+ Via: 1.1 tenfour"); strings.Contains(got, "over") {
		t.Errorf("got\n%s", got)
	}
	c.SetLinger(0)
	c.Close()
	if got := tf.overs(t, 1); !strings.Contains(got, "499, 0 bytes of content: ") {
		t.Errorf("got\n%s", got)
	}
}

// TestWire_printsOnlyRoutesThatAskForIt, and of them the head that came before the route was known.
func TestWire_printsOnlyRoutesThatAskForIt(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := configured(t, b.addr, "[[route]]\npath = \"/\"\nbackends = \"BACKEND\"\n[[route]]\npath = \"/shown\"\nbackends = \"BACKEND\"\nwire = true\n")
	tf.get(t, "/hidden")
	tf.exchange(t, "GET / HTTP/1.1\r\nHost : a\r\n\r\n", whole)
	tf.get(t, "/shown")
	if got := tf.overs(t, 1); !strings.Contains(got, "    GET /shown HTTP/1.1\n") || strings.Contains(got, "/hidden") || strings.Contains(got, "refused") {
		t.Errorf("got\n%s", got)
	}
}

// TestWire_printsEachRacer, and that the one that has lost was cut off.
func TestWire_printsEachRacer(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	mute := startBackend(t, func(v *visit) {
		v.request()
		close(asked)
		v.untilGone()
	})
	good := startBackend(t, repeat(func(message) reply {
		<-asked
		return reply{raw: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", then: open}
	}))
	tf := startTenfour(t, []string{mute.addr, good.addr}, "--race", "parallel", "--wire")
	if status, _ := tf.get(t, "/"); status != 200 {
		t.Fatalf("got %d", status)
	}
	got := tf.overs(t, 1)
	for _, want := range []string{"tenfour -> " + mute.addr, "tenfour -> " + good.addr, "tenfour <- " + good.addr, "(attempt 2)", "200, 2 bytes of content, 2 attempts", "+ X-Race: "} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	tf.logHas(t, mute.addr, "no response: another backend was first")
}

// TestWire_masksCredentialsThatTheSettingsAdd, though the names of their fields do not look like it.
func TestWire_masksCredentialsThatTheSettingsAdd(t *testing.T) {
	t.Setenv("TENFOUR_TEST_PIN", "PIN-of-the-environment")
	credential := writeFile(t, filepath.Join(t.TempDir(), "pin"), "PIN-of-the-file")
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := configured(t, b.addr, "wire = true\nbackends = \"BACKEND\"\ncredential_file = \""+credential+"\"\ncredential_header = \"X-Pin\"\n"+
		"request.set = { X-Number = \"env:TENFOUR_TEST_PIN\" }\n")
	tf.get(t, "/")
	if got := tf.overs(t, 1); strings.Contains(got, "PIN-of-") || !strings.Contains(got, "+ X-Pin: ***") || !strings.Contains(got, "+ X-Number: ***") {
		t.Errorf("got\n%s", got)
	}
}

// TestWire_printsARequestThatGoesOutAgain: the backend ends the connection that was kept when the second request comes.
func TestWire_printsARequestThatGoesOutAgain(t *testing.T) {
	t.Parallel()
	var served atomic.Int32
	b := startBackend(t, func(v *visit) {
		for range 2 {
			if _, err := v.request(); err != nil {
				return
			}
			if served.Add(1) == 2 {
				return
			}
			v.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	tf := startTenfour(t, []string{b.addr}, "--workers", "1", "--wire")
	for range 2 {
		if status, _ := tf.get(t, "/"); status != 200 {
			t.Fatalf("got %d", status)
		}
	}
	got := tf.overs(t, 2)
	for _, want := range []string{"a connection that was kept, idle for ", "the connection that was kept has ended: the request goes out again", "a new connection, because the one that was kept had ended"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestWire_printsChunkLinesAndNoBody over TLS, both ways.
func TestWire_printsChunkLinesAndNoBody(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nasdfghjk\r\n0\r\n\r\n"))
	_, cert, key := newAuthority(t).sign("127.0.0.1")
	tf := startTenfour(t, []string{b.addr}, "--tls-cert", cert, "--tls-key", key, "--wire")
	c := tls.Client(tf.dial(t), &tls.Config{InsecureSkipVerify: true})
	await.Within(c, patience)
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nqwertyu\r\n0\r\n\r\n")
	if got, err := io.ReadAll(c); err != nil || !strings.Contains(string(got), "asdfghjk") {
		t.Fatalf("got %q, %v", got, err)
	}
	got := tf.overs(t, 1)
	for _, want := range []string{
		", over TLS, a new connection", "client -> tenfour  ", "  a chunk of 7 bytes: 7", "  a chunk of 8 bytes: 8", "  the last chunk: 0",
		"+ Content-Length: 7", "tenfour <- " + b.addr, "client <- tenfour",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "qwertyu") || strings.Contains(got, "asdfghjk") {
		t.Errorf("a body is in\n%s", got)
	}
}

// TestWire_printsWhatLasts when it begins to last: a tunnel.
func TestWire_printsWhatLasts(t *testing.T) {
	t.Parallel()
	e := startEvents(t)
	tf := startTenfour(t, []string{e.addr}, "--wire")
	p, r := tf.open(t, askUpgrade)
	if r.StatusCode != 101 {
		t.Fatalf("got %d", r.StatusCode)
	}
	tf.logHas(t, "    HTTP/1.1 101 Switching Protocols", "#1  lasts  ")
	p.Close()
	if got := tf.overs(t, 1); !strings.Contains(got, " 101, ") {
		t.Errorf("got\n%s", got)
	}
}

// TestWire_printsAttemptsOfJobs that tenfour begins by itself: the second of a job that it finds at its start. The handle is not shown whole.
func TestWire_printsAttemptsOfJobs(t *testing.T) {
	t.Parallel()
	b := startBackend(t, repeat(func(message) reply { return plainReply }))
	data := jobsDir(t)
	id := putJobs(t, data, jobs.Job{State: jobs.Waiting, Tried: 1, Attempts: make([]jobs.Attempt, 1), Request: jobs.Request{Method: "GET", Target: []byte("/slow?token=abc")}})[0]
	tf := startTenfour(t, []string{b.addr}, "--async", "--data", data, "--wire")
	got := tf.overs(t, 1)
	job := "job " + id.Short()
	for _, want := range []string{
		job + " -> tenfour", "attempt 2, which tenfour begins by itself", "    GET /slow?token=*** HTTP/1.1\n", "tenfour -> " + b.addr, "+ Via: 1.1 tenfour", "tenfour <- " + b.addr,
		job + " <- tenfour", "the job's record keeps it", "200, 5 bytes of content\n  = queue ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "client ->") || strings.Contains(got, "client <-") || strings.Contains(got, "the connection persists") || strings.Contains(got, id.String()) {
		t.Errorf("got\n%s", got)
	}
}
