//go:build !linux || portable

package sock

import "errors"

// Pipe would move bytes inside the kernel, but this system has no splice: GetPipe fails.
type Pipe struct{}

// CanSplice reports whether this kernel has splice.
const CanSplice = false

var errNoSplice = errors.New("no splice on this system")

// GetPipe always fails.
func GetPipe() (*Pipe, error) { return nil, errNoSplice }

// Put does nothing.
func (*Pipe) Put() {}

// Held returns 0.
func (*Pipe) Held() int { return 0 }

// Fill always fails.
func (*Pipe) Fill(*Conn, int64) (int, error) { return 0, errNoSplice }

// Drain always fails.
func (*Pipe) Drain(*Conn) (int, error) { return 0, errNoSplice }

// GivePipes does nothing: no pipes are kept.
func GivePipes() bool { return false }
