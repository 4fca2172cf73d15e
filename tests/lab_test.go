package tests

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenfour/program"
)

// runLabOnce runs the command lab in this process, which is asked to stop before it begins: what can be started is started, told
// of, and closed again.
func runLabOnce(args ...string) (code int, stdout, stderr string) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	var out, errs bytes.Buffer
	code = program.Run(ctx, append([]string{"lab"}, args...), &out, &errs, nil)
	return code, out.String(), errs.String()
}

func TestLab_listsItsKinds(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"-h"}, {"fork", "--help"}} {
		code, stdout, stderr := runLabOnce(args...)
		if code != program.Stopped || stderr != "" {
			t.Errorf("lab %q: left with %d and said %q, want 0 and no errors", args, code, stderr)
		}
		for _, want := range []string{"  fork ", "pause=40ms", "  mute ", "@HOST:PORT"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("lab %q: got no %q in\n%s", args, want, stdout)
			}
		}
	}
}

func TestLab_reportsAllThatIsWrong(t *testing.T) {
	code, stdout, stderr := runLabOnce("forc", "mute", "slow:rat=1")
	if code != program.Usage || stdout != "" {
		t.Errorf("left with %d and said %q, want 2 and nothing started", code, stdout)
	}
	for _, want := range []string{"no such kind; did you mean fork?", "slow has no such option; did you mean rate?", "lab --help"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("got no %q in\n%s", want, stderr)
		}
	}
}

func TestLab_failsWhereAnAddressIsTaken(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	code, _, stderr := runLabOnce("mute", "fork@"+ln.Addr().String())
	if code != program.Failed || !strings.HasPrefix(stderr, "tenfour lab: fork@"+ln.Addr().String()+": the address is in use: ") || !strings.Contains(stderr, "such as fork@127.0.0.1:") {
		t.Errorf("left with %d and said %q, want 1 and the address", code, stderr)
	}
}

func TestLab_failsWhereItCannotWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := runLabOnce("record:dir=" + file + "/below")
	if code != program.Failed || !strings.Contains(stderr, file) || !strings.Contains(stderr, "choose another directory") {
		t.Errorf("left with %d and said %q, want 1 and the directory", code, stderr)
	}
}

func TestLab_runsUntilItIsAskedToStop(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		cmd := exec.Command(self, "lab", "mute", "fork", "refuse")
		cmd.Env = append(os.Environ(), asProgram+"=1")
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		late := time.AfterFunc(2*patience, func() { cmd.Process.Kill() })
		var addrs []string
		lines := bufio.NewScanner(stdout)
		for len(addrs) < 3 && lines.Scan() {
			addrs = append(addrs, strings.Fields(lines.Text())[2])
		}
		if len(addrs) < 3 || !lines.Scan() || !strings.Contains(lines.Text(), "--backend "+addrs[2]) {
			t.Errorf("it told of %q, and then %q; want three addresses, and how to use them", addrs, lines.Text())
		}
		c, err := net.DialTimeout("tcp", addrs[0], patience)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Process.Signal(signal)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: it left with %v, want 0", signal, err)
		}
		late.Stop()
		c.Close()
		for _, addr := range addrs {
			ln, err := net.Listen("tcp", addr)
			if err != nil {
				t.Errorf("%v: %v", signal, err)
				continue
			}
			ln.Close()
		}
	}
}
