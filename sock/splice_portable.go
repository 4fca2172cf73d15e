//go:build !linux || portable

package sock

import "errors"

// Pipe would move bytes inside the kernel, but this system has no splice: GetPipe fails.
type Pipe struct{}

// CanSplice reports whether this kernel has splice.
const CanSplice = false

var errNoSplice = errors.New("no splice on this system")

func GetPipe() (*Pipe, error)                { return nil, errNoSplice }
func (*Pipe) Put()                           {}
func (*Pipe) Held() int                      { return 0 }
func (*Pipe) Fill(*Conn, int64) (int, error) { return 0, errNoSplice }
func (*Pipe) Drain(*Conn) (int, error)       { return 0, errNoSplice }

// GivePipes does nothing: no pipes are kept.
func GivePipes() bool { return false }
