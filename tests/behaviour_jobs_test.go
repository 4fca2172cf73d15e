package tests

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// startJobs is tenfour with jobs, in a directory of its own.
func startJobs(t testing.TB, b *backend, flags ...string) *tenfour {
	t.Helper()
	return startTenfour(t, []string{b.addr}, append([]string{"--async", "--data", t.TempDir(), "--workers", "1"}, flags...)...)
}

// configuredJobs is tenfour with jobs and a file of settings, all of which are those of a route in front of the backend.
func configuredJobs(t testing.TB, b *backend, settings string) *tenfour {
	t.Helper()
	return configured(t, b.addr, fmt.Sprintf("data = %q\nworkers = 1\nasync = true\n%s\nbackends = \"BACKEND\"\n", t.TempDir(), settings))
}

const preferAsync = "Prefer: respond-async"

// record is what the tests read of a job's record.
type record struct {
	ID, State, Location, Reason string
	Paused                      bool
	Status, Tried               int
	Attempts                    []struct{ Backend, Reached, Failure string }
}

// recordIn reads the record that an answer has.
func recordIn(t testing.TB, m message) (r record) {
	t.Helper()
	if err := json.Unmarshal([]byte(m.body), &r); err != nil {
		t.Fatalf("%s\n%q is no record: %v", m.line, m.body, err)
	}
	return r
}

// become sends a request that must become a job, and returns where that is.
func (tf *tenfour) become(t testing.TB, raw string) (location string) {
	t.Helper()
	m := tf.exchange(t, raw, whole).last()
	if m.status() != 202 || len(m.values("Location")) != 1 {
		t.Fatalf("%.300q got %s %q %s, want 202 and a Location", raw, m.line, m.fields, m.body)
	}
	return m.values("Location")[0]
}

// handle asks for a handle.
func (tf *tenfour) handle(t testing.TB, location string, lines ...string) message {
	t.Helper()
	return tf.exchange(t, request("GET", location, lines...), whole).last()
}

// ended waits until a job is over, and returns its record.
func (tf *tenfour) ended(t testing.TB, location string) (r record) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("its record is %+v", r)
		}
	}()
	eventually(t, "the job is over", func() bool {
		r = recordIn(t, tf.handle(t, location+"?view=status"))
		return r.State != "accepted" && r.State != "running" && r.State != "waiting"
	})
	return r
}

// gated is a backend that answers each request when the test lets it.
func gated(t testing.TB, raw string) (b *backend, open chan struct{}) {
	t.Helper()
	open = make(chan struct{})
	b = startBackend(t, func(v *visit) {
		for {
			if _, err := v.request(); err != nil {
				return
			}
			<-open
			v.say(raw)
		}
	})
	t.Cleanup(func() { close(open) }) // before the backend's own
	return b, open
}

// silent is a backend that reads a request and does not answer.
func silent(v *visit) {
	v.request()
	v.untilGone()
}

// oddResponse has what must stay as it is: order, case, fields that stand twice, bytes that are no text.
const oddResponse = "HTTP/1.1 207 So  it Is\xe9\r\nX-b: 1\r\nx-A: \xff\xfe\r\nSET-cookie: a=1\r\nX-B: 2\r\nset-Cookie: b=2\r\n" +
	"Date: Thu, 26 Nov 2026 12:00:00 GMT\r\nContent-Type: x/y\r\nContent-Length: 4\r\nEmpty:\r\n\r\n\x00\xff\r\n"

func TestAsync_theResultIsTheResponseByteForByte(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always(oddResponse))
	tf := startJobs(t, b)
	plain := tf.exchange(t, request("GET", "/page?q=1", "X-Mine: 1"), whole)
	at := tf.become(t, request("GET", "/page?q=1", "X-Mine: 1", preferAsync))
	if r := tf.ended(t, at); r.State != "done" || r.Status != 207 || len(r.Attempts) != 1 || r.Attempts[0].Reached != "answering" || r.Location != at {
		t.Errorf("its record is %+v", r)
	}
	for range 2 {
		got := tf.exchange(t, request("GET", at), whole)
		if sorted(got.raw) != sorted(plain.raw) || got.last().body != plain.last().body {
			t.Errorf("got\n%q, and without a job\n%q", got.raw, plain.raw)
		}
	}
	requests, _ := b.seen()
	if len(requests) != 2 || requests[0].line != requests[1].line || strings.Join(requests[0].fields, "\n") != strings.Join(requests[1].fields, "\n") {
		t.Errorf("the backend saw\n%q", requests)
	}
}

// sorted is a response whose Content-Length, which the two kinds have at different places, is its last field.
func sorted(raw string) string {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	length := regexp.MustCompile("\r\nContent-Length: [0-9]+").FindString(head)
	return strings.Replace(head, length, "", 1) + length + "\r\n\r\n" + body
}

func TestAsync_aRequestBecomesAJobHoweverItsBytesCome(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startJobs(t, b)
	for name, raw := range map[string]string{
		"of a length": "POST /x HTTP/1.1\r\nHost: a\r\nPrefer: respond-async\r\nContent-Length: 5\r\n\r\nhello",
		"chunked":     "POST /x HTTP/1.1\r\nHost: a\r\nPrefer: respond-async\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
	} {
		for _, how := range everyWay(raw) {
			b.forget()
			m := tf.exchange(t, raw, how).last()
			if m.status() != 202 || !m.has("Preference-Applied", "respond-async") || !m.has("Retry-After", "1") || !m.has("Cache-Control", "no-store") {
				t.Fatalf("%s, %v: got %s %q", name, how, m.line, m.fields)
			}
			r := recordIn(t, m)
			if r.Location != m.values("Location")[0] || r.Location != "/.tenfour/jobs/"+r.ID {
				t.Errorf("%s, %v: got %+v and %q", name, how, r, m.fields)
			}
			tf.ended(t, r.Location)
			requests, raw := b.seen()
			if len(requests) != 1 || requests[0].body != "hello" || requests[0].framing != "length" || strings.Contains(raw, "respond-async") {
				t.Errorf("%s, %v: the backend saw %q", name, how, raw)
			}
		}
	}
}

