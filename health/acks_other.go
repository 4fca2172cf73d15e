//go:build !linux

package health

import "net"

// ackNow does nothing: only Linux can acknowledge on request.
func ackNow(*net.TCPConn) {}
