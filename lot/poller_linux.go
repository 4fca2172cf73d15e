//go:build linux && !portable

package lot

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is one epoll. A descriptor is added to it once, for all its events as edges, and not changed. So a connection
// that is parked a thousand times costs one epoll_ctl. (Once is the exception.) The poller of Go's runtime watches the
// descriptor of the epoll, so that no thread blocks in epoll_wait.
type poller struct {
	lot   *Lot
	file  *os.File
	fd    int
	ended chan struct{} // closed by run

	table [tableSize]atomic.Pointer[[tablePage]atomic.Pointer[Watch]] // by descriptor
	grow  sync.Mutex                                                  // held while a page is added
}

const (
	tablePage = 1024
	tableSize = 1024
	maxFD     = tablePage * tableSize
)

const interest = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

type watchPlatform struct {
	armed bool // the epoll has the descriptor
	once  bool // it reports one event for each Arm
}

func (w *watchPlatform) reset() { *w = watchPlatform{} }

func (p *poller) open(l *Lot) error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll_create: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	p.lot, p.fd, p.file, p.ended = l, fd, os.NewFile(uintptr(fd), "lot"), make(chan struct{})
	raw, err := p.file.SyscallConn()
	if err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	go p.run(raw) // ends when close closes the file
	return nil
}

func (p *poller) close() {
	p.file.Close()
	<-p.ended
}

// run delivers events to the watches until the file is closed. It is a single RawConn.Read, whose function always asks for more.
// A new Read for each batch would forget the readiness from before it began, and so need one more epoll_wait than there
// are batches.
func (p *poller) run(raw syscall.RawConn) {
	defer close(p.ended)
	events := make([]unix.EpollEvent, 256)
	raw.Read(func(fd uintptr) (enough bool) {
		for p.collect(int(fd), events) {
		}
		return false
	})
}

// collect delivers one batch of events, and reports whether there may be more.
func (p *poller) collect(fd int, events []unix.EpollEvent) (more bool) {
	n, err := epollWait(fd, events)
	if err != nil {
		return errors.Is(err, unix.EINTR)
	}
	for i := range events[:n] {
		ev := &events[i]
		if w := p.find(int(ev.Fd)); w != nil {
			w.deliver(uint32(ev.Pad), eventsOf(ev.Events))
		}
	}
	return n == len(events)
}

// glance is memory for the events that are delivered between two turns of the line.
type glance [32]unix.EpollEvent

// glance delivers the events that have happened, without waiting.
func (p *poller) glance(room *glance) { p.collect(p.fd, room[:]) }

func eventsOf(bits uint32) (ev Events) {
	if bits&unix.EPOLLIN != 0 {
		ev |= Readable
	}
	if bits&unix.EPOLLOUT != 0 {
		ev |= Writable
	}
	if bits&unix.EPOLLRDHUP != 0 {
		ev |= HungUp | Readable
	}
	if bits&unix.EPOLLHUP != 0 { // both sides are shut, one of them perhaps by ourselves
		ev |= HungUp | Readable | Writable
	}
	if bits&unix.EPOLLERR != 0 {
		ev |= Broken | Readable | Writable
	}
	return ev
}

func bitsOf(ev Events) (bits uint32) {
	if ev&Readable != 0 {
		bits |= unix.EPOLLIN | unix.EPOLLRDHUP
	}
	if ev&Writable != 0 {
		bits |= unix.EPOLLOUT
	}
	return bits
}

// Arm makes sure that the events on w from now on are delivered. Readable and Writable say which of them are awaited.
func (w *Watch) Arm(ev Events) error {
	on := &w.platform
	if on.armed && (!on.once || ev == 0) {
		return nil
	}
	if w.fd >= maxFD {
		return fmt.Errorf("descriptor %d: the lot has room for %d", w.fd, maxFD)
	}
	op, bits := unix.EPOLL_CTL_ADD, uint32(interest)
	if on.armed {
		op = unix.EPOLL_CTL_MOD
	}
	if on.once {
		bits = bitsOf(ev) | unix.EPOLLONESHOT
	}
	on.armed = true // even if the kernel refuses below, because Disarm then clears the table
	w.lot.poller.page(int(w.fd))[w.fd%tablePage].Store(w)
	return w.control(op, bits)
}

// Once says how events are delivered: with true, one event for each Arm, and only one that it names; with false, all events
// without further calls. For a connection on which bytes arrive all the time, true saves waking the lot for each segment. For
// one that waits often and reads little, false saves the Arm.
func (w *Watch) Once(once bool) {
	if w.platform.once == once {
		return
	}
	w.platform.once = once
	if !w.platform.armed {
		return
	}
	bits := uint32(interest)
	if once {
		bits = unix.EPOLLONESHOT
	}
	w.control(unix.EPOLL_CTL_MOD, bits) // it cannot fail for a descriptor that was added already
}

func (w *Watch) control(op int, bits uint32) error {
	ev := unix.EpollEvent{Events: bits, Fd: w.fd, Pad: int32(w.state.Load() >> 32)}
	if err := epollControl(w.lot.poller.fd, op, int(w.fd), &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// Disarm ends the watching. The caller closes the descriptor next.
func (w *Watch) Disarm() {
	if w.platform.armed {
		w.lot.poller.page(int(w.fd))[w.fd%tablePage].CompareAndSwap(w, nil)
		w.platform.armed = false
	}
	w.state.Store(0)
	w.waiter.Store(nil)
}

// CloseFD closes the descriptor.
func (w *Watch) CloseFD() error {
	w.Disarm()
	return closeFD(int(w.fd))
}

func (p *poller) find(fd int) *Watch {
	page := p.table[fd/tablePage].Load()
	if page == nil {
		return nil
	}
	return page[fd%tablePage].Load()
}

func (p *poller) page(fd int) *[tablePage]atomic.Pointer[Watch] {
	at := &p.table[fd/tablePage]
	if page := at.Load(); page != nil {
		return page
	}
	p.grow.Lock()
	defer p.grow.Unlock()
	if at.Load() == nil {
		at.Store(new([tablePage]atomic.Pointer[Watch]))
	}
	return at.Load()
}

// These three never block. So they need not notify the scheduler: RawSyscall saves some 60 ns each.

func epollWait(fd int, events []unix.EpollEvent) (int, error) {
	n, _, e := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

func epollControl(epfd, op, fd int, ev *unix.EpollEvent) error {
	_, _, e := syscall.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(epfd), uintptr(op), uintptr(fd), uintptr(unsafe.Pointer(ev)), 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

func closeFD(fd int) error {
	_, _, e := syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	if e != 0 {
		return e
	}
	return nil
}