func TestAsync_withoutItTheFieldIsTheBackends(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startTenfour(t, []string{b.addr}, "--workers", "1")
	if m := tf.exchange(t, request("GET", "/", "Prefer: respond-async, wait=1, return=minimal"), whole).last(); m.body != "ok" || m.has("Preference-Applied", "respond-async") {
		t.Errorf("got %s %q", m.line, m.body)
	}
	if m := tf.handle(t, "/.tenfour/jobs/00000000000000000000000000000000"); m.body != "ok" {
		t.Errorf("without jobs their path got %s, want the backend's answer", m.line)
	}
	if requests, raw := b.seen(); len(requests) != 2 || !requests[0].has("Prefer", "respond-async") {
		t.Errorf("the backend saw %q", raw)
	}
}

func TestAsync_overHTTP10(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startJobs(t, b)
	o := tf.exchange(t, "POST /x HTTP/1.0\r\nPrefer: respond-async\r\nContent-Length: 2\r\n\r\nhi", whole)
	if o.last().status() != 202 || o.end != closed {
		t.Fatalf("got %q, %s", o.raw, o.end)
	}
	at := o.last().values("Location")[0]
	tf.ended(t, at)
	o = tf.exchange(t, "GET "+at+" HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", whole)
	if o.last().body != "ok" || !o.last().has("Connection", "keep-alive") || o.end != open {
		t.Errorf("got %q, %s", o.raw, o.end)
	}
	if requests, raw := b.seen(); len(requests) != 1 || !requests[0].has("Via", "1.0 tenfour") || requests[0].body != "hi" || !requests[0].has("Host", b.addr) {
		t.Errorf("the backend saw %q", raw)
	}
}

// TestAsync_whatCannotRunIsAnsweredAtOnce, and nothing is accepted.
func TestAsync_whatCannotRunIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tokens := writeFile(t, filepath.Join(t.TempDir(), "tokens"), "anna abcdefghijklmnopqrstuvwxyz\n")
	tf := configured(t, b.addr, fmt.Sprintf(`
data = %q
job_body_max = "10B"
async = true
[limit.few]
rate = "1/1h"
[[route]]
path = "/open/"
backends = "BACKEND"
[[route]]
path = "/post/"
methods = ["POST"]
backends = "BACKEND"
[[route]]
path = "/tokens/"
backends = "BACKEND"
client_token_file = %q
[[route]]
path = "/few/"
backends = "BACKEND"
limit = "few"
[[route]]
path = "/denied/"
backends = "BACKEND"
deny_from = "127.0.0.0/8"
`, t.TempDir(), tokens))
	tf.become(t, request("GET", "/few/", preferAsync))
	tests := map[string]struct {
		raw    string
		status int
	}{
		"no route":           {request("GET", "/x", preferAsync), 404},
		"no such method":     {request("GET", "/post/", preferAsync), 405},
		"no token":           {request("GET", "/tokens/", preferAsync), 401},
		"a wrong token":      {request("GET", "/tokens/", preferAsync, "Authorization: Bearer x"), 401},
		"over its limit":     {request("GET", "/few/", preferAsync), 429},
		"a wrong address":    {request("GET", "/denied/", preferAsync), 403},
		"a body too large":   {request("POST", "/open/", preferAsync, "Content-Length: 11"), 413},
		"… that comes":       {request("POST", "/open/", preferAsync, "Transfer-Encoding: chunked") + "b\r\n01234567890\r\n", 413},
		"a malformed body":   {request("POST", "/open/", preferAsync, "Transfer-Encoding: chunked") + "x\r\n", 400},
		"a key with a space": {request("GET", "/open/", preferAsync, "Idempotency-Key: a b"), 400},
		"an empty key":       {request("GET", "/open/", preferAsync, `Idempotency-Key: ""`), 400},
		"a key too long":     {request("GET", "/open/", preferAsync, "Idempotency-Key: "+strings.Repeat("k", 256)), 400},
		"two keys":           {request("GET", "/open/", preferAsync, "Idempotency-Key: a", "Idempotency-Key: a"), 400},
		"a callback":         {request("GET", "/open/", preferAsync, "Callback-URL: https://hooks.example/"), 403},
	}
	for name, tc := range tests {
		if m := tf.exchange(t, tc.raw, whole).last(); m.status() != tc.status || len(m.values("Location")) > 0 {
			t.Errorf("%s: got %s %q, want %d", name, m.line, m.body, tc.status)
		}
	}
	if m := tf.exchange(t, request("POST", "/open/", "Prefer: wait=60", "Content-Length: 11")+"01234567890", whole).last(); m.body != "ok" {
		t.Errorf("a body that is too large for a job, of a client that waits: got %s", m.line)
	}
}

// TestHandover_theSameAttemptGoesOn: the backend sees one request, whether its client gets a handle or the response.
func TestHandover_theSameAttemptGoesOn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settings, line, applied string
	}{
		"the route turns it into a job": {"async_after = \"20ms\"", "X-Mine: 1", ""},
		"its client would wait":         {"", "Prefer: wait=1", "wait=1"},
		"… and says both":               {"", "Prefer: respond-async, wait=1", "respond-async, wait=1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, open := gated(t, oddResponse)
			tf := configuredJobs(t, b, tc.settings)
			c := tf.dial(t)
			defer c.Close()
			c.send(request("POST", "/x", tc.line, "Content-Length: 5")+"hello", "", whole)
			m := c.listen("POST").last()
			if got := strings.Join(m.values("Preference-Applied"), "|"); m.status() != 202 || got != tc.applied {
				t.Fatalf("got %s %q", m.line, m.fields)
			}
			at := recordIn(t, m).Location
			c.send(request("GET", at+"?view=status"), "", whole) // on the same connection, which is its client's again
			if r := recordIn(t, c.listen("GET").last()); r.State != "running" || len(r.Attempts) != 1 {
				t.Errorf("its record is %+v", r)
			}
			open <- struct{}{}
			if r := tf.ended(t, at); r.State != "done" || r.Tried != 1 {
				t.Errorf("its record is %+v", r)
			}
			if m := tf.handle(t, at); m.line != "HTTP/1.1 207 So  it Is\xe9" || m.body != "\x00\xff\r\n" {
				t.Errorf("the result is %s %q", m.line, m.body)
			}
			if requests, raw := b.seen(); len(requests) != 1 || requests[0].body != "hello" || strings.Contains(raw, "wait") {
				t.Errorf("the backend saw %q, want one request", raw)
			}
		})
	}
}

