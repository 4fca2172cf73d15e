package sock

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestKeepAlive_probesAfter15Seconds(t *testing.T) {
	c, _ := startPair(t)
	c.KeepAlive()
	for name, tc := range map[string]struct{ level, option, want int }{
		"keep-alive is on":         {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		"the first probe, in s":    {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
		"between two probes, in s": {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
		"probes":                   {unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
	} {
		if got, err := unix.GetsockoptInt(c.fd, tc.level, tc.option); got != tc.want || err != nil {
			t.Errorf("%s: got %d (%v), want %d", name, got, err, tc.want)
		}
	}
}

func TestUnsent_isWhatThePeersKernelHasNotTaken(t *testing.T) {
	c, peer := startPair(t)
	peer.SetReadBuffer(4 << 10)
	sent := make([]byte, 8<<20)
	n, err := c.Write(sent)
	if err != ErrWait {
		t.Fatalf("wrote %d of %d, %v; want a part", n, len(sent), err)
	}
	before := c.Unsent()
	if before == 0 || before > n {
		t.Fatalf("of %d bytes %d are unsent; want some", n, before)
	}
	peer.Read(make([]byte, n))
	unblocked(t, c, func() error {
		if c.Unsent() < before {
			return nil
		}
		return ErrWait
	})
}
