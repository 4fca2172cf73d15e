//go:build unix

package lot_test

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"tenfour/lot"
)

// echo waits for bytes on a descriptor, without a goroutine.
type echo struct {
	lot.Waiter
	watch lot.Watch
	fd    int
	ended chan string
}

// Unpark is called when something has happened, or at the deadline. It looks which, and must not block. An event may also be
// another one than it waits for: then it parks again.
func (e *echo) Unpark() {
	for {
		switch {
		case e.watch.Take()&lot.Readable != 0:
			var buf [64]byte
			n, _ := unix.Read(e.fd, buf[:])
			e.end("got " + string(buf[:n]))
			return
		case e.Now() >= e.Deadline():
			e.end("nothing came in time")
			return
		case e.Park(&e.watch):
			return
		}
	}
}

func (e *echo) end(how string) {
	e.Leave()
	e.ended <- how
}

// A parked thing costs its own struct. The lot's goroutine goes on with it when bytes arrive, or at its deadline.
func ExampleWaiter_Park() {
	l, err := lot.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	for _, sent := range []string{"hello", ""} {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			fmt.Println(err)
			return
		}
		unix.SetNonblock(fds[0], true)
		e := &echo{fd: fds[0], ended: make(chan string, 1)}
		e.Init(l, e)
		e.watch.Init(l, e.fd)
		e.watch.Tell(&e.Waiter)
		e.watch.Arm(lot.Readable)
		e.SetDeadline(l.Now() + int64(5*time.Second))
		if sent == "" {
			e.SetDeadline(l.Now() + int64(20*time.Millisecond))
		}
		e.Unpark() // nothing has happened yet: it parks
		unix.Write(fds[1], []byte(sent))
		fmt.Println(<-e.ended)
		e.watch.CloseFD()
		unix.Close(fds[1])
	}
	// Output:
	// got hello
	// nothing came in time
}