func TestHandover_aResponseInTimeIsRelayed(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always(oddResponse))
	tf := startJobs(t, b, "--async-after", "1h")
	for _, raw := range []string{
		request("GET", "/x", "Prefer: wait=60"),
		request("GET", "/x"),
		request("POST", "/x", "Content-Length: 2") + "hi",
		request("HEAD", "/x", "Prefer: wait=60"),
	} {
		o := tf.exchange(t, raw+request("GET", "/next"), whole, methodOf(raw), "GET") // the connection goes on
		if len(o.answers) != 2 || o.answers[0].line != "HTTP/1.1 207 So  it Is\xe9" || o.answers[1].body != "\x00\xff\r\n" || o.answers[0].has("Preference-Applied", "wait=60") {
			t.Errorf("%q got %q", raw, o.raw)
		}
	}
}

func TestHandover_aResponseThatHasBegunIsRelayed(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	b := startBackend(t, func(v *visit) {
		v.request()
		v.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
		<-open
		v.say("world")
	})
	t.Cleanup(func() { close(open) })
	tf := startJobs(t, b, "--async-after", "2s")
	c := tf.dial(t)
	defer c.Close()
	began := time.Now()
	c.send(request("GET", "/x", "Prefer: wait=2"), "", whole)
	if first, err := c.in.Peek(len("HTTP/1.1 200 OK")); err != nil || string(first) != "HTTP/1.1 200 OK" {
		t.Fatalf("got %q (%v)", first, err)
	}
	eventually(t, "its time is up", func() bool { return time.Since(began) > 2100*time.Millisecond })
	open <- struct{}{}
	rest := c.listen("GET")
	if !strings.HasSuffix(rest.raw, "\r\n\r\nhelloworld") {
		t.Errorf("got %q", rest.raw)
	}
}

func TestHandle_ofAJobThatRuns(t *testing.T) {
	t.Parallel()
	b, open := gated(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	tf := startJobs(t, b)
	at := tf.become(t, request("GET", "/x", preferAsync))
	for _, method := range []string{"GET", "HEAD"} {
		m := tf.exchange(t, request(method, at), whole).last()
		if m.status() != 202 || !m.has("Retry-After", "1") || !m.has("Content-Type", "application/json") || method == "GET" && recordIn(t, m).ID == "" {
			t.Errorf("%s got %s %q %q", method, m.line, m.fields, m.body)
		}
	}
	waits := tf.dial(t)
	defer waits.Close()
	waits.send(request("GET", at, "Prefer: wait=60"), "", whole)
	leaves := tf.dial(t)
	defer leaves.Close()
	leaves.send(request("GET", at, "Prefer: wait=60"), "", whole)
	leaves.CloseWrite()
	if m := leaves.listen("GET").last(); m.status() != 202 {
		t.Errorf("a client that shuts its sending side got %s, want 202 at once", m.line)
	}
	if m := tf.handle(t, at, "Prefer: wait=0"); m.status() != 202 {
		t.Errorf("a client that waits for nothing got %s", m.line)
	}
	open <- struct{}{}
	if m := waits.listen("GET").last(); m.body != "ok" {
		t.Errorf("a client that waits got %s %q, want the result", m.line, m.body)
	}
}

// TestHandle_waitsForItsTime: then it is answered with the record.
func TestHandle_waitsForItsTime(t *testing.T) {
	t.Parallel()
	b, _ := gated(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	tf := startJobs(t, b)
	at := tf.become(t, request("GET", "/x", preferAsync))
	began := time.Now()
	m := tf.handle(t, at, "Prefer: wait=1")
	if took := time.Since(began); m.status() != 202 || !m.has("Preference-Applied", "wait=1") || took < time.Second {
		t.Errorf("after %v it got %s %q", took, m.line, m.fields)
	}
	tf.exchange(t, request("DELETE", at), whole)
}

func TestHandle_cancels(t *testing.T) {
	t.Parallel()
	b := startBackend(t, silent)
	tf := startJobs(t, b)
	at := tf.become(t, request("POST", "/x", preferAsync, "Content-Length: 0"))
	b.await(t, "the request", func() bool { return len(b.requests) == 1 })
	if m := tf.exchange(t, request("DELETE", at), whole).last(); m.status() != 200 || recordIn(t, m).State != "cancelled" {
		t.Errorf("got %s %q", m.line, m.body)
	}
	b.awaitEnd(t, 0) // the attempt is cut
	if m := tf.handle(t, at); m.status() != 410 {
		t.Errorf("its result is %s", m.line)
	}
	if m := tf.exchange(t, request("DELETE", at), whole).last(); m.status() != 409 {
		t.Errorf("once more got %s", m.line)
	}
	if r := recordIn(t, tf.handle(t, at+"?view=status")); r.State != "cancelled" || r.Reason == "" {
		t.Errorf("its record is %+v", r)
	}
}

func TestHandle_pausesAndResumes(t *testing.T) {
	t.Parallel()
	b, open := gated(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	tf := startJobs(t, b)
	first := tf.become(t, request("GET", "/first", preferAsync)) // it has the only worker
	b.await(t, "the first request", func() bool { return len(b.requests) == 1 })
	at := tf.become(t, request("GET", "/second", preferAsync))
	post := func(doing string) message {
		return tf.exchange(t, request("POST", at+doing, "Content-Length: 0"), whole).last()
	}
	if m := post("/pause"); m.status() != 200 || !recordIn(t, m).Paused {
		t.Fatalf("pause got %s %q", m.line, m.body)
	}
	if m := post("/pause"); m.status() != 409 {
		t.Errorf("a second pause got %s", m.line)
	}
	open <- struct{}{}
	tf.ended(t, first)
	if r := recordIn(t, tf.handle(t, at)); !r.Paused {
		t.Errorf("its record is %+v", r)
	}
	if m := post("/resume"); m.status() != 200 || recordIn(t, m).Paused {
		t.Errorf("resume got %s %q", m.line, m.body)
	}
	open <- struct{}{}
	if r := tf.ended(t, at); r.State != "done" {
		t.Errorf("its record is %+v", r)
	}
	if m := post("/resume"); m.status() != 409 {
		t.Errorf("resume of a job that is over got %s", m.line)
	}
}

func TestHandle_refuses(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startJobs(t, b)
	at := tf.become(t, request("GET", "/x", preferAsync))
	tf.ended(t, at)
	b.forget()
	unknown := "/.tenfour/jobs/0123456789abcdef0123456789abcdef"
	for _, tc := range []struct {
		method, target string
		status         int
		allow          string
	}{
		{"GET", unknown, 404, ""}, {"DELETE", unknown, 404, ""}, {"POST", unknown + "/pause", 404, ""},
		{"GET", "/.tenfour/jobs/", 404, ""}, {"GET", "/.tenfour/jobs/x", 404, ""}, {"GET", at + "/", 404, ""}, {"GET", at + "0", 404, ""},
		{"POST", at + "/rerun", 404, ""},
		{"POST", at, 405, "GET, HEAD, DELETE"}, {"OPTIONS", at, 405, "GET, HEAD, DELETE"}, {"GET", at + "/pause", 405, "POST"},
	} {
		m := tf.exchange(t, request(tc.method, tc.target, "Content-Length: 0"), whole).last()
		if m.status() != tc.status || strings.Join(m.values("Allow"), "") != tc.allow || !m.has("Cache-Control", "no-store") {
			t.Errorf("%s %s got %s %q, want %d", tc.method, tc.target, m.line, m.fields, tc.status)
		}
	}
	for _, how := range everyWay(request("GET", at)) {
		if m := tf.exchange(t, request("GET", at), how).last(); m.body != "ok" {
			t.Errorf("%v: got %s", how, m.line)
		}
	}
	if requests, raw := b.seen(); len(requests) != 0 {
		t.Errorf("the backend saw %q", raw)
	}
}

// TestHandle_responsesWithoutContent: a handle's answer has the framing of its own request.
func TestHandle_responsesWithoutContent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		request, response, length string // length is what GET of the handle says; "" for none
	}{
		"204":             {request("GET", "/x", preferAsync), "HTTP/1.1 204 No Content\r\n\r\n", ""},
		"304":             {request("GET", "/x", preferAsync), "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", ""},
		"HEAD":            {request("HEAD", "/x", preferAsync), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "0"},
		"an empty one":    {request("GET", "/x", preferAsync), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "0"},
		"until the close": {request("GET", "/x", preferAsync), "HTTP/1.0 200 OK\r\n\r\n", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startBackend(t, repeat(func(message) reply { return reply{raw: tc.response, then: closed} }))
			tf := startJobs(t, b)
			at := tf.become(t, tc.request)
			tf.ended(t, at)
			o := tf.exchange(t, request("GET", at)+request("HEAD", at)+request("GET", at+"?view=status"), whole, "GET", "HEAD", "GET")
			if len(o.answers) != 3 || strings.Join(o.answers[0].values("Content-Length"), "|") != tc.length || o.answers[0].body != "" {
				t.Fatalf("got %q", o.raw)
			}
			recordIn(t, o.answers[2])
			if name == "HEAD" && !o.answers[1].has("Content-Length", "7") {
				t.Errorf("HEAD of the handle got %q", o.answers[1].fields)
			}
		})
	}
}

