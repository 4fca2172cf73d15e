package tests

import (
	"cmp"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// doomed is a tenfour with jobs that is killed and started again on the same data. Its origin and its receiver stay.
type doomed struct {
	asker
	t        testing.TB
	origin   *origin
	receiver *receiver
	settings string // the file
	flags    []string
	line     string // of sh, that runs the next process; "" for plainly

	process *process
	now     atomic.Pointer[process] // the same, for other goroutines
	kill    func()                  // kills the process, once
}

// The routes of a doomed tenfour. On each, a GET and a PUT may be sent again, by their method.
const (
	onceRoute   = "/once/"   // a POST may be sent once
	unsafeRoute = "/unsafe/" // retry_unsafe
	laterRoute  = "/later/"  // a request becomes a job after handoverAfter
	goneRoute   = "/gone/"   // is missing after some reloads
)

const (
	jobAttempts   = 3
	handoverAfter = 10 * time.Millisecond
)

// startDoomed starts the origin and the receiver. more is put at the top of the settings.
func startDoomed(t testing.TB, more string) *doomed {
	t.Helper()
	d := &doomed{t: t, origin: startOrigin(t), receiver: startReceiver(t), kill: func() {}}
	dir := t.TempDir()
	secret := writeFile(t, filepath.Join(dir, "secret"), callbackSecret+"\n")
	text := more + fmt.Sprintf("data = %q\n", filepath.Join(dir, "data"))
	for path, own := range map[string]string{onceRoute: "", unsafeRoute: "retry_unsafe = true\n", laterRoute: "async_after = \"" + handoverAfter.String() + "\"\n"} {
		text += fmt.Sprintf("[[route]]\npath = %q\nbackends = %q\nasync = true\nattempts = %d\n%scallback_allow = [\"http://%s/\"]\ncallback_secret_file = %q\n",
			path, d.origin.addr, jobAttempts, own, d.receiver.addr, secret)
	}
	d.settings = writeFile(t, filepath.Join(dir, "tenfour.toml"), text)
	d.flags = []string{"--config", d.settings, "--workers", "4", "--drain", "2s"}
	return d
}

// begin starts a process on the data, and reports whether it listens; it does not if it was killed before.
func (d *doomed) begin() bool {
	d.t.Helper()
	p, listens := beginProcess(d.t, cmp.Or(d.line, plainly), nil, nil, d.flags...)
	d.process = p
	d.now.Store(p)
	d.kill = sync.OnceFunc(func() { p.cmd.Process.Kill() })
	select {
	case d.addr = <-listens:
		return true
	case <-p.ended:
		return false
	case <-time.After(4 * patience):
		d.t.Fatalf("tenfour %q does not listen\n%s", d.flags, p.log)
		return false
	}
}

// mustBegin is begin for a process that is not to be killed yet.
func (d *doomed) mustBegin() {
	d.t.Helper()
	d.line = ""
	if !d.begin() {
		d.t.Fatalf("tenfour %q ended before it listened: %v\n%s", d.flags, d.process.err, d.process.log)
	}
}

// awaitDeath returns when the process has ended. The test fails when it was not killed.
func (d *doomed) awaitDeath() {
	d.t.Helper()
	select {
	case <-d.process.ended:
	case <-time.After(4 * patience):
		d.t.Fatalf("tenfour was killed, and runs\n%s", d.process.log)
	}
	if s, ok := d.process.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		d.t.Fatalf("tenfour was not killed, but ended: %v\n%s", d.process.err, d.process.log)
	}
}

// runs reports whether the process has not ended. One that was killed ends a moment later.
func (d *doomed) runs() bool {
	return !await.Holds(20*time.Millisecond, func() bool {
		select {
		case <-d.process.ended:
			return true
		default:
			return false
		}
	})
}
