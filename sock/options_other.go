//go:build !linux

package sock

import "time"

// ackNow does nothing: only Linux can acknowledge on request.
func ackNow(int) {}

const deferral time.Duration = 0

// deferAccept does nothing: other systems hand over every connection as soon as it is established.
func deferAccept(int, time.Duration) error { return nil }

// paces reports false: other systems do not pace.
func paces() bool { return false }

func useReno(int) {}
