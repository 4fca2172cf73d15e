package httpparse

import "syscall"

// edge ends at a page that cannot be read: a read past a slice at its end crashes the test. A slice without spare
// capacity is not enough, because loads that avoid the bounds check would go unnoticed.
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

// atEdge returns a copy of b with no readable byte after it. The next call overwrites it.
func atEdge(b []byte) []byte {
	at := edge[len(edge)-len(b):]
	copy(at, b)
	return at
}
