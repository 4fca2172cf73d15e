package health

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tenfour/tests/await"
)

type change struct {
	well bool
	why  string
}

// reporter is a backend that reports what it is called for.
type reporter chan change

func (r reporter) Well()           { r <- change{well: true} }
func (r reporter) Sick(why string) { r <- change{why: why} }
func (r reporter) Passed()         {}
func (r reporter) Refused(code int, host string) {
	r <- change{why: fmt.Sprintf("refused %d %s", code, host)}
}
func (r reporter) Impatient() {}
func (r reporter) Patient()   {}

// waited reports its patience too.
type waited struct{ reporter }

func (w waited) Impatient() { w.reporter <- change{why: "impatient"} }
func (w waited) Patient()   { w.reporter <- change{why: "patient"} }

// start checks a server that answers with a status, and returns the changes that the checker reports.
func start(t *testing.T, status *atomic.Int32, asked *atomic.Int32) chan change {
	t.Helper()
	before := goleak.IgnoreCurrent()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path != "/health" || r.Method != http.MethodGet {
			t.Errorf("asked for %s %s", r.Method, r.URL.Path)
		}
		w.WriteHeader(int(status.Load()))
	}))
	told := make(chan change, 10)
	k := Start(Check{URL: s.URL + "/health", Every: time.Millisecond, Timeout: await.Patience}, reporter(told))
	t.Cleanup(func() {
		k.Close()
		s.Close()
		if err := goleak.Find(before); err != nil {
			t.Errorf("after Close: %v", err)
		}
	})
	return told
}

func next(t *testing.T, told chan change) change {
	t.Helper()
	return await.Value(t, told, "a change")
}

func TestCheck_reportsEachChange(t *testing.T) {
	var status, asked atomic.Int32
	status.Store(204)
	told := start(t, &status, &asked)
	n := asked.Load() + 5
	await.Until(t, "it has asked five times more", func() bool { return asked.Load() >= n })
	if len(told) != 0 {
		t.Errorf("got %v for a backend that is well, want no change", <-told)
	}
	for _, bad := range []int32{500, 404} {
		status.Store(bad)
		if c := next(t, told); c.well || !strings.Contains(c.why, "answered its health check with") {
			t.Errorf("with %d got %+v, want sick", bad, c)
		}
		status.Store(302)
		if c := next(t, told); !c.well {
			t.Errorf("when it was well again got %+v", c)
		}
	}
}

func TestCheck_reportsSickWithoutAServer(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := httptest.NewServer(nil)
	url := s.URL
	s.Close()
	told := make(chan change, 10)
	k := Start(Check{URL: url, Every: time.Millisecond, Timeout: await.Patience}, reporter(told))
	defer k.Close()
	if c := next(t, told); c.well || !strings.Contains(c.why, "connection refused") {
		t.Errorf("got %+v, want sick, with the reason", c)
	}
}

// TestCheck_isNotHeldByABackendThatIsMuteAfter101: no timeout ends the reading of such an answer's body, which is the connection.
func TestCheck_isNotHeldByABackendThatIsMuteAfter101(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	let := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		<-let
	}))
	defer s.Close()
	defer close(let)
	told := make(chan change, 10)
	k := Start(Check{URL: s.URL, Every: time.Millisecond, Timeout: await.Patience}, reporter(told))
	defer k.Close()
	if c := next(t, told); c.well || !strings.Contains(c.why, "101") {
		t.Errorf("got %+v, want sick, with 101", c)
	}
}

// TestCheck_isImpatientBeforeItsTimeout: also if that is short.
func TestCheck_isImpatientBeforeItsTimeout(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	told := make(chan change, 10)
	let := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-let }))
	defer s.Close()
	defer close(let)
	k := Start(Check{URL: s.URL, Every: time.Millisecond, Timeout: impatience - time.Millisecond}, waited{told})
	defer k.Close()
	for _, want := range []string{"impatient", "patient", "impatient", "patient"} {
		if c := next(t, told); c.why != want {
			t.Fatalf("got %+v, want %s", c, want)
		}
	}
}

// TestCheck_isImpatientAfterAWhile: a check that is not answered soon says so, and takes it back when it is over.
func TestCheck_isImpatientAfterAWhile(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	told := make(chan change, 10)
	let := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-let }))
	defer s.Close()
	k := Start(Check{URL: s.URL, Every: time.Hour, Timeout: 2 * await.Patience}, waited{told})
	defer k.Close()
	if c := next(t, told); c.why != "impatient" {
		t.Fatalf("got %+v, want that the check is impatient", c)
	}
	close(let)
	if c := next(t, told); c.why != "patient" {
		t.Fatalf("got %+v, want that it is patient again", c)
	}
}
