package health

import (
	"context"
	"net"
)

// dial connects to the first address of the backend that takes the connection.
func (k *Checker) dial(ctx context.Context, network, at string) (conn net.Conn, err error) {
	if k.check.Addrs == nil {
		return dialAcking(ctx, network, at)
	}
	addrs, err := k.check.Addrs.Addrs()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		return nil, err
	}
	for _, addr := range addrs {
		if conn, err = dialAcking(ctx, network, net.JoinHostPort(addr.String(), port)); err == nil {
			return conn, nil
		}
	}
	k.check.Addrs.Again() // the backend may be at another address by now
	return nil, err
}
