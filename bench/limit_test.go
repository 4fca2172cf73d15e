package main

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// startRelay builds the relay and starts it as k in front of a backend, whose connections it counts.
func startRelay(t *testing.T, k *kind) (addr string, conns *atomic.Int32) {
	t.Helper()
	needLinux(t)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path, missing, err := buildLimit(t.Context(), root, dir)
	if err != nil {
		t.Fatal(err)
	}
	if missing != "" {
		t.Skip(missing)
	}
	conns = &atomic.Int32{}
	backend, err := serveRaw(func(c *net.TCPConn) {
		conns.Add(1)
		sinkConn(c)
	}, 8)
	if err != nil {
		t.Fatal(err)
	}
	c := &Contender{Name: k.name, Kind: k, Path: path}
	addr, p, err := c.Start(t.Context(), dir, setup{Backends: []string{backend}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.End)
	return addr, conns
}

func dialRelay(t *testing.T, addr string) *bodyClient {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c, err := dialBody(ctx, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestRelay_passesBytesOnBothWays(t *testing.T) {
	addr, conns := startRelay(t, relay)
	c := dialRelay(t, addr)
	for range 3 { // more bytes than the sockets hold, on one connection; the answer must name the length
		if _, err := c.post("/", 20e6); err != nil {
			t.Fatal(err)
		}
	}
	before := conns.Load()
	if _, err := dialRelay(t, addr).post("/", 5); err != nil {
		t.Fatal(err)
	}
	if got := conns.Load() - before; got != 1 {
		t.Errorf("another client met %d more connections at the backend, want 1", got)
	}
	c.CloseWrite(t)
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Errorf("after the client's end: %q, %v; want the backend's end", rest, err)
	}
}

// CloseWrite shuts c's sending side.
func (c *bodyClient) CloseWrite(t *testing.T) {
	t.Helper()
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

func TestPooledRelay_keepsItsBackendAndClosesItsClients(t *testing.T) {
	addr, conns := startRelay(t, pooledRelay)
	for range 5 {
		c := dialRelay(t, addr)
		await.Within(c, 5*time.Second)
		if _, err := io.WriteString(c, "GET / HTTP/1.0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(c)
		if err != nil || !strings.HasSuffix(string(answer), "\r\n\r\n0") {
			t.Fatalf("got %q, %v; want the backend's answer and the end", answer, err)
		}
	}
	if got := conns.Load(); got != 1 {
		t.Errorf("the backend met %d connections, want the one that is kept", got)
	}
}

func TestLimit_countsInNoGoal(t *testing.T) {
	r := someReport(1)
	for round := 1; round <= 2; round++ {
		for _, name := range []string{"relay", "relay-pooled"} {
			r.Samples = append(r.Samples, &Sample{Scenario: "close", Contender: name, Round: round, Figures: map[string]float64{"rps": 1e6, "cpu": 1}})
		}
	}
	r.Contenders = append(r.Contenders, ContenderInfo{"relay", ""}, ContenderInfo{"relay-pooled", ""})
	for _, f := range []Figure{perSecond, cpuEach} {
		if got := r.best("close", f); got != "nginx" {
			t.Errorf("%s: the best peer is %s, want nginx", f.Title, got)
		}
	}
	for _, l := range r.losses() {
		if strings.Contains(l, "relay") {
			t.Errorf("a loss: %s", l)
		}
	}
	if page := r.markdown(); !strings.Contains(page, "| relay-pooled | 1,000,000 ×0.00 |") {
		t.Errorf("the page has no row for it:\n%s", page)
	}
}

func TestLimit_takesPartInItsScenarios(t *testing.T) {
	for name, want := range map[string]string{"relay": "close keep", "relay-mine": "close keep", "relay-pooled": "close"} {
		c := &Contender{Name: name, Kind: kindOf(name)}
		var got []string
		for _, s := range scenarios {
			if c.TakesPart(s) {
				got = append(got, s.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s takes part in %q, want %q", name, got, want)
		}
	}
}

func TestLimit_isMissingWithoutACompiler(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	path, missing, err := buildLimit(t.Context(), "..", t.TempDir())
	if err != nil || path != "" || !strings.Contains(missing, "cc") || strings.Contains(missing, "\n") {
		t.Errorf("got %q, %q, %v; want one line that names cc", path, missing, err)
	}
}
