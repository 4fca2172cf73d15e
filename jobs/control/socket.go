package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"tenfour/sock"
)

// mostConnections is how many local clients are served at once. Others wait in the kernel.
const mostConnections = 32

// pathMost is how long the path of a unix socket may be, in bytes: sun_path of Linux has 108 with its last zero, that of others 104.
const pathMost = 103

// Try returns why Listen would fail in a directory, as far as that can be found out without making anything.
func Try(dir string) error {
	_, err := leftOver(filepath.Join(dir, SocketName))
	return err
}

// listen makes the socket.
func listen(path string) (*listener, error) {
	if err := removeLeftOver(path); err != nil {
		return nil, err
	}
	file, err := sock.OpenUnix(path, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s: the socket for tenfour jobs cannot be made: %w", path, err)
	}
	defer file.Close() // the listener has another descriptor
	l, err := net.FileListener(file)
	if err != nil {
		os.Remove(path)
		return nil, fmt.Errorf("%s: the socket for tenfour jobs cannot be used: %w", path, err)
	}
	return &listener{Listener: l, path: path, free: make(chan struct{}, mostConnections), closed: make(chan struct{})}, nil
}

// removeLeftOver removes the socket of a process that was killed.
func removeLeftOver(path string) error {
	if is, err := leftOver(path); err != nil || !is {
		return err
	}
	return os.Remove(path)
}

// leftOver reports whether a process that was killed has left a socket. The error says why there can be none.
func leftOver(path string) (bool, error) {
	if len(path) > pathMost {
		return false, fmt.Errorf("%s: the path of a unix socket has at most %d bytes, and this one has %d: choose a shorter data", path, pathMost, len(path))
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case info.Mode()&fs.ModeType != fs.ModeSocket:
		return false, fmt.Errorf("%s: it is no socket, and the socket for tenfour jobs has that name: move it away", path)
	}
	return true, nil
}

// listener accepts at most mostConnections connections that are open at once.
type listener struct {
	net.Listener
	path   string
	free   chan struct{} // has a value for each connection that is open
	closed chan struct{} // closed by Close
	once   sync.Once
}

// Accept waits until there may be another connection, and for that connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &conn{Conn: c, free: l.free}, nil
}

// Close ends Accept, and removes the socket. Connections stay open.
func (l *listener) Close() (err error) {
	l.once.Do(func() {
		close(l.closed)
		os.Remove(l.path)
		err = l.Listener.Close()
	})
	return err
}

// conn gives its place back when it is closed.
type conn struct {
	net.Conn
	free chan struct{}
	once sync.Once
}

func (c *conn) Close() error {
	c.once.Do(func() { <-c.free })
	return c.Conn.Close()
}
