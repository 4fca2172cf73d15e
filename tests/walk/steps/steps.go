// Package steps records which functions run, in which order, and on which goroutine.
//
// Only the program that tests/walk builds calls it: there every function begins with a call of At, and every send on a channel, close
// and go statement comes after a call of Wake.
package steps

import (
	"bytes"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// A Step is one call of a function of ours, or one wake-up of another goroutine by it.
type Step struct {
	Goroutine string
	Wake      bool
	Kernel    bool    // the called function makes a system call
	Stack     []Frame // functions of ours, the called one first
}

// A Frame is a function of ours: its name as in front.(*Client).Unpark, and its file as in front/client.go.
type Frame struct{ Name, File string }

// Package is the folder of f's package.
func (f Frame) Package() string { return f.File[:strings.LastIndexByte(f.File, '/')] }

// Waits is the package in which everything waits. What runs there does not move a request.
const Waits = "lot"

var (
	on atomic.Bool

	mu    sync.Mutex // guards the rest
	done  []Step
	moves int
)

// At records that its caller was called.
func At() { record(Step{}) }

// Kernel is At for a function that makes system calls.
func Kernel() { record(Step{Kernel: true}) }

// Wake records that its caller is about to wake or to start another goroutine.
func Wake() { record(Step{Wake: true}) }

// Start forgets what was recorded, and records from now on.
func Start() {
	mu.Lock()
	done, moves = nil, 0
	mu.Unlock()
	on.Store(true)
}

// Moves is how many of the steps were recorded outside of Waits: those there come with the clock too.
func Moves() int {
	mu.Lock()
	defer mu.Unlock()
	return moves
}

// Stop ends the recording and returns the steps in their order.
func Stop() []Step {
	on.Store(false)
	mu.Lock()
	defer mu.Unlock()
	return done
}

func record(s Step) {
	if !on.Load() {
		return
	}
	s.Goroutine, s.Stack = goroutine(), stack()
	if len(s.Stack) == 0 {
		return
	}
	mu.Lock()
	defer mu.Unlock()
	done = append(done, s)
	if s.Stack[0].Package() != Waits {
		moves++
	}
}

// goroutine is the number of the running goroutine, which is told nowhere but in the first line of its stack.
func goroutine() string {
	var buf [64]byte
	first := buf[:runtime.Stack(buf[:], false)]
	return string(bytes.Fields(first)[1])
}

// stack has the functions of ours that have led to the caller of At or Wake. Those of the program that draws are not ours.
func stack() (of []Frame) {
	const skip = 4 // Callers, stack, record, At
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip, pcs[:])])
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		name, ours := strings.CutPrefix(f.Function, "tenfour/")
		if !ours || strings.HasPrefix(name, "tests/") {
			continue
		}
		dir, _, _ := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
		dir = name[:strings.LastIndexByte(name, '/')+1] + dir
		of = append(of, Frame{strings.TrimSuffix(name, "-fm"), dir + f.File[strings.LastIndexByte(f.File, '/'):]})
	}
	return of
}