func TestHandle_aLargeResultGoesOutWhole(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789abcdef", 100_000)
	b := startBackend(t, always(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(large), large)))
	tf := startJobs(t, b)
	at := tf.become(t, fmt.Sprintf("POST /x HTTP/1.1\r\nHost: a\r\n%s\r\nContent-Length: %d\r\n\r\n%s", preferAsync, len(large), large))
	tf.ended(t, at)
	if m := tf.handle(t, at); m.body != large {
		t.Errorf("got %s and %d bytes", m.line, len(m.body))
	}
	if requests, _ := b.seen(); len(requests) != 1 || requests[0].body != large {
		t.Error("the backend has not had the body")
	}
}

// TestHandle_belongsToItsToken: with the handle alone a client sees nothing.
func TestHandle_belongsToItsToken(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tokens := writeFile(t, filepath.Join(t.TempDir(), "tokens"), "anna abcdefghijklmnopqrstuvwxyz\nbert zyxwvutsrqponmlkjihgfedcba\n")
	data := t.TempDir()
	tf := configured(t, b.addr, fmt.Sprintf("data = %q\nasync = true\nbackends = \"BACKEND\"\nclient_token_file = %q\n", data, tokens))
	const anna, bert = "Authorization: Bearer abcdefghijklmnopqrstuvwxyz", "Authorization: Bearer zyxwvutsrqponmlkjihgfedcba"
	at := tf.become(t, request("GET", "/x", preferAsync, anna))
	for _, lines := range [][]string{nil, {bert}, {anna, anna}, {"Authorization: Basic YTpi"}} {
		for _, method := range []string{"GET", "HEAD", "DELETE"} {
			if m := tf.exchange(t, request(method, at, lines...), whole).last(); m.status() != 401 || len(m.values("WWW-Authenticate")) != 1 {
				t.Errorf("%s with %q got %s", method, lines, m.line)
			}
		}
	}
	eventually(t, "the owner sees the result", func() bool { return tf.handle(t, at, anna).body == "ok" })
	if requests, raw := b.seen(); len(requests) != 1 || strings.Contains(raw, "abcdef") {
		t.Errorf("the backend saw %q", raw)
	}
	for _, file := range []string{"jobs.db"} {
		if text, err := os.ReadFile(filepath.Join(data, file)); err != nil || strings.Contains(string(text), "abcdefghijklmnopqrstuvwxyz") {
			t.Errorf("the token is in %s (%v)", file, err)
		}
	}
}

func TestIdempotencyKey_joinsEqualRequests(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startJobs(t, b)
	keyed := func(method, target, body, key string) message {
		return tf.exchange(t, request(method, target, preferAsync, "Idempotency-Key: "+key, fmt.Sprintf("Content-Length: %d", len(body)))+body, whole).last()
	}
	first := keyed("POST", "/x", "hello", `"k1"`)
	at := recordIn(t, first).Location
	tf.ended(t, at)
	again := keyed("POST", "/x", "hello", "k1")
	if again.status() != 200 || !again.has("Idempotency-Replayed", "true") || again.values("Location")[0] != at {
		t.Errorf("the same request got %s %q", again.line, again.fields)
	}
	for name, m := range map[string]message{
		"another body":   keyed("POST", "/x", "hallo", "k1"),
		"another target": keyed("POST", "/y", "hello", "k1"),
		"another method": keyed("PUT", "/x", "hello", "k1"),
	} {
		if m.status() != 422 {
			t.Errorf("%s got %s %q, want 422", name, m.line, m.body)
		}
	}
	if m := keyed("POST", "/x", "hello", "k2"); m.status() != 202 || m.has("Idempotency-Replayed", "true") {
		t.Errorf("another key got %s", m.line)
	}
	b.await(t, "two requests", func() bool { return len(b.requests) == 2 })
	if requests, _ := b.seen(); !requests[0].has("Idempotency-Key", `"k1"`) {
		t.Errorf("the backend saw %q", requests[0].fields)
	}
}

