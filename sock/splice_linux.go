//go:build linux && !portable

package sock

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Pipe moves bytes from one plain connection to another inside the kernel. One goroutine at a time may use it.
type Pipe struct {
	r, w int
	held int // bytes that it holds
}

// CanSplice reports whether this kernel has splice.
const CanSplice = true

// pipeSize is the size that is requested. The kernel may give less, but at least 64 KiB. A larger pipe does not move more
// bytes per second of CPU (1 MiB was tried), and it keeps a goroutine in the kernel for longer.
const pipeSize = 256 << 10

var idlePipes struct {
	sync.Mutex
	list []*Pipe // at most idlePipesMost
}

const idlePipesMost = 16

// pipesMost is how many pipes there may be: they take an eighth of the descriptors at most. A transfer does without one, a
// connection does not.
var pipesMost = sync.OnceValue(func() int64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1 << 20
	}
	return int64(min(limit.Cur/16, 1<<20))
})

// pipes is how many there are.
var pipes atomic.Int64

var errFewDescriptors = errors.New("pipe: the descriptors that are left are for connections")

// GivePipes closes the pipes that are kept for use again, and reports whether there were any.
func GivePipes() bool {
	idlePipes.Lock()
	list := idlePipes.list
	idlePipes.list = nil
	idlePipes.Unlock()
	for _, p := range list {
		p.close()
	}
	return len(list) > 0
}

// GetPipe returns an empty pipe, or an error when few descriptors are left.
func GetPipe() (*Pipe, error) {
	idlePipes.Lock()
	if n := len(idlePipes.list); n > 0 {
		p := idlePipes.list[n-1]
		idlePipes.list = idlePipes.list[:n-1]
		idlePipes.Unlock()
		return p, nil
	}
	idlePipes.Unlock()
	if pipes.Add(1) > pipesMost() {
		pipes.Add(-1)
		return nil, errFewDescriptors
	}
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		pipes.Add(-1)
		return nil, fmt.Errorf("pipe: %w", err)
	}
	unix.FcntlInt(uintptr(fds[0]), unix.F_SETPIPE_SZ, pipeSize) // an error is no harm: the default size works too
	return &Pipe{r: fds[0], w: fds[1]}, nil
}

// Put gives the pipe back for the next GetPipe. A pipe that still holds bytes is closed instead.
func (p *Pipe) Put() {
	if p.held == 0 {
		idlePipes.Lock()
		if len(idlePipes.list) < idlePipesMost {
			idlePipes.list = append(idlePipes.list, p)
			idlePipes.Unlock()
			return
		}
		idlePipes.Unlock()
	}
	p.close()
}

func (p *Pipe) close() {
	unix.Close(p.r)
	unix.Close(p.w)
	pipes.Add(-1)
}

// Held returns the number of bytes that were taken and not yet given.
func (p *Pipe) Held() int { return p.held }

// Fill takes up to most bytes from c into the empty pipe. It returns ErrWait if there are none, and io.EOF at the peer's
// clean end.
func (p *Pipe) Fill(c *Conn, most int64) (int, error) {
	if !c.canRead {
		return 0, ErrWait
	}
	n, err := splice(c.fd, p.w, int(min(most, pipeSize)))
	switch {
	case err == ErrWait:
		c.canRead = false
		return 0, err
	case err != nil:
		return 0, c.failed(err)
	case n == 0:
		return 0, c.end()
	}
	c.acks.came()
	p.held += n
	return n, nil
}

// Drain gives the bytes in the pipe to c, and returns ErrWait if c did not take all.
func (p *Pipe) Drain(c *Conn) (int, error) {
	given := 0
	for p.held > 0 {
		if !c.canWrite {
			return given, ErrWait
		}
		n, err := splice(p.r, c.fd, p.held)
		if err != nil {
			c.canWrite = c.canWrite && err != ErrWait
			return given, c.failed(err)
		}
		c.acks.went()
		p.held -= n
		given += n
	}
	return given, nil
}

// splice moves up to most bytes, which takes the kernel at most some 100 µs. It uses RawSyscall because otherwise the
// scheduler would give the processor to another thread meanwhile, which has nothing to do.
func splice(from, to, most int) (int, error) {
	for {
		n, _, err := syscall.RawSyscall6(unix.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(most), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		switch err {
		case 0:
			return int(n), nil
		case unix.EAGAIN:
			return 0, ErrWait
		case unix.EINTR:
		default:
			return 0, err
		}
	}
}
