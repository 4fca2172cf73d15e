//go:build !portable

package sock

import (
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// segmentsIn returns how many segments the kernel has received on a connection.
func segmentsIn(t *testing.T, c *net.TCPConn) uint32 {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil {
		t.Fatal(err)
	}
	return info.Segs_in
}

func TestLast_sharesASegmentWithTheEnd(t *testing.T) {
	for name, end := range map[string]func(*Conn){
		"Close":      (*Conn).Close,
		"CloseWrite": func(c *Conn) { c.CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			var segments [2]uint32
			for i, last := range []bool{false, true} {
				c, peer := startPair(t)
				before := segmentsIn(t, peer)
				c.Last(last)
				if n, err := c.Write([]byte("goodbye")); n != 7 || err != nil {
					t.Fatalf("wrote %d, %v", n, err)
				}
				end(c)
				if got, err := io.ReadAll(peer); string(got) != "goodbye" || err != nil {
					t.Errorf("the peer got %q, %v", got, err)
				}
				segments[i] = segmentsIn(t, peer) - before
			}
			if segments != [2]uint32{2, 1} {
				t.Errorf("%d segments without Last, %d with it; want 2 and 1", segments[0], segments[1])
			}
		})
	}
}