// TestIdempotencyKey_lastsAsLongAsItsJob: the job stays beyond its deadline and keep, because its callback is still due.
func TestIdempotencyKey_lastsAsLongAsItsJob(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	secret := writeFile(t, filepath.Join(t.TempDir(), "secret"), webhookSecret(1)+"\n")
	tf := configuredJobs(t, b, fmt.Sprintf("job_deadline = \"1s\"\nkeep = \"1s\"\ncallback_secret_file = %q\ncallback_allow = [\"http://127.0.0.1:9/\"]", secret))
	keyed := request("POST", "/x", preferAsync, "Idempotency-Key: k", "Callback-URL: http://127.0.0.1:9/", "Content-Length: 0")
	at := tf.become(t, keyed)
	end := time.Now().Add(2100 * time.Millisecond)
	tf.ended(t, at)
	eventually(t, "its deadline and its keep are over", func() bool { return time.Now().After(end) })
	if m := tf.exchange(t, keyed, whole).last(); m.status() != 200 || !m.has("Idempotency-Replayed", "true") || m.values("Location")[0] != at {
		t.Errorf("the same request got %s %q, and the job is still at %s", m.line, m.fields, at)
	}
}

// TestHandover_ofAKeyedRequestThatIsAJobAlready: its client asks again, and no second request is sent.
func TestHandover_ofAKeyedRequestThatIsAJobAlready(t *testing.T) {
	t.Parallel()
	b, open := gated(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	tf := configuredJobs(t, b, "async_after = \"20ms\"")
	keyed := func(body string) message {
		return tf.exchange(t, request("POST", "/x", "Idempotency-Key: k", fmt.Sprintf("Content-Length: %d", len(body)))+body, whole).last()
	}
	at := recordIn(t, keyed("hello")).Location
	if m := keyed("hello"); m.status() != 202 || !m.has("Idempotency-Replayed", "true") || m.values("Location")[0] != at {
		t.Errorf("while it runs, the same request got %s %q", m.line, m.fields)
	}
	if m := keyed("hallo"); m.status() != 422 {
		t.Errorf("another body got %s", m.line)
	}
	open <- struct{}{}
	tf.ended(t, at)
	if m := keyed("hello"); m.status() != 200 || m.values("Location")[0] != at {
		t.Errorf("when it is over, the same request got %s %q", m.line, m.fields)
	}
	if requests, raw := b.seen(); len(requests) != 1 {
		t.Errorf("the backend saw %q", raw)
	}
}

// TestAsync_overItsCapsIs503, and the job that there is stays.
func TestAsync_overItsCapsIs503(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := configuredJobs(t, b, "jobs_max = 1")
	at := tf.become(t, request("GET", "/x", preferAsync))
	if m := tf.exchange(t, request("GET", "/x", preferAsync), whole).last(); m.status() != 503 || !m.has("Retry-After", "1") {
		t.Errorf("the second job got %s %q", m.line, m.fields)
	}
	tf.ended(t, at)
	if m := tf.handle(t, at); m.body != "ok" {
		t.Errorf("the first one is %s", m.line)
	}
}

// TestHandle_namesNoBackendWhereResponsesDoNot: a route that removes X-Backend keeps its backends out of the record too.
func TestHandle_namesNoBackendWhereResponsesDoNot(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	for settings, want := range map[string]string{"": b.addr, "response.remove = [\"X-Backend\"]": ""} {
		tf := configuredJobs(t, b, settings)
		if r := tf.ended(t, tf.become(t, request("GET", "/x", preferAsync))); len(r.Attempts) != 1 || r.Attempts[0].Backend != want {
			t.Errorf("%q: its record is %+v", settings, r)
		}
	}
}

// TestDedupe_joinsEqualRequests: without a key they are equal if they agree in everything.
func TestDedupe_joinsEqualRequests(t *testing.T) {
	t.Parallel()
	b, open := gated(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	tf := configuredJobs(t, b, "dedupe = \"10m\"\ndedupe_fields = [\"Accept\"]")
	ask := func(method, target, body string, lines ...string) message {
		return tf.exchange(t, request(method, target, append(lines, preferAsync, fmt.Sprintf("Content-Length: %d", len(body)))...)+body, whole).last()
	}
	at := recordIn(t, ask("POST", "/x", "hello", "Accept: a/b", "X-Other: 1")).Location
	same := ask("POST", "/x", "hello", "Accept: a/b", "X-Other: 2")
	if same.status() != 202 || !same.has("Idempotency-Replayed", "true") || recordIn(t, same).Location != at {
		t.Errorf("an equal request got %s %q %s", same.line, same.fields, same.body)
	}
	seen := map[string]bool{at: true}
	for name, m := range map[string]message{
		"another body":   ask("POST", "/x", "hallo", "Accept: a/b"),
		"another target": ask("POST", "/x?", "hello", "Accept: a/b"),
		"another method": ask("PUT", "/x", "hello", "Accept: a/b"),
		"another field":  ask("POST", "/x", "hello", "Accept: a/c"),
		"a cookie":       ask("POST", "/x", "hello", "Accept: a/b", "Cookie: a=1"),
		"a login":        ask("POST", "/x", "hello", "Accept: a/b", "Authorization: Basic YTpi"),
	} {
		if r := recordIn(t, m); m.status() != 202 || seen[r.Location] {
			t.Errorf("%s is the same job", name)
		} else {
			seen[r.Location] = true
		}
	}
	for range seen {
		open <- struct{}{}
	}
	for at := range seen {
		tf.ended(t, at)
	}
}

func TestAsync_aClientThatLeavesAfterItsAnswerCancelsNothing(t *testing.T) {
	t.Parallel()
	b, open := gated(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	tf := configuredJobs(t, b, "async_after = \"20ms\"")
	for _, raw := range []string{request("GET", "/x", preferAsync), request("GET", "/y")} {
		o, c := tf.exchangeOpen(t, raw, "", whole)
		at := recordIn(t, o.last()).Location
		c.SetLinger(0)
		c.Close()
		open <- struct{}{}
		if r := tf.ended(t, at); r.State != "done" {
			t.Errorf("%q: its record is %+v", raw, r)
		}
	}
}

// TestHandover_aClientThatLeavesBeforeLosesIt: as on any route, the attempt is given up.
func TestHandover_aClientThatLeavesBeforeLosesIt(t *testing.T) {
	t.Parallel()
	b := startBackend(t, silent)
	tf := startJobs(t, b)
	c := tf.dial(t)
	c.send(request("GET", "/x", "Prefer: wait=60"), "", whole)
	b.await(t, "the request", func() bool { return len(b.requests) == 1 })
	c.SetLinger(0)
	c.Close()
	b.awaitEnd(t, 0)
}

// TestAsync_pipelined: a client sends all that it wants at once, and gets the answers in order.
func TestAsync_pipelined(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startJobs(t, b)
	at := tf.become(t, request("GET", "/x", preferAsync))
	tf.ended(t, at)
	raw := request("POST", "/a", preferAsync, "Content-Length: 2") + "hi" + request("GET", at) + request("GET", "/b") +
		request("GET", at+"?view=status") + request("GET", "/c", "Prefer: wait=60") + request("HEAD", at) + request("GET", "/d", "Connection: close")
	for _, how := range []way{whole, bytewise} {
		o := tf.exchange(t, raw, how, "POST", "GET", "GET", "GET", "GET", "HEAD", "GET")
		var got []string
		for _, m := range o.answers {
			got = append(got, fmt.Sprint(m.status(), len(m.body)))
		}
		if len(got) != 7 || got[0][:3] != "202" || got[1] != "200 2" || got[2] != "200 2" || got[4] != "200 2" || got[5] != "200 0" || got[6] != "200 2" || o.end != closed {
			t.Errorf("%v: got %q, %s\n%s", how, got, o.end, o.raw)
		}
	}
}

// TestAsync_theBackendSeesTheOriginalClient: what a job forwards is what its client's request would have been.
func TestAsync_theBackendSeesTheOriginalClient(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startJobs(t, b, "--trusted-proxies", "127.0.0.1")
	for name, raw := range map[string]string{
		"origin-form": request("PATCH", "/a%2fb?x=%zz&y", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-twice: 1", "Cookie: a", "x-Twice: 2",
			"Connection: X-Hop", "X-Hop: 1", "Expect: 100-continue", "Idempotency-Key: k", "PREFER-line", "Content-Length: 2") + "hi",
		"absolute-form":               "GET http://other:80?q HTTP/1.1\r\nHost: front.example\r\nPREFER-line\r\n\r\n",
		"HTTP/1.0":                    "GET /x HTTP/1.0\r\nX-Bytes: \xff\r\nPREFER-line\r\n\r\n",
		"without a Host, with a body": "POST /x HTTP/1.0\r\nPREFER-line\r\nContent-Length: 2\r\n\r\nhi",
	} {
		b.forget()
		tf.exchange(t, strings.Replace(raw, "PREFER-line", "Prefer: return=minimal", 1), whole)
		at := tf.become(t, strings.Replace(raw, "PREFER-line", "Prefer: respond-async, return=minimal", 1))
		tf.ended(t, at)
		requests, raw := b.seen()
		if len(requests) != 2 {
			t.Errorf("%s: the backend saw %q", name, raw)
			continue
		}
		plain, job := requests[0], requests[1]
		if plain.line != job.line || sortedFields(plain) != sortedFields(job) || plain.body != job.body {
			t.Errorf("%s: the backend saw\n%s %q\nof a job, and\n%s %q\nof a client that waits", name, job.line, job.fields, plain.line, plain.fields)
		}
	}
}

// sortedFields are the fields of a request, with Content-Length at the end.
func sortedFields(m message) string {
	var fields []string
	for _, f := range m.fields {
		if !strings.HasPrefix(f, "Content-Length: ") {
			fields = append(fields, f)
		}
	}
	return strings.Join(append(fields, m.values("Content-Length")...), "\n")
}

// TestCallback_isTakenOutOfTheRequest: neither the field nor the parameter reaches the backend.
func TestCallback_isTakenOutOfTheRequest(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	secret := writeFile(t, filepath.Join(t.TempDir(), "secret"), "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
	tf := configuredJobs(t, b, fmt.Sprintf("callback_on = [\"failed\"]\ncallback_secret_file = %q\ncallback_allow = [\"http://127.0.0.1:9/hooks/\"]", secret))
	for name, tc := range map[string]struct {
		target, line, want string
		status             int
	}{
		"the field":          {"/x?a=1", "Callback-URL: http://127.0.0.1:9/hooks/1", "/x?a=1", 202},
		"the parameter":      {"/x?a=1&callback=http%3A%2F%2F127.0.0.1:9/hooks/1%3Fq&b=%zz", "X-Mine: 1", "/x?a=1&b=%zz", 202},
		"the only parameter": {"/x?callback=http://127.0.0.1:9/hooks/1", "X-Mine: 1", "/x", 202},
		"both":               {"/x?callback=http://127.0.0.1:9/hooks/1", "Callback-URL: http://127.0.0.1:9/hooks/1", "", 400},
		"two":                {"/x?callback=http://127.0.0.1:9/hooks/1&callback=http://127.0.0.1:9/hooks/1", "X-Mine: 1", "", 400},
		"badly encoded":      {"/x?callback=http://127.0.0.1:9/hooks/%zz", "X-Mine: 1", "", 400},
		"another host":       {"/x", "Callback-URL: http://127.0.0.2:9/hooks/1", "", 403},
		"another path":       {"/x?callback=http://127.0.0.1:9/other", "X-Mine: 1", "", 403},
		"empty":              {"/x", "Callback-URL:", "", 403},
	} {
		b.forget()
		m := tf.exchange(t, request("GET", tc.target, preferAsync, tc.line), whole).last()
		if m.status() != tc.status {
			t.Errorf("%s: got %s %q, want %d", name, m.line, m.body, tc.status)
			continue
		}
		if tc.status == 202 {
			tf.ended(t, m.values("Location")[0])
			if requests, raw := b.seen(); len(requests) != 1 || requests[0].line != "GET "+tc.want+" HTTP/1.1" || strings.Contains(raw, "hooks") {
				t.Errorf("%s: the backend saw %q", name, raw)
			}
		}
	}
}

// TestHandle_isASecretOfTheLog: its first digits say which job it is.
func TestHandle_isASecretOfTheLog(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startJobs(t, b, "--access-log", "stdout", "--access-log-format", "combined")
	at := tf.become(t, request("GET", "/x", preferAsync))
	tf.ended(t, at)
	id := strings.TrimPrefix(at, "/.tenfour/jobs/")
	if log := tf.logHas(t, "/.tenfour/jobs/"+id[:8]+"***?view=status"); strings.Contains(log, id) {
		t.Errorf("the log has the handle:\n%s", log)
	}
}

func TestAsync_ofAPythonServer(t *testing.T) {
	t.Parallel()
	tf := startTenfour(t, []string{startPython(t, fmt.Sprintf(pythonServer, "HTTP/1.0"))}, "--async", "--data", t.TempDir())
	at := tf.become(t, request("GET", "/page", preferAsync))
	tf.ended(t, at)
	if status, body := tf.get(t, at); status != 200 || body != "okay" {
		t.Errorf("got %d %q", status, body)
	}
}

// TestAsync_takesTheBodyAfter100Continue, and none that is too large.
func TestAsync_takesTheBodyAfter100Continue(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := configuredJobs(t, b, "job_body_max = \"5B\"")
	ask := func(length int) *client {
		c := tf.dial(t)
		t.Cleanup(func() { c.Close() })
		c.send(request("POST", "/x", preferAsync, "Expect: 100-continue", fmt.Sprintf("Content-Length: %d", length)), "", whole)
		return c
	}
	c := ask(5)
	if line, err := c.in.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" || err != nil {
		t.Fatalf("got %q (%v)", line, err)
	}
	c.in.ReadString('\n')
	c.send("hello", "", whole)
	if m := c.listen("POST").last(); m.status() != 202 {
		t.Errorf("got %s", m.line)
	}
	if m := ask(6).listen("POST").last(); m.status() != 413 || len(m.interim) > 0 {
		t.Errorf("a body that is too large got %s, after %d others", m.line, len(m.interim))
	}
}

// TestAsync_aClientThatLeavesBeforeItsRequestIsWholeLosesIt: nothing is accepted.
func TestAsync_aClientThatLeavesBeforeItsRequestIsWholeLosesIt(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := configuredJobs(t, b, "jobs_max = 1")
	c := tf.dial(t)
	c.send(request("POST", "/x", preferAsync, "Content-Length: 5")+"hell", "", whole)
	if err := c.awaitRead(); err != nil {
		t.Fatal(err)
	}
	c.Close()
	at := tf.become(t, request("GET", "/y", preferAsync)) // it is the only job
	tf.ended(t, at)
	if requests, raw := b.seen(); len(requests) != 1 || requests[0].line != "GET /y HTTP/1.1" {
		t.Errorf("the backend saw %q", raw)
	}
}

// TestHandle_ofAJobThatFailed has the last real response, or the reason.
func TestHandle_ofAJobThatFailed(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 503 Not Now\r\nX-Mine: 1\r\nContent-Length: 4\r\n\r\nlate"))
	tf := configuredJobs(t, b, "attempts = 1")
	at := tf.become(t, request("GET", "/x", preferAsync))
	if r := tf.ended(t, at); r.State != "failed" || r.Status != 503 || r.Reason == "" {
		t.Errorf("its record is %+v", r)
	}
	if m := tf.handle(t, at); m.line != "HTTP/1.1 503 Not Now" || m.body != "late" || !m.has("X-Mine", "1") {
		t.Errorf("got %s %q %q", m.line, m.fields, m.body)
	}
	down := configured(t, refusing(t), fmt.Sprintf("data = %q\nhold = \"0s\"\nasync = true\nattempts = 1\nbackends = \"BACKEND\"\n", t.TempDir()))
	at = down.become(t, request("GET", "/x", preferAsync))
	if r := down.ended(t, at); r.State != "failed" || r.Status != 0 {
		t.Errorf("its record is %+v", r)
	}
	if m := down.handle(t, at); m.status() != 502 || !strings.Contains(m.body, "this job has failed: the backend refused connections") {
		t.Errorf("got %s %q", m.line, m.body)
	}
}

// onceAnHour are settings for a directory and a backend, where every job but the first waits for its limit.
const onceAnHour = `
data = %q
async = true
[limit.few]
rate = "1/1h"
over = "wait"
[[route]]
path = "/"
backends = %q
limit = "few"
`

// TestAsync_atALimitThatItWaitsFor is accepted at once, and waits there.
func TestAsync_atALimitThatItWaitsFor(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := configured(t, b.addr, fmt.Sprintf(onceAnHour, t.TempDir(), b.addr))
	tf.ended(t, tf.become(t, request("GET", "/1", preferAsync)))
	at := tf.become(t, request("GET", "/2", preferAsync))
	if r := recordIn(t, tf.handle(t, at)); r.State != "accepted" || r.Tried != 0 {
		t.Errorf("its record is %+v", r)
	}
	if m := tf.exchange(t, request("DELETE", at), whole).last(); m.status() != 200 {
		t.Errorf("it is cancelled with %s", m.line)
	}
}

// TestHandover_thatTheStoreRefusesIsAnOrdinaryExchange: its client waits on.
func TestHandover_thatTheStoreRefusesIsAnOrdinaryExchange(t *testing.T) {
	t.Parallel()
	b, open := gated(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	tf := configured(t, b.addr, fmt.Sprintf("data = %q\nworkers = 2\nasync = true\njobs_max = 1\nbackends = \"BACKEND\"\n", t.TempDir()), "--log-level", "warn")
	at := tf.become(t, request("GET", "/1", preferAsync))
	c := tf.dial(t)
	defer c.Close()
	c.send(request("GET", "/2", "Prefer: wait=1"), "", whole)
	tf.logHas(t, "could not become a job")
	open <- struct{}{}
	open <- struct{}{}
	if m := c.listen("GET").last(); m.body != "ok" {
		t.Errorf("got %s %q", m.line, m.body)
	}
	tf.ended(t, at)
}

// TestHandle_whileTenfourDrains: what a connection that lives asks about jobs is answered, and waits for nothing; no job is accepted.
func TestHandle_whileTenfourDrains(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startReloadable(t, fmt.Sprintf(onceAnHour, t.TempDir(), b.addr), "--drain", "30s")
	tf.ended(t, tf.become(t, request("GET", "/1", preferAsync)))
	at := tf.become(t, request("GET", "/2", preferAsync)) // it waits for its limit
	half := func(raw string) *client {                    // a request that has begun, so that its connection lives
		c := tf.dial(t)
		t.Cleanup(func() { c.Close() })
		c.send(raw[:len(raw)-2], "", whole)
		if err := c.awaitRead(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	asks, posts := half(request("GET", at, "Prefer: wait=60")), half(request("GET", "/y", preferAsync))
	waits := tf.dial(t)
	defer waits.Close()
	waits.send(request("GET", at, "Prefer: wait=60"), "", whole)
	if err := waits.awaitRead(); err != nil {
		t.Fatal(err)
	}
	tf.stop()
	for name, c := range map[string]*client{"a client that waits": waits, "one that would": asks} {
		if c == asks {
			c.send("\r\n", "", whole)
		}
		if m := c.listen("GET").last(); m.status() != 202 || !m.has("Connection", "close") {
			t.Errorf("%s got %s %q", name, m.line, m.fields)
		}
	}
	posts.send("\r\n", "", whole)
	if m := posts.listen("GET").last(); m.status() != 503 || !m.has("Retry-After", "1") {
		t.Errorf("a new job got %s %q", m.line, m.fields)
	}
}

// TestHandle_answersAsItsRouteDoes: field lines that the route sets are on what tenfour says about its jobs, and a trusted proxy's prefix is in
// their locations.
func TestHandle_answersAsItsRouteDoes(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := configured(t, b.addr, fmt.Sprintf(`
data = %q
trusted_proxies = "127.0.0.1"
async = true
[[route]]
path = "/app/"
strip_prefix = "/app"
backends = "BACKEND"
response.set = { Access-Control-Allow-Origin = "*" }
`, t.TempDir()))
	const outer = "X-Forwarded-Prefix: /outer"
	m := tf.exchange(t, request("GET", "/app/x?q", preferAsync, outer), whole).last()
	r := recordIn(t, m)
	at := "/.tenfour/jobs/" + r.ID
	if !m.has("Access-Control-Allow-Origin", "*") || m.values("Location")[0] != "/outer"+at || r.Location != "/outer"+at {
		t.Errorf("got %q %q", m.fields, m.body)
	}
	tf.ended(t, at)
	for _, lines := range [][]string{nil, {outer}} {
		m := tf.handle(t, at+"?view=status", lines...)
		want := at
		if lines != nil {
			want = "/outer" + at
		}
		if r := recordIn(t, m); r.Location != want || len(m.values("Access-Control-Allow-Origin")) != 1 {
			t.Errorf("the record got %q %q", m.fields, m.body)
		}
	}
	if m := tf.handle(t, at); m.body != "ok" || len(m.values("Access-Control-Allow-Origin")) != 1 {
		t.Errorf("the result got %q %q", m.fields, m.body)
	}
	if requests, raw := b.seen(); len(requests) != 1 || requests[0].line != "GET /x?q HTTP/1.1" || !requests[0].has("X-Forwarded-Prefix", "/outer/app") {
		t.Errorf("the backend saw %q", raw)
	}
}

// TestHandover_atAnyMoment: responses come just before, in and just after the moment at which their requests become jobs. Each client gets its
// response, or a handle that leads to it, and the backend sees each request once.
func TestHandover_atAnyMoment(t *testing.T) {
	t.Parallel()
	const clients, each = 8, 25
	b := startBackend(t, func(v *visit) {
		for {
			m, err := v.request()
			if err != nil {
				return
			}
			await.Pace(time.Duration(rand.IntN(8)) * time.Millisecond)
			v.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(m.body), m.body))
		}
	})
	tf := configured(t, b.addr, fmt.Sprintf("data = %q\nworkers = 4\nasync = true\nasync_after = \"4ms\"\nbackends = \"BACKEND\"\n", t.TempDir()))
	var all sync.WaitGroup
	var jobs atomic.Int32
	for i := range clients {
		all.Go(func() {
			c := tf.dial(t)
			defer c.Close()
			for k := range each {
				c.SetDeadline(time.Now().Add(4 * patience))
				body := fmt.Sprintf("%d.%d", i, k)
				c.send(request("PUT", "/x", fmt.Sprintf("Content-Length: %d", len(body)))+body, "", whole)
				m := c.listen("PUT").last()
				if m.status() == 202 {
					jobs.Add(1)
					at := m.values("Location")[0]
					c.send(request("GET", at, "Prefer: wait=60"), "", whole)
					m = c.listen("GET").last()
				}
				if m.body != body {
					t.Errorf("%s got %s %q", body, m.line, m.body)
				}
			}
		})
	}
	all.Wait()
	seen := map[string]int{}
	requests, _ := b.seen()
	for _, m := range requests {
		seen[m.body]++
	}
	if len(requests) != clients*each || len(seen) != clients*each {
		t.Errorf("the backend saw %d requests, %d different ones, of %d", len(requests), len(seen), clients*each)
	}
	t.Logf("%d of %d became jobs", jobs.Load(), clients*each) // about half, and all on a very slow machine
}

// TestAsync_atALimitForEachToken: a job counts for the token that made it, although the token itself is not kept.
func TestAsync_atALimitForEachToken(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tokens := writeFile(t, filepath.Join(t.TempDir(), "tokens"), "anna abcdefghijklmnopqrstuvwxyz\nbert zyxwvutsrqponmlkjihgfedcba\n")
	tf := configured(t, b.addr, fmt.Sprintf("client_token_file = %q\n", tokens)+
		strings.Replace(fmt.Sprintf(onceAnHour, t.TempDir(), b.addr), `over = "wait"`, "over = \"wait\"\nby = \"token\"", 1))
	const anna, bert = "Authorization: Bearer abcdefghijklmnopqrstuvwxyz", "Authorization: Bearer zyxwvutsrqponmlkjihgfedcba"
	over := func(at, token string) bool { return tf.handle(t, at, token).body == "ok" }
	first := tf.become(t, request("GET", "/1", preferAsync, anna))
	eventually(t, "anna's first job is over", func() bool { return over(first, anna) })
	second := tf.become(t, request("GET", "/2", preferAsync, anna))
	berts := tf.become(t, request("GET", "/3", preferAsync, bert))
	eventually(t, "bert's first job is over", func() bool { return over(berts, bert) })
	if over(second, anna) {
		t.Error("anna's second job did not wait")
	}
}
