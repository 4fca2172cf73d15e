package source

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const most = 1 << 20

func TestFile_isWhatPeopleWrote(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	for what, tc := range map[string]struct{ written, want, err string }{
		"plain":                    {"a\nb\n", "a\nb\n", ""},
		"nothing":                  {"", "", ""},
		"a byte order mark":        {"\ufeffa", "a", ""},
		"lines as on Windows":      {"a\r\nb\r\n", "a\nb\n", ""},
		"a carriage return within": {"a\rb", "a\rb", ""},
		"UTF-16":                   {"\xff\xfea", "", "it is written in UTF-16: save it as UTF-8"},
		"one byte less":            {strings.Repeat("x", most-1), strings.Repeat("x", most-1), ""},
		"as many as it may":        {strings.Repeat("x", most), strings.Repeat("x", most), ""},
		"one more":                 {strings.Repeat("x", most+1), "", "it is larger than 1MiB"},
	} {
		if err := os.WriteFile(name, []byte(tc.written), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("TENFOUR_TEST_TEXT", tc.written)
		from := []string{name, "env:TENFOUR_TEST_TEXT"}
		if len(tc.written) > 64<<10 {
			from = from[:1]
		}
		for _, from := range from {
			got, err := Read(from, most)
			if string(got) != tc.want || (err == nil) != (tc.err == "") || err != nil && err.Error() != tc.err {
				t.Errorf("%s of %s: got %.40q (%v), want %.40q (%s)", what, from, got, err, tc.want, tc.err)
			}
		}
	}
	if _, err := Read("env:TENFOUR_TEST_NONE", most); err == nil || err.Error() != "the environment has no variable TENFOUR_TEST_NONE" {
		t.Errorf("got %v", err)
	}
}

// TestFile_opensNothingThatCouldKeepItWaiting: were it to wait, the test would not end.
func TestFile_opensNothingThatCouldKeepItWaiting(t *testing.T) {
	dir := t.TempDir()
	fifo, socket := filepath.Join(dir, "fifo"), filepath.Join(dir, "socket")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for name, want := range map[string]string{
		fifo:                          "it is not a file but a FIFO",
		socket:                        "it is not a file but a socket",
		dir:                           "it is not a file but a directory",
		"/dev/zero":                   "it is not a file but a device",
		os.DevNull:                    "it is not a file but a device",
		filepath.Join(dir, "missing"): "no such file or directory",
	} {
		if _, err := File(name, most); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
		if name == fifo {
			want = "it is a pipe, and no program writes to it: use a file, because it is read again"
		}
		if _, err := FileOrPipe(name, most); name != os.DevNull && (err == nil || err.Error() != want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	if text, err := FileOrPipe(os.DevNull, most); len(text) != 0 || err != nil {
		t.Errorf("%s: got %q, %v", os.DevNull, text, err)
	}
}

func TestFileOrPipe_aPipe(t *testing.T) {
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	name := fmt.Sprintf("/dev/fd/%d", r.Fd())
	if _, err := w.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	if _, err := FileOrPipe(name, most); err == nil || err.Error() != "it is a pipe, and its end has not come after 2s" {
		t.Errorf("of a pipe without an end: got %v", err)
	}
	if _, err := w.WriteString("more"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if text, err := FileOrPipe(name, most); string(text) != "more" || err != nil {
		t.Errorf("of a pipe with an end: got %q, %v", text, err)
	}
}
