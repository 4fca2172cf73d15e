package await

import (
	"bytes"
	"sync"
)

// Output is what a program writes, in several goroutines, while a test reads what has come so far. The zero value is empty.
type Output struct {
	mu  sync.Mutex // guards all
	all bytes.Buffer
}

// Write appends p.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(p)
}

// Len returns how many bytes have come.
func (o *Output) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Len()
}

// String returns all that has come.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}
