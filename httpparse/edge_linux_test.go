package httpparse

import "syscall"

// edge ends at a page that nobody may read: whoever reads past a slice at its end crashes. A slice without spare
// capacity does not do that to loads that go round the bounds check.
var edge = func() []byte {
	const size = 1 << 20
	page := syscall.Getpagesize()
	m, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	if err := syscall.Mprotect(m[size:], syscall.PROT_NONE); err != nil {
		panic(err)
	}
	return m[:size:size]
}()

// atEdge is a copy of b with no readable byte behind it. It lives until the next call.
func atEdge(b []byte) []byte {
	at := edge[len(edge)-len(b):]
	copy(at, b)
	return at
}
