package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

func needLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip(errNotLinux)
	}
}

// TestOpenLoop_countsAStallForEachRequestDue: a server stalls once for 300 ms. A closed loop of one client would see one slow
// answer; the open loop sees all the requests that were due.
func TestOpenLoop_countsAStallForEachRequestDue(t *testing.T) {
	needLinux(t)
	for name, closes := range map[string]bool{"persistent connections": false, "a connection for each": true} {
		t.Run(name, func(t *testing.T) {
			var count atomic.Int64
			var begun atomic.Pointer[time.Time] // when the first request came: the stall is due from then
			const from, stall = 300 * time.Millisecond, 300 * time.Millisecond
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				count.Add(1)
				now := time.Now()
				begun.CompareAndSwap(nil, &now)
				if at := time.Since(*begun.Load()); at > from && at < from+stall {
					await.Pace(from + stall - at)
				}
				fmt.Fprint(w, "well")
			}))
			defer srv.Close()
			o := &OpenLoop{
				Addr: srv.Listener.Addr().String(), Target: "/", Rate: 500, Time: time.Second,
				Patience: 5 * time.Second, Conns: 8, Close: closes,
			}
			r, err := o.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Problem() != "" || count.Load() != 500 || r.Hist.TotalCount() != 500 {
				t.Errorf("problem %q, %d requests met, %d latencies; want 500 of each", r.Problem(), count.Load(), r.Hist.TotalCount())
			}
			// 30 % were due during the stall, and half of those waited for more than 150 ms: so the 85th percentile is about 150 ms.
			if got := r.Hist.ValueAtQuantile(90); got < 50_000 {
				t.Errorf("p90 is %d µs: the stall was omitted", got)
			}
			if got := r.Hist.Max(); got < 250_000 {
				t.Errorf("the longest is %d µs, want about 300 ms", got)
			}
			if r.Slots[3] < 150 || r.Slots[0] > r.Slots[3] { // a busy machine is slow in the first, too
				t.Errorf("slots %v: want the stall in the fourth", r.Slots)
			}
		})
	}
}

func TestOpenLoop_countsWhatFails(t *testing.T) {
	needLinux(t)
	tests := map[string]struct {
		handler      http.HandlerFunc
		bad, missing bool
	}{
		"another status":      {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) }, true, false},
		"a broken connection": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true, false},
		"no answer in time":   {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, false, true},
		"a body of some size": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "200000")
			w.Write(make([]byte, 200_000))
		}, false, false},
		"an answer without it": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }, false, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(tc.handler)
			defer srv.Close()
			o := &OpenLoop{Addr: srv.Listener.Addr().String(), Target: "/", Rate: 200, Time: 100 * time.Millisecond, Patience: 400 * time.Millisecond, Conns: 4}
			r, err := o.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if (r.Bad == 20) != tc.bad || (r.Missing == 20) != tc.missing || (r.Problem() == "") == (tc.bad || tc.missing) {
				t.Errorf("%d of 20 bad, %d missing: %q; want bad %t, missing %t", r.Bad, r.Missing, r.Problem(), tc.bad, tc.missing)
			}
		})
	}
}

func TestProcess_killsChildrenThatIgnoreSIGTERM(t *testing.T) {
	needLinux(t)
	dir := t.TempDir()
	p, err := startProcess("sh", dir, nil, "sh", "-c", "trap '' TERM; sleep 60 & echo $! > child; wait")
	if err != nil {
		t.Fatal(err)
	}
	var child int
	await.Until(t, "its child runs", func() bool {
		text, _ := os.ReadFile(filepath.Join(dir, "child"))
		child, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return child != 0
	})
	if len(tree(p.Pid())) < 2 || pssOf(p.Pid()) == 0 {
		t.Errorf("the tree of %d is %v, want it with its child %d; PSS %v", p.Pid(), tree(p.Pid()), child, pssOf(p.Pid()))
	}
	p.End()
	p.End()
	await.Until(t, "its child has ended", func() bool { return syscall.Kill(child, 0) != nil || isZombie(child) })
}

func isZombie(pid int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Contains(string(text), ") Z ")
}

func TestProcess_returnsWhyItFailed(t *testing.T) {
	p, err := startProcess("sh", t.TempDir(), nil, "sh", "-c", "echo the reason >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	defer p.End()
	if err := p.AwaitListening(t.Context(), "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("got %v, want the reason", err)
	}
}

func TestTransfer_countsEveryByteOfTheSink(t *testing.T) {
	needLinux(t)
	addr, err := ownBackends["sink"]("")
	if err != nil {
		t.Fatal(err)
	}
	c, err := dialBody(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		if n, err := c.post("/up", 3_000_001); n != 3_000_001 || err != nil {
			t.Errorf("sent %d, %v", n, err)
		}
	}
}

func TestBackends_serveTheTargetsOfTheScenarios(t *testing.T) {
	needLinux(t)
	site := t.TempDir()
	if err := os.WriteFile(filepath.Join(site, smallTarget), make([]byte, smallSize), 0o600); err != nil {
		t.Fatal(err)
	}
	for kind, sizes := range map[string]map[string]int64{
		"lab":    {smallTarget: smallSize},
		"serial": {pageTarget: pageSize, largeTarget: largeSize},
	} {
		addr, err := ownBackends[kind](site)
		if err != nil {
			t.Fatal(err)
		}
		for target, size := range sizes {
			res, err := http.Get("http://" + addr + target)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if got != size || err != nil || res.StatusCode != http.StatusOK {
				t.Errorf("%s%s: %d bytes, %v, %s; want %d", kind, target, got, err, res.Status, size)
			}
		}
	}
}

func TestCrowd_noticesClosedConnections(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	held := &crowd{send: "GET / HTTP/1.1\r\n"}
	defer held.Close()
	if err := held.gather(t.Context(), ln.Addr().String(), 3); err != nil {
		t.Fatal(err)
	}
	first, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	if got := held.open(); got != 2 {
		t.Errorf("%d are open, want 2", got)
	}
}

func TestTool_isEndedWhenItIsLate(t *testing.T) {
	began := time.Now()
	if _, err := runTool(t.Context(), 100*time.Millisecond, "sleep", "30"); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("err %v after %v", err, time.Since(began))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := runTool(ctx, time.Minute, "sleep", "30"); err == nil {
		t.Error("it ran without a context")
	}
}
