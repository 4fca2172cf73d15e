package sock

import (
	"io/fs"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// backlog is how many connections may wait to be accepted: the kernel lowers it to what it allows (net.core.somaxconn).
const backlog = 65535

// ListenUnix makes a unix socket at a path where there is no file, with the given permissions, and listens on it. No client can
// connect before the permissions are set. The caller removes the file.
func ListenUnix(path string, mode fs.FileMode) (*Listener, error) {
	fd, err := newSocket(unix.AF_UNIX)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), path) // it does not block, so that the file waits in Go's poller
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		file.Close()
		return nil, os.NewSyscallError("bind", err)
	}
	err = os.Chmod(path, mode)
	if err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, backlog))
	}
	if err != nil {
		file.Close()
		os.Remove(path)
		return nil, err
	}
	return newListener(file, &net.UnixAddr{Name: path, Net: "unix"}, 0)
}
