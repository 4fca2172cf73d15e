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

// poller is the one for systems without epoll: it has a goroutine for each awaited event, on the poller of Go's runtime.
type poller struct {
	waits sync.WaitGroup
}

type watchPlatform struct {
	file          *os.File
	raw           syscall.RawConn
	waits         *sync.WaitGroup // that of the poller
	reads, writes *atomic.Bool    // awaitReadable, awaitWritable runs for it
}

func (w *watchPlatform) reset() { *w = watchPlatform{} }

func (p *poller) open(*Lot) error { return nil }

func (p *poller) close() { p.waits.Wait() }

// glance has nothing to do here: the goroutines deliver the events.
type glance struct{}

func (p *poller) glance(*glance) {}

// Arm makes sure that the events on w from now on are delivered. Readable and Writable say which of them are awaited.
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
		go w.awaitWritable(w.platform, gen) // ends in the same way
	}
	return nil
}

// Once has no effect: here there is always one event for each Arm.
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

// ready asks the kernel which of the awaited events have happened.
func ready(fd uintptr, bits int16) (ev Events) {
	poll := []unix.PollFd{{Fd: int32(fd), Events: bits}}
	if n, err := unix.Poll(poll, 0); n == 0 || err != nil {
		return 0
	}
	got := poll[0].Revents
	if got&unix.POLLIN != 0 {
		ev |= Readable
	}
	if got&unix.POLLIN != 0 && got&unix.POLLERR == 0 { // a peek would take the error away, and the next read would see a clean end
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

// Disarm ends the watching. The caller closes the descriptor next.
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
	return unix.Close(int(w.fd))
}
