//go:build !linux

package sock

import "time"

// ackNow: elsewhere an acknowledgement cannot be asked for.
func ackNow(int) {}

const deferral time.Duration = 0

// deferAccept: elsewhere every connection is given as soon as it stands.
func deferAccept(int, time.Duration) error { return nil }
