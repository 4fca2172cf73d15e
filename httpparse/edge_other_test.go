//go:build !linux

package httpparse

// atEdge returns a copy of b with no spare capacity.
func atEdge(b []byte) []byte {
	at := make([]byte, len(b))
	copy(at, b)
	return at
}
