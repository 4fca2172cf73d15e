package sock

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tenfour/lot"
)

func TestPace_isOffForConnectionsOverLoopback(t *testing.T) {
	accepted, _ := startPair(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	lot, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	defer lot.Close()
	var dialled Conn
	if err := dialled.Dial(lot, netip.MustParseAddrPort(ln.Addr().String())); err != nil {
		t.Fatal(err)
	}
	defer dialled.Close()
	for name, c := range map[string]*Conn{"accepted": accepted, "dialled": &dialled} {
		got, err := unix.GetsockoptString(c.fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
		if err != nil || strings.HasPrefix(got, "bbr") {
			t.Errorf("%s: congestion control %q, %v; want one that does not pace", name, got, err)
		}
	}
}
