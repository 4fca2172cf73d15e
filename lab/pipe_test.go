//go:build unix

package lab

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestDir_doesNotWaitAtANamedPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	addr := start(t, h)
	ask(t, addr, "GET", "/pipe").want(t, 404)
	if page := ask(t, addr, "GET", "/").content; strings.Contains(page, "pipe") {
		t.Error("a named pipe is listed")
	}
}
