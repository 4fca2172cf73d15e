package front

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"tenfour/sock"
)

// Listener is a socket on which a front accepts connections. It is safe for use by several goroutines.
type Listener struct {
	front  *Front
	sock   *sock.Listener
	secure atomic.Bool // clients that connect from now on speak TLS
	closed atomic.Bool // Close was called

	ready  func(socket uintptr) (enough bool) // serveReady, made once
	failed error                              // why no connection could be accepted, in serveNew
}

// Listen makes a front answer clients on a socket, once Serve is called. The front owns the socket from then on. secure says that its
// clients speak TLS.
func (f *Front) Listen(socket *sock.Listener, secure bool) *Listener {
	l := &Listener{front: f, sock: socket}
	l.ready = l.serveReady
	l.secure.Store(secure)
	return l
}

// SetSecure says whether clients that connect from now on speak TLS.
func (l *Listener) SetSecure(secure bool) { l.secure.Store(secure) }

// Serve answers clients until Close, or the front's Drain.
func (l *Listener) Serve() {
	f := l.front
	f.mu.Lock()
	if f.draining.Load() || l.closed.Load() {
		f.mu.Unlock()
		l.sock.Close()
		return
	}
	f.listeners = append(f.listeners, l)
	f.loops.Add(1)
	f.mu.Unlock()
	defer f.loops.Done()
	f.acceptLoop(l)
}

// serveNew serves new connections. It returns nil after some of them, or when there is no room for more, and net.ErrClosed if the
// socket is closed.
func (l *Listener) serveNew() error {
	l.failed = nil
	if err := l.sock.SyscallConn().Read(l.ready); err != nil {
		return net.ErrClosed
	}
	return l.failed
}

// acceptMost is how many connections serveNew serves before it returns, so that the loop looks up from time to time.
const acceptMost = 64

// serveReady serves the connections that have arrived, and reports whether serveNew returns. If not, Go's poller waits for more.
func (l *Listener) serveReady(socket uintptr) bool {
	for range acceptMost {
		fd, remote, err := l.sock.Accept(socket)
		switch {
		case err == sock.ErrWait:
			return false
		case err != nil:
			l.failed = err
			return true
		case !l.accepted(fd, remote):
			return true
		}
	}
	return true
}

// accepted serves a new connection, and reports whether there is room for more.
func (l *Listener) accepted(fd int, remote netip.AddrPort) (more bool) {
	f := l.front
	c := f.clients.Get().(*client)
	c.conn.Init(f.Lot, fd, remote)
	c.conn.HandTo(&c.waiter)
	c.phase, c.served, c.recheck, c.stopping = reading, 0, false, false
	if c.unwanted.Load() {
		c.unwanted.Store(false)
	}
	c.via, c.secure = l, l.secure.Load()
	if c.secure {
		c.phase = greeting
	}
	more, refused := f.enter(c)
	if refused {
		f.turnAway(c)
		return more
	}
	c.serve()
	return more
}

// firstTimeout returns what is left of the head timeout for a connection that was accepted before its first byte.
func (l *Listener) firstTimeout() time.Duration {
	return max(l.front.site.Load().HeadTimeout-l.sock.Deferral(), time.Millisecond)
}

// acceptLoop accepts connections until the listener is closed. When the kernel has no descriptor or no memory for one, it tries
// again as soon as there is room, or after a pause; meanwhile the connections wait in the kernel's backlog.
func (f *Front) acceptLoop(l *Listener) {
	pause := acceptPause
	for !f.draining.Load() && !l.closed.Load() {
		var err error
		if f.full() {
			if f.makeRoom() {
				continue
			}
			err = errFull
		} else {
			err = l.serveNew()
		}
		switch {
		case err == nil:
			pause = acceptPause
			continue
		case sock.OutOfDescriptors(err) && (sock.GivePipes() || f.Pool.GiveUpKept() || f.makeRoom()):
			continue
		case !f.awaitRoom(err, pause):
			return
		}
		pause = min(2*pause, acceptPauseMost)
	}
}

const (
	acceptPause     = 5 * time.Millisecond
	acceptPauseMost = time.Second
)

var errFull = errors.New("as many connections are open as the limit of descriptors allows, and none of them waits for its client")

// awaitRoom logs why no connection is accepted, and returns when one has ended, or after a pause. It reports false if the
// listener is closed: then there is nothing to wait for.
func (f *Front) awaitRoom(err error, pause time.Duration) bool {
	if errors.Is(err, net.ErrClosed) || f.draining.Load() {
		return false
	}
	f.mu.Lock()
	now := f.Lot.Now()
	say := f.waitSaid == 0 || now-f.waitSaid >= int64(acceptPauseMost)
	if say {
		f.waitSaid = now
	}
	f.seeking++
	open := f.crowd.open
	f.mu.Unlock()
	if say {
		f.Log.Warn().Err(err).Int("open", open).Msg("no new connections for a moment")
	}
	late := time.NewTimer(pause)
	select {
	case <-f.room:
	case <-late.C:
	}
	late.Stop()
	f.mu.Lock()
	f.seeking--
	f.mu.Unlock()
	return true
}

// Close accepts no more connections. Those that l has accepted go on, and their next response is their last.
func (l *Listener) Close() {
	f := l.front
	f.mu.Lock()
	l.closed.Store(true)
	f.listeners = slices.DeleteFunc(f.listeners, func(other *Listener) bool { return other == l })
	f.mu.Unlock()
	l.sock.Close() // unlocked, because it waits for a connection that is being accepted
}
