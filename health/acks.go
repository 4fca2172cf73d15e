package health

import (
	"context"
	"net"
)

// acking is a connection that acknowledges at once what it has read. A backend that writes its answer in pieces may hold the next
// one back until then (Nagle's algorithm), and after a TLS handshake the kernel delays acknowledgements by 40 ms.
type acking struct{ *net.TCPConn }

func (c acking) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 {
		ackNow(c.TCPConn)
	}
	return n, err
}

// dialAcking connects as net.Dialer does.
func dialAcking(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if tcp, ok := c.(*net.TCPConn); ok {
		return acking{tcp}, nil
	}
	return c, err
}
