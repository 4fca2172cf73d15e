package program

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"sync"

	"github.com/coreos/go-systemd/v22/activation"

	"tenfour/config"
	"tenfour/front"
	"tenfour/sock"
	"tenfour/value/listen"
)

// socket is a socket that clients connect to.
type socket struct {
	at     listen.Address
	socket *sock.Listener
	file   fs.FileInfo     // of a unix socket that tenfour made; nil for others
	front  *front.Listener // once it is served
}

// sockets are those that are open. A socket of which a reload changes only the scheme stays open.
type sockets []*socket

// find returns the socket that an address names, or nil.
func (all sockets) find(at listen.Address) *socket {
	for _, s := range all {
		if s.at.Socket() == at.Socket() {
			return s
		}
	}
	return nil
}

// openSockets opens the sockets that a configuration names and that are not open yet. When one cannot be opened, it opens none, and
// returns what is wrong with each.
func openSockets(ctx context.Context, e config.Effective, open sockets) (fresh sockets, err error) {
	c := e.Config()
	wrong := eachAddress(e, func(at listen.Address) error {
		if open.find(at) != nil {
			return nil
		}
		s, err := openSocket(ctx, at, &c)
		if err == nil {
			fresh = append(fresh, s)
		}
		return append(fresh, open...).blame(at, err)
	})
	if wrong != nil {
		fresh.close()
		return nil, wrong
	}
	return fresh, nil
}

// trySockets returns what openSockets would find wrong. All are open at once meanwhile, since one may take the address of another, such
// as 0.0.0.0 and 127.0.0.1 at the same port. It leaves nothing open, and no file.
func trySockets(ctx context.Context, e config.Effective) error {
	c := e.Config()
	var open, unopened sockets
	defer func() { open.close() }()
	return eachAddress(e, func(at listen.Address) error {
		if at.Kind == listen.Unix && offeredAt(at) < 0 {
			err := tryUnix(at, unopened)
			unopened = append(unopened, &socket{at: at})
			return err
		}
		s, err := openSocket(ctx, at, &c)
		if err == nil {
			open = append(open, s)
		}
		return open.blame(at, err)
	})
}

// openSocket opens a socket at an address, or takes the one that systemd offers there.
func openSocket(ctx context.Context, at listen.Address, c *config.Config) (*socket, error) {
	s := &socket{at: at}
	var err error
	switch fd := offeredAt(at); {
	case fd >= 0:
		s.socket, err = sock.Inherit(fd, c.HeadTimeout)
	case at.Kind == listen.Unix:
		if s.socket, err = openUnix(at.Where, c.SocketMode); err == nil {
			s.file, _ = os.Lstat(at.Where)
		}
	default:
		var ln net.Listener
		ln, err = (&net.ListenConfig{KeepAlive: -1, Control: sock.Control(c.HeadTimeout)}).Listen(ctx, "tcp", at.Where)
		if err == nil {
			s.socket, err = sock.Listen(ln, c.HeadTimeout)
		}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// offered are the descriptors that systemd offers. They are read once: the variables that say so are then removed, so that they
// are not inherited.
var offered = sync.OnceValue(func() (fds []int) {
	for i := range activation.Files(true) {
		fds = append(fds, firstOffered+i)
	}
	return fds
})

// firstOffered is the first descriptor that systemd passes (sd_listen_fds(3)).
const firstOffered = 3

// offeredAt returns the descriptor that an address names, or that systemd offers for it; -1 for none.
func offeredAt(at listen.Address) int {
	if at.Kind == listen.Given {
		fd, _ := strconv.Atoi(at.Where)
		return fd
	}
	for _, fd := range offered() {
		addr, err := sock.ListensAt(fd)
		if err == nil && addr.String() == at.Where && (addr.Network() == "unix") == (at.Kind == listen.Unix) {
			return fd
		}
	}
	return -1
}

// addresses are where a configuration has tenfour listen: without any of its own, it is at the sockets that systemd offers.
func addresses(c *config.Config) []listen.Address {
	fds := offered()
	if !c.ListenByDefault || len(fds) == 0 {
		return c.Listen
	}
	var all []listen.Address
	for _, fd := range fds {
		all = append(all, listen.Address{Kind: listen.Given, Where: strconv.Itoa(fd)})
	}
	return all
}

// urls are what the sockets are called by clients.
func (all sockets) urls(c *config.Config, certificate bool) (urls []string) {
	at := addresses(c)
	for _, a := range at {
		s := all.find(a)
		if s == nil {
			continue
		}
		addr, scheme := s.socket.Addr(), "http://"
		if listen.Secure(at, a, certificate) {
			scheme = "https://"
		}
		if addr.Network() == "unix" {
			scheme = "unix:"
		}
		urls = append(urls, scheme+addr.String())
	}
	return urls
}

// close closes sockets that are not served, and removes their files.
func (all sockets) close() {
	for _, s := range all {
		s.socket.Close()
		s.remove()
	}
}

// remove removes the file of a unix socket, if it is still the one that tenfour made.
func (s *socket) remove() {
	if s.file == nil {
		return
	}
	if now, err := os.Lstat(s.at.Where); err == nil && os.SameFile(now, s.file) {
		os.Remove(s.at.Where)
	}
	s.file = nil
}

// serve answers clients on a socket, until it is closed or the front drains.
func (s *socket) serve(f *front.Front, secure bool) {
	s.front = f.Listen(s.socket, secure)
	go s.front.Serve() // ends with the socket, or with the front's drain
}

// eachAddress calls do with each address of a configuration. The error has a line for each that fails: where the address was
// written, what is wrong, and what to do.
func eachAddress(e config.Effective, do func(listen.Address) error) error {
	c := e.Config()
	var wrong []error
	for i, at := range addresses(&c) {
		if err := do(at); err != nil {
			where := at.String() + ", which systemd offers"
			if i < len(c.Listen) && c.Listen[i] == at {
				where = e.Where(i)
			}
			wrong = append(wrong, fmt.Errorf("%s: %s", where, inWords(at, err, "--listen ")))
		}
	}
	return errors.Join(wrong...)
}
