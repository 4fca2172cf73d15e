package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a program that the benchmark has started, in a process group of its own, and that it ends by its pid. It is safe
// for use by several goroutines.
type Process struct {
	name string
	cmd  *exec.Cmd
	said *tail
	done chan struct{} // closed when the program has ended
}

// endPatience is how long a program may take to end after SIGTERM, before it and its children are killed.
const endPatience = 3 * time.Second

// tail keeps the last bytes that a program wrote, for the message when it fails.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - 4000; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}

// startProcess starts a server. The end of its output is kept for an error message. The caller ends it with End.
func startProcess(name, dir string, env []string, argv ...string) (*Process, error) {
	p := newProcess(name, dir, argv)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout = p.said
	return p.start()
}

// startPiped starts a server that is a part of this program. It writes its address to out, and ends when its input does.
func startPiped(name, dir string, in, out *os.File, argv ...string) (*Process, error) {
	p := newProcess(name, dir, argv)
	p.cmd.Stdin, p.cmd.Stdout = in, out
	return p.start()
}

func newProcess(name, dir string, argv []string) *Process {
	p := &Process{name: name, cmd: exec.Command(argv[0], argv[1:]...), said: &tail{}, done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stderr, p.cmd.SysProcAttr = dir, p.said, ownGroup()
	return p
}

func (p *Process) start() (*Process, error) {
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go p.wait() // ends with the program
	return p, nil
}

func (p *Process) wait() {
	p.cmd.Wait()
	close(p.done)
}

// Pid returns the id of the program's first process.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// End sends the program SIGTERM, and kills its group if it takes too long. A second End does nothing.
func (p *Process) End() {
	if p == nil {
		return
	}
	select {
	case <-p.done:
	default:
		p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(endPatience):
		}
	}
	syscall.Kill(-p.Pid(), syscall.SIGKILL) // kills what is left of its group, usually nothing
	<-p.done
}

// Kill ends the program as kill -9 does, and returns when it is gone.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// AwaitListening returns when addr accepts connections, or an error if the program ends or takes too long.
func (p *Process) AwaitListening(ctx context.Context, addr string) error {
	late := time.After(10 * time.Second)
	for {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			c.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return fmt.Errorf("%s ended by itself: %s", p.name, p.said)
		case <-late:
			return fmt.Errorf("%s does not listen on %s after 10 s: %s", p.name, addr, p.said)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// runTool runs a load generator to its end and returns its output. If ctx ends or the time is up, it ends the generator.
func runTool(ctx context.Context, most time.Duration, argv ...string) (stdout string, err error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var out strings.Builder
	said := &tail{}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = &out, said
	cmd.SysProcAttr = ownGroup()
	cmd.WaitDelay = endPatience
	err = cmd.Run()
	if ctx.Err() != nil {
		return out.String(), fmt.Errorf("%s was ended after %v", argv[0], most)
	}
	if err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", argv[0], err, said)
	}
	return out.String(), nil
}

// freeAddr returns a loopback address whose port was free just now.
func freeAddr() (string, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// lookTool finds a program, or says how to install it.
func lookTool(name, debian string) error {
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("%s is not installed, and the benchmark needs it (on Debian: apt-get install %s)", name, debian)
	}
	return nil
}

var errNotLinux = errors.New("the benchmark reads /proc and drives epoll: it needs Linux")

// openDir makes a folder that other users may enter, because the workers of an nginx of root run as another user.
func openDir(parent, pattern string) (string, error) {
	dir, err := os.MkdirTemp(parent, pattern)
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}
