package tests

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// pss is the process's share of memory, in bytes.
func pss(t testing.TB, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Skipf("the kernel does not tell a process's memory: %v", err)
	}
	m := regexp.MustCompile(`(?m)^Pss:\s+(\d+) kB$`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("no Pss in %q", b)
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n << 10
}

// descriptorsOf is how many a process has open.
func descriptorsOf(t testing.TB, pid int) int {
	t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestIdleConnections_costLittle: 10,000 of them, of which half have sent nothing, and the others had an exchange. It
// measures tenfour as it is built for use, not the test's own binary.
func TestIdleConnections_costLittle(t *testing.T) {
	if underRace {
		t.Skip("tenfour as it is built for use has no race detector")
	}
	n := 10_000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if most := int(min(limit.Cur, 1<<20)) - 1000; n > most {
		t.Logf("the limit of descriptors allows %d connections, not %d", most, n)
		n = most
	}
	if testing.Short() || n < 1000 {
		t.Skipf("%d connections tell nothing, or take long", n)
	}
	binary := filepath.Join(t.TempDir(), "tenfour")
	if out, err := exec.Command("go", "build", "-o", binary, "tenfour").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	s := startServer(t, okay)
	cmd := exec.Command(binary, "--listen", "127.0.0.1:0", "--console", "off", "--backend", s.addr, "--log-format", "json", "--head-timeout", "10m", "--idle-timeout", "10m")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &ownProcess{tenfour: tenfour{log: new(await.Output)}, cmd: cmd}
	addr, ended := make(chan string, 1), make(chan struct{})
	go p.readLog(stderr, addr, ended) // ends with the process
	t.Cleanup(func() { cmd.Process.Kill(); <-ended; cmd.Wait() })
	select {
	case p.addr = <-addr:
	case <-time.After(2 * patience):
		t.Fatalf("tenfour does not listen\n%s", p.log)
	}

	crowd := func(n int) (conns []net.Conn) {
		for i := range n {
			c, err := net.DialTimeout("tcp", p.addr, patience)
			if err != nil {
				t.Fatalf("connection %d: %v", i, err)
			}
			conns = append(conns, c)
		}
		var asking sync.WaitGroup
		for g := range 8 {
			asking.Go(func() {
				for i := 2 * g; i < n; i += 16 {
					conns[i].SetDeadline(time.Now().Add(4 * patience))
					fmt.Fprint(conns[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
					in := &peer{Conn: conns[i], in: bufio.NewReader(conns[i])}
					if status, _, err := in.status("GET"); status != 200 || err != nil {
						t.Errorf("connection %d got %d (%v)", i, status, err)
						return
					}
				}
			})
		}
		asking.Wait()
		return conns
	}
	part := func(conns []net.Conn) {
		for _, c := range conns {
			c.Close()
		}
	}
	few := 0
	settled := func() bool { return descriptorsOf(t, cmd.Process.Pid) <= few }
	part(crowd(200)) // what is set up once is not the connections'
	few = 40
	eventually(t, "the first few are gone", settled)
	before := pss(t, cmd.Process.Pid)
	conns := crowd(n)
	defer part(conns)
	eventually(t, "all are accepted", func() bool { return descriptorsOf(t, cmd.Process.Pid) >= n })
	each := float64(pss(t, cmd.Process.Pid)-before) / float64(n)
	t.Logf("%d idle connections cost %.0f bytes each", n, each)
	if each > 1024 {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		t.Errorf("an idle connection costs %.0f bytes, want 1024 at most\n%s", each, strings.TrimSpace(string(status)))
	}
	if status, _ := p.get(t, "/"); status != 200 {
		t.Errorf("beside them a client got %d", status)
	}
}
