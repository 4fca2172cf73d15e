package program

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"tenfour/value/listen"
)

// TestInWords_saysWhatToDo also for what a test that runs as root cannot meet.
func TestInWords_saysWhatToDo(t *testing.T) {
	failed := func(call string, is syscall.Errno) error {
		return &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError(call, is)}
	}
	for _, tc := range []struct {
		at   string
		err  error
		want string
	}{
		{"0.0.0.0:80", failed("bind", syscall.EACCES), "ports below 1024 need a right that tenfour does not have: choose another port, such as --listen 0.0.0.0:8080; or give"},
		{"[::1]:65535", failed("bind", syscall.EADDRINUSE), "choose another port, such as --listen [::1]:8001. "},
		{"[::1]:8000", failed("socket", syscall.EAFNOSUPPORT), "IPv6 is switched off: write one of IPv4"},
		{"127.0.0.1:8000", failed("socket", syscall.EMFILE), "no descriptor is left for it: raise the limit (ulimit -n)"},
		{"127.0.0.1:8000", failed("bind", syscall.EINVAL), "invalid argument"},
		{"unix:/run/x/s", os.NewSyscallError("bind", syscall.EACCES), "tenfour may not make a file in /run/x: choose another path"},
		{"unix:/usr/s", os.NewSyscallError("access", syscall.EROFS), "the file system of /usr is read-only: choose another path"},
		{"unix:s", os.NewSyscallError("bind", syscall.ENOENT), "there is no directory .: make it"},
		{"unix:/s", &os.PathError{Op: "lstat", Path: "/s", Err: syscall.EIO}, "input/output error"},
	} {
		at, err := listen.Parse(tc.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := inWords(at, tc.err, "--listen "); !strings.Contains(got, tc.want) {
			t.Errorf("%s, %v: got %q, want %q in it", tc.at, tc.err, got, tc.want)
		}
	}
}
