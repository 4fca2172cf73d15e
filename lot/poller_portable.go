//go:build !linux || portable

package lot

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// poller, where there is no epoll, is a goroutine for each event that somebody waits for, on the runtime's own poller.
type poller struct {
	waits sync.WaitGroup
}

type watchPlatform struct {
	file          *os.File
	raw           syscall.RawConn
	waits         *sync.WaitGroup // the poller's
	reads, writes *atomic.Bool    // an awaitReadable, an awaitWritable for it is under way
}

func (w *watchPlatform) reset() { *w = watchPlatform{} }

func (p *poller) open(*Lot) error { return nil }

func (p *poller) close() { p.waits.Wait() }

// glance has nothing to do here: the runtime hands out events.
type glance struct{}

func (p *poller) glance(*glance) {}

// Arm makes sure that what happens on w from now on is delivered. Readable and Writable say which of it is awaited.
func (w *Watch) Arm(ev Events) error {
	if w.platform.file == nil {
		file := os.NewFile(uintptr(w.fd), "connection")
		raw, err := file.SyscallConn()
		if err != nil {
			return fmt.Errorf("descriptor %d: %w", w.fd, err)
		}
		w.platform = watchPlatform{file: file, raw: raw, waits: &w.lot.poller.waits, reads: new(atomic.Bool), writes: new(atomic.Bool)}
	}
	gen := uint32(w.state.Load() >> 32)
	if ev&Readable != 0 && w.platform.reads.CompareAndSwap(false, true) {
		w.platform.waits.Add(1)
		go w.awaitReadable(w.platform, gen) // ends with the event, or when the descriptor is closed
	}
	if ev&Writable != 0 && w.platform.writes.CompareAndSwap(false, true) {
		w.platform.waits.Add(1)
		go w.awaitWritable(w.platform, gen) // ends likewise
	}
	return nil
}

// Once says whether w is told of one event for each Arm, which is all that is done here in any case.
func (w *Watch) Once(bool) {}

func (w *Watch) awaitReadable(on watchPlatform, gen uint32) {
	defer on.waits.Done() // w may be another's by now
	var ev Events
	err := on.raw.Read(func(fd uintptr) bool { ev = ready(fd, unix.POLLIN); return ev != 0 })
	on.reads.Store(false)
	if err == nil {
		w.deliver(gen, ev)
	}
}

func (w *Watch) awaitWritable(on watchPlatform, gen uint32) {
	defer on.waits.Done() // w may be another's by now
	var ev Events
	err := on.raw.Write(func(fd uintptr) bool { ev = ready(fd, unix.POLLOUT); return ev != 0 })
	on.writes.Store(false)
	if err == nil {
		w.deliver(gen, ev)
	}
}

// ready asks the kernel what of the awaited events is there now.
func ready(fd uintptr, bits int16) (ev Events) {
	poll := []unix.PollFd{{Fd: int32(fd), Events: bits}}
	if n, err := unix.Poll(poll, 0); n == 0 || err != nil {
		return 0
	}
	got := poll[0].Revents
	if got&unix.POLLIN != 0 {
		ev |= Readable
	}
	if got&unix.POLLIN != 0 && got&unix.POLLERR == 0 { // a peek would take the error away, and a read see a clean end
		var b [1]byte
		if n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK); n == 0 && err == nil {
			ev |= HungUp
		}
	}
	if got&unix.POLLOUT != 0 {
		ev |= Writable
	}
	if got&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
		ev |= Readable | Writable
		if got&unix.POLLERR != 0 {
			ev |= Broken
		}
	}
	return ev
}

// Disarm ends the watching; its caller closes the descriptor next.
func (w *Watch) Disarm() {
	w.state.Store(0)
	w.waiter.Store(nil)
}

// CloseFD closes the descriptor.
func (w *Watch) CloseFD() error {
	w.Disarm()
	if w.platform.file != nil {
		return w.platform.file.Close()
	}
	return unix.Close(w.fd)
}
