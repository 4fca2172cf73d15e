package tests

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenfour/program"
	"tenfour/tests/await"
)

// asProgram in the environment makes the test binary be tenfour itself: for tests that need a process of its own.
const asProgram = "TENFOUR_TEST_IS_THE_PROGRAM"

// memoryFile in its environment names a file, into which it then writes how many bytes of memory it took from the system.
const memoryFile = "TENFOUR_TEST_MEMORY_FILE"

func init() {
	if os.Getenv(asProgram) != "" {
		tellStanding()
		code := program.Main(os.Args[1:], os.Stdout, os.Stderr)
		if file := os.Getenv(memoryFile); file != "" {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			os.WriteFile(file, fmt.Append(nil, m.Sys), 0o600)
		}
		os.Exit(code)
	}
}

// ownProcess is tenfour in a process of its own.
type ownProcess struct {
	tenfour
	cmd  *exec.Cmd
	stop func() // asks it to end, once
}

// startProgram starts tenfour in a process of its own, with further variables in its environment, and returns when it
// listens. The test's end stops it, and fails the test when it does not leave with 0.
func startProgram(t testing.TB, env, backends []string, flags ...string) *ownProcess {
	t.Helper()
	args := append(listenAnywhere(flags), "--access-log", "off", "--log-format", "json", "--drain", "2s")
	args = append(args, withoutConsole(flags)...)
	for _, addr := range backends {
		args = append(args, "--backend", addr)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &ownProcess{tenfour: tenfour{log: new(await.Output)}, cmd: exec.Command(self, append(args, flags...)...)}
	p.cmd.Env = append(append(os.Environ(), asProgram+"=1"), env...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.stop = sync.OnceFunc(func() { p.cmd.Process.Signal(syscall.SIGTERM) })
	addr, ended := make(chan string, 1), make(chan struct{})
	go p.readLog(stderr, addr, ended) // ends with the process
	t.Cleanup(func() {
		p.stop()
		late := time.AfterFunc(2*patience, func() { p.cmd.Process.Kill() })
		defer late.Stop()
		<-ended
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("tenfour %q: %v\n%s", args, err, p.log)
		}
	})
	select {
	case p.addr = <-addr:
	case <-ended:
		t.Fatalf("tenfour %q ended before it listened\n%s", args, p.log)
	case <-time.After(2 * patience):
		t.Fatalf("tenfour %q does not listen\n%s", args, p.log)
	}
	return p
}

// readLog keeps the log, and tells the address from the line that says where tenfour listens.
func (p *ownProcess) readLog(stderr io.Reader, addr chan<- string, ended chan<- struct{}) {
	defer close(ended)
	for lines := bufio.NewScanner(io.TeeReader(stderr, p.log)); lines.Scan(); {
		var line struct{ Listen []string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && len(line.Listen) > 0 {
			_, where, _ := strings.Cut(line.Listen[0], "://")
			select {
			case addr <- where:
			default: // of another route
			}
		}
	}
}
