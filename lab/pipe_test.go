//go:build unix

package lab

import (
	"net/http/httptest"
	"os"
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

// TestDir_aNamedPipeThatTakesAPlaceKeepsNoRequestWaiting: that of a file which was there a moment ago, and that of the directory.
func TestDir_aNamedPipeThatTakesAPlaceKeepsNoRequestWaiting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	h, err := Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := openRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w := httptest.NewRecorder()
	serveFile(w, httptest.NewRequest("GET", "/pipe", nil), root, "pipe") // as if it had been a file when it was looked at
	if w.Code != 404 {
		t.Errorf("got %d for the file, want 404", w.Code)
	}

	addr := start(t, h)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(dir, 0o644); err != nil {
		t.Fatal(err)
	}
	ask(t, addr, "GET", "/").want(t, 503)
}
