package tests

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"syscall"

	"tenfour/tests/await"
)

// awaitRead returns when the peer has read every byte that w sent, or when it has answered or gone, because then it
// need not read on. It asks the kernel about the peer's socket, which tests can since both ends are on this machine.
func (w *wire) awaitRead() (err error) {
	var peer, own socketState
	if await.Holds(patience, func() bool {
		peer, err = askKernel(w.RemoteAddr(), w.LocalAddr())
		if err != nil || !peer.there || peer.received >= w.sent && peer.unread == 0 {
			return true
		}
		own, err = askKernel(w.LocalAddr(), w.RemoteAddr())
		return err != nil || !own.there || own.state != established || own.unread > 0
	}) {
		return err
	}
	return fmt.Errorf("the peer has neither read %d bytes of %d within %v nor answered", peer.unread, w.sent, patience)
}

// awaitArrival returns when every byte that w sent, and its FIN if fin is set, has reached the peer's socket, read or not.
func (w *wire) awaitArrival(fin bool) (err error) {
	var peer socketState
	if await.Holds(patience, func() bool {
		peer, err = askKernel(w.RemoteAddr(), w.LocalAddr())
		return err != nil || !peer.there || peer.received >= w.sent && (!fin || peer.state != established)
	}) {
		return err
	}
	return fmt.Errorf("only %d bytes of %d arrived within %v", peer.received, w.sent, patience)
}

// awaitGone returns when the peer's socket has ended. It is for a connection that w has reset.
func (w *wire) awaitGone() (err error) {
	if await.Holds(patience, func() bool {
		var peer socketState
		peer, err = askKernel(w.RemoteAddr(), w.LocalAddr())
		return err != nil || !peer.there || peer.state != established
	}) {
		return err
	}
	return fmt.Errorf("the peer still has its side of the connection after %v", patience)
}

const established = 1 // TCP_ESTABLISHED of Linux

// socketState is what the kernel says about a TCP socket.
type socketState struct {
	there    bool
	state    byte
	unread   int // bytes that came and were not read
	received int // bytes that ever came
}

// askKernel asks sock_diag(7) for the socket with these addresses.
func askKernel(local, remote net.Addr) (socketState, error) {
	const (
		sockDiagByFamily = 20
		wantTCPInfo      = 1 << 1
		requestLen       = 16 + 56
		messageLen       = 72 // struct inet_diag_msg
	)
	l, r := local.(*net.TCPAddr), remote.(*net.TCPAddr)
	req := make([]byte, requestLen)
	binary.NativeEndian.PutUint32(req[0:], requestLen)
	binary.NativeEndian.PutUint16(req[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(req[6:], syscall.NLM_F_REQUEST)
	req[16], req[17], req[18] = syscall.AF_INET, syscall.IPPROTO_TCP, wantTCPInfo
	binary.NativeEndian.PutUint32(req[20:], ^uint32(0)) // in any state
	binary.BigEndian.PutUint16(req[24:], uint16(l.Port))
	binary.BigEndian.PutUint16(req[26:], uint16(r.Port))
	copy(req[28:], l.IP.To4())
	copy(req[44:], r.IP.To4())
	binary.NativeEndian.PutUint64(req[64:], ^uint64(0)) // no cookie

	buf := make([]byte, 4096)
	n, err := kernel.ask(req, buf)
	if err != nil {
		return socketState{}, fmt.Errorf("sock_diag: %w", err)
	}
	buf = buf[:n]
	if n < 16+messageLen || binary.NativeEndian.Uint16(buf[4:]) != sockDiagByFamily {
		return socketState{}, nil // an error message: there is no such socket
	}
	s := socketState{there: true, state: buf[17], unread: int(binary.NativeEndian.Uint32(buf[72:]))}
	for attr := buf[16+messageLen:]; len(attr) >= 4; {
		size := int(binary.NativeEndian.Uint16(attr))
		if binary.NativeEndian.Uint16(attr[2:]) == 2 && size >= 4+136 { // INET_DIAG_INFO with tcpi_bytes_received
			s.received = int(binary.NativeEndian.Uint64(attr[4+128:]))
		}
		attr = attr[min(len(attr), max(4, (size+3)&^3)):]
	}
	return s, nil
}

// kernel is the one netlink socket of the tests.
var kernel netlink

type netlink struct {
	mu sync.Mutex // guards fd, and pairs each question with its answer
	fd int        // 0 before the first question
}

func (k *netlink) ask(req, answer []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fd == 0 {
		fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, 4) // NETLINK_SOCK_DIAG
		if err != nil {
			return 0, err
		}
		k.fd = fd
	}
	if err := syscall.Sendto(k.fd, req, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return 0, err
	}
	n, _, err := syscall.Recvfrom(k.fd, answer, 0)
	return n, err
}
