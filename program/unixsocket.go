package program

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tenfour/sock"
	"tenfour/value/listen"
)

// openUnix listens on a unix socket at a path. It replaces the file of a process that has ended without removing it. Two tenfours
// that start at the same moment take turns, by a lock on the directory: else one could remove the other's new socket.
func openUnix(path string, mode fs.FileMode) (*sock.Listener, error) {
	unlock := lockDirectory(filepath.Dir(path))
	defer unlock()
	l, err := sock.ListenUnix(path, mode)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	if err := isDead(path); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return sock.ListenUnix(path, mode)
}

// tryUnix returns why a unix socket could not be opened if tried were open. It makes no file and removes none.
func tryUnix(at listen.Address, tried sockets) error {
	if err := tried.blame(at, syscall.EADDRINUSE); !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	if err := isDead(at.Where); err != nil {
		return err
	}
	if err := unix.Access(filepath.Dir(at.Where), unix.W_OK|unix.X_OK); err != nil {
		return os.NewSyscallError("access", err)
	}
	return nil
}

// place is the one way to write a path: absolute, and without symbolic links to its directory.
func place(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	return path
}

// errNoSocket is a file that stands where a socket should be.
var errNoSocket = errors.New("there is a file of that name, and it is no socket: remove it, or choose another path")

// isDead returns nil if there is no file at a path, or the socket of a process that has ended: none answers there.
func isDead(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeType != fs.ModeSocket:
		return errNoSocket
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		c.Close()
		return syscall.EADDRINUSE
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.EPROTOTYPE), errors.Is(err, syscall.EAGAIN), errors.Is(err, os.ErrDeadlineExceeded): // it is alive, and of another type or busy
		return syscall.EADDRINUSE
	}
	return err
}

// lockMost is how long a start waits for another one that opens a socket in the same directory.
const lockMost = 2 * time.Second

// lockDirectory locks a directory against other tenfours, if the file system can, and returns what unlocks it.
func lockDirectory(dir string) (unlock func()) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {} // what is wrong with it shows when the socket is made
	}
	raw, err := f.SyscallConn()
	for late := time.Now().Add(lockMost); err == nil && time.Now().Before(late); time.Sleep(10 * time.Millisecond) {
		var refused error
		err = raw.Control(func(fd uintptr) { refused = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
		if !errors.Is(refused, unix.EWOULDBLOCK) {
			break
		}
	}
	return func() { f.Close() } // that unlocks it
}
