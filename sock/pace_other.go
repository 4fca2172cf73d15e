//go:build !linux

package sock

import "net/netip"

// unpace does nothing: other systems do not pace.
func unpace(int, netip.Addr) {}
