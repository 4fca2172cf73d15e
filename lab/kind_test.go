package lab

import (
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

func TestSlow_answersAfterItsDelay(t *testing.T) {
	g := startFaulty(t, "slow:delay=50ms").visitedBy(t)
	for range 2 { // on one connection
		began := time.Now()
		_, body, err := g.get()
		if took := time.Since(began); err != nil || len(body) != 4096 || took < 50*time.Millisecond {
			t.Errorf("got %d bytes and error %v after %v, want 4096 after 50ms", len(body), err, took)
		}
	}
}

func TestSlow_sendsItsBodyAtItsRate(t *testing.T) {
	g := startFaulty(t, "slow:delay=0,size=100,rate=1kB").visitedBy(t)
	began := time.Now()
	io.WriteString(g, plainGet)
	r, err := http.ReadResponse(g.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 100)
	n, err := r.Body.Read(first)
	if n == 100 || err != nil {
		t.Errorf("got %d of 100 bytes at once, error %v; want a part", n, err)
	}
	rest, err := io.ReadAll(r.Body)
	if took := time.Since(began); n+len(rest) != 100 || err != nil || took < 50*time.Millisecond {
		t.Errorf("got %d bytes, error %v, after %v; want 100, after 50ms at least", n+len(rest), err, took)
	}
}

func TestSingle_servesOneConnectionAfterTheOther(t *testing.T) {
	b := startFaulty(t, "single")
	first := b.visitedBy(t)
	await.Until(t, "the first connection is accepted", func() bool { return b.Counts().Connections == 1 })
	second := b.visitedBy(t)
	io.WriteString(second, plainGet)
	inTurn(t, first, second)
	if _, err := second.in.ReadByte(); err != io.EOF {
		t.Errorf("after the answer: got error %v, want the connection closed", err)
	}
}

func TestSingle_withKeepServesNoOtherConnection(t *testing.T) {
	b := startFaulty(t, "single:keep=true,sleep=0")
	first := b.visitedBy(t)
	await.Until(t, "the first connection is accepted", func() bool { return b.Counts().Connections == 1 })
	second := b.visitedBy(t)
	io.WriteString(second, plainGet)
	for want := 1; want <= 3; want++ {
		r, _, err := first.get()
		if err != nil || number(t, r) != want {
			t.Fatalf("the first connection's request %d: got %v, error %v", want, r, err)
		}
	}
	first.Close()
	if r, _, err := second.read(); err != nil || number(t, r) != 4 {
		t.Errorf("the second connection, when the first has ended: got %v, error %v", r, err)
	}
}

// inTurn fails the test unless the backend serves first's request before second's, which was sent earlier.
func inTurn(t testing.TB, first, second *guest) {
	t.Helper()
	r, _, err := first.get()
	if err != nil || number(t, r) != 1 {
		t.Fatalf("the first connection: got %v, error %v; want request 1", r, err)
	}
	r, _, err = second.read()
	if err != nil || number(t, r) != 2 {
		t.Fatalf("the second connection: got %v, error %v; want request 2", r, err)
	}
}

func TestSingle_letsOnlyItsBacklogWait(t *testing.T) {
	b := startFaulty(t, "single:backlog=1")
	for range 8 {
		c, err := net.DialTimeout("tcp", b.Addr(), 200*time.Millisecond)
		if err != nil {
			return
		}
		defer c.Close()
	}
	t.Error("8 connections were made to a backend that sits on one, with a backlog of 1")
}

func TestFlaky_failsItsShareRepeatablyBySeed(t *testing.T) {
	fates := func() (statuses []int) {
		g := startFaulty(t, "flaky:delay=0,seed=7,status=500|503").visitedBy(t)
		for range 200 {
			r, _, err := g.get()
			if err != nil {
				t.Fatal(err)
			}
			statuses = append(statuses, r.StatusCode)
		}
		return statuses
	}
	got := fates()
	seen := map[int]int{}
	for _, status := range got {
		seen[status]++
	}
	failed := seen[500] + seen[503]
	if math.Abs(float64(failed)-50) > 20 || seen[200]+failed != 200 || seen[500] == 0 || seen[503] == 0 {
		t.Errorf("got %v, want some 150 times 200, and 500 and 503 for the others", seen)
	}
	if again := fates(); !slices.Equal(got, again) {
		t.Errorf("with the same seed: got\n%v, then\n%v", got, again)
	}
}

func TestRestart_resetsAllThenRefusesForAWhile(t *testing.T) {
	b := startFaulty(t, "restart:up=100ms,down=50ms")
	g := b.visitedBy(t)
	if r, _, err := g.get(); err != nil || r.StatusCode != 200 {
		t.Fatalf("while it is up: got %v, error %v", r, err)
	}
	if _, err := g.in.ReadByte(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("when it dies: got error %v, want the connection reset", err)
	}
	refusals, _, _ := untilServed(t, b.Addr())
	if got := b.Counts().Openings; refusals == 0 || got < 2 { // a slow client meets it after another death
		t.Errorf("got %d refusals and %d openings until it served again, want some and 2 at least", refusals, got)
	}
}

func TestReset_resetsWithoutAnAnswer(t *testing.T) {
	b := startFaulty(t, "reset")
	if r, _, err := b.visitedBy(t).get(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, error %v; want a reset", r, err)
	}
	if got := b.Counts().Requests; got != 1 {
		t.Errorf("got %d requests read, want 1", got)
	}
}

func TestReset_answersTheOtherShare(t *testing.T) {
	b := startFaulty(t, "reset:fail=0.5,seed=1")
	whole, cut := 0, 0
	for range 40 {
		if _, _, err := b.visitedBy(t).get(); err == nil {
			whole++
		} else {
			cut++
		}
	}
	if whole < 10 || cut < 10 {
		t.Errorf("got %d answers and %d resets, want some 20 of each", whole, cut)
	}
}

func TestShort_sendsHalfOfWhatItAnnounces(t *testing.T) {
	r, body, err := startFaulty(t, "short:size=1000").visitedBy(t).get()
	if err != io.ErrUnexpectedEOF || r.ContentLength != 1000 || len(body) != 500 {
		t.Errorf("got %d bytes of %v, error %v; want 500 of 1000, then the end", len(body), r, err)
	}
}

func TestMute_acceptsAndNeverAnswers(t *testing.T) {
	b := startFaulty(t, "mute")
	g := b.visitedBy(t)
	await.Until(t, "the connection is accepted", func() bool { return b.Counts().Connections == 1 })
	g.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if r, _, err := g.get(); !isTimeout(err) {
		t.Errorf("got %v, error %v; want nothing", r, err)
	}
}

func TestMute_noticesThatAClientHasLeft(t *testing.T) {
	b := startFaulty(t, "mute")
	g := b.visitedBy(t)
	g.Conn.(*net.TCPConn).CloseWrite()
	if _, err := g.in.ReadByte(); err != io.EOF {
		t.Errorf("got error %v, want the connection closed", err)
	}
}

func TestRefuse_holdsAPortAndRefuses(t *testing.T) {
	b := startFaulty(t, "refuse")
	for range 3 {
		c, err := net.Dial("tcp", b.Addr())
		if !errors.Is(err, syscall.ECONNREFUSED) {
			if err == nil {
				c.Close()
			}
			t.Fatalf("got error %v, want a refusal", err)
		}
	}
}

func TestBig_sendsItsSize(t *testing.T) {
	for spec, want := range map[string]int64{"big:size=3MiB": 3 << 20, "big": 100 << 20, "big:size=0": 0} {
		g := startFaulty(t, spec).visitedBy(t)
		io.WriteString(g, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
		r, err := http.ReadResponse(g.in, &http.Request{Method: "HEAD"})
		if err != nil || r.ContentLength != want {
			t.Errorf("%s: HEAD: got %v, error %v; want Content-Length %d", spec, r, err, want)
		}
		io.WriteString(g, plainGet)
		r, err = http.ReadResponse(g.in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r.Body); n != want || err != nil {
			t.Errorf("%s: got %d bytes, error %v; want %d", spec, n, err, want)
		}
	}
}
