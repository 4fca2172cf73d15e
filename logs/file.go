package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// file is where an access log goes. One goroutine writes, while another may reopen it.
type file struct {
	path string // fixed
	now  atomic.Pointer[os.File]
}

// reopen opens the file at path, creates it if there is none, and closes the file that was open: this also ends a write that waits
// for a FIFO's reader. With an error the old file stays.
func (f *file) reopen() error {
	next, err := openLog(f.path)
	if err != nil {
		return err
	}
	if old := f.now.Swap(next); old != nil {
		old.Close()
	}
	return nil
}

// openLog opens a file to append to. It does not wait for a reader: a FIFO without one is an error.
func openLog(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NONBLOCK, 0o640)
	if errors.Is(err, syscall.ENXIO) {
		return nil, fmt.Errorf("open %s: no program reads it: it is a FIFO or a socket; start its reader first, or name a file", path)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode()&(fs.ModeDevice|fs.ModeCharDevice) == fs.ModeDevice {
		err = fmt.Errorf("open %s: it is a disk: name a file", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Try returns why Open could not open the access log. It makes no file, and opens no FIFO, whose reader would see its end.
func Try(o Options) error {
	if o.Access.File == "" {
		return nil
	}
	info, err := os.Stat(o.Access.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		dir := filepath.Dir(o.Access.File)
		if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
			return &fs.PathError{Op: "open", Path: o.Access.File, Err: err}
		}
		return nil
	case err == nil && info.Mode()&fs.ModeType == fs.ModeNamedPipe:
		return nil
	}
	f, err := openLog(o.Access.File)
	if err == nil {
		f.Close()
	}
	return err
}

// Write continues in the new file if reopen replaces the file while it writes.
func (f *file) Write(p []byte) (n int, err error) {
	for {
		now := f.now.Load()
		m, err := now.Write(p[n:])
		n += m
		if err == nil || !errors.Is(err, os.ErrClosed) || f.now.Load() == now {
			return n, err
		}
	}
}

func (f *file) close() { f.now.Load().Close() }
