package tests

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
)

// probeTimers are the seconds until the kernel's next TCP keep-alive probe on each established connection that one
// socket of this machine has from or to a port.
func probeTimers(t testing.TB, local, remote string) (seconds []float64) {
	t.Helper()
	b, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Skipf("the kernel does not list connections: %v", err)
	}
	const established, keepAlive = "01", "02"
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 6 || f[3] != established || local != "" && !strings.HasSuffix(f[1], local) || remote != "" && !strings.HasSuffix(f[2], remote) {
			continue
		}
		timer, when, _ := strings.Cut(f[5], ":")
		if timer != keepAlive {
			continue
		}
		ticks, err := strconv.ParseInt(when, 16, 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		seconds = append(seconds, float64(ticks)/100)
	}
	return seconds
}

// portHex is how /proc/net/tcp writes the port of an address.
func portHex(addr string) string { return fmt.Sprintf(":%04X", netip.MustParseAddrPort(addr).Port()) }

// A peer that has vanished sends no end. The kernel's probes find it out, on both sides of what lasts.
func TestLasting_probesBothPeersWithin15Seconds(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]string{"an event stream": askEvents, "a WebSocket": askUpgrade} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := startEvents(t)
			tf := startTenfour(t, []string{e.addr})
			tf.open(t, ask)
			client, backend := portHex(tf.addr), portHex(e.addr)
			for side, timers := range map[string]func() []float64{
				"the client":  func() []float64 { return probeTimers(t, client, "") },
				"the backend": func() []float64 { return probeTimers(t, "", backend) },
			} {
				eventually(t, "the kernel probes "+side, func() bool { return len(timers()) > 0 })
				for _, s := range timers() {
					if s > 15 {
						t.Errorf("%s is probed in %.0f s, want 15 at most", side, s)
					}
				}
			}
		})
	}
}
