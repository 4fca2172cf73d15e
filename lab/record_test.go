package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recording starts a record backend in a new directory, with more options. said returns the lines that it has said.
func recording(t testing.TB, options string) (b *Faulty, dir string, said func() []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "new", "dir")
	p, err := Parse("record:dir=" + dir + options)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	p.Said = func(line string) { lines <- line }
	if b, err = p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, dir, func() (all []string) {
		for {
			select {
			case line := <-lines:
				all = append(all, line)
			default:
				return all
			}
		}
	}
}

func filesOf(t testing.TB, dir, ending string) (names, contents []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"+ending)) // sorted
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, string(content))
	}
	return names, contents
}

func TestRecord_writesEachRequestAndItsAnswer(t *testing.T) {
	b, dir, said := recording(t, "")
	requests := []string{
		"GET /../../x HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\xff\x00\r\n0\r\n\r\n",
		"GET / HTTP/1.1\r\nHo", // malformed: its connection ends
	}
	got := sendAll(t, b, strings.Join(requests, ""))
	names, kept := filesOf(t, dir, ".request")
	if !slices.Equal(kept, requests) {
		t.Errorf("got requests %q, want %q", kept, requests)
	}
	_, answers := filesOf(t, dir, ".answer")
	if strings.Join(answers, "") != got {
		t.Errorf("got answers %q, want %q", answers, got)
	}
	lines := said()
	for i, name := range names {
		want := fmt.Sprintf("wrote %s (%d bytes) and .answer (%d bytes)", name, len(requests[i]), len(answers[i]))
		if lines[i] != want {
			t.Errorf("said %q, want %q", lines[i], want)
		}
	}
}

func TestRecord_isForItsOwnerOnly(t *testing.T) {
	b, dir, _ := recording(t, "")
	sendAll(t, b, plainGet)
	names, _ := filesOf(t, dir, "")
	for _, name := range append(names, dir) {
		if is, err := os.Stat(name); err != nil || is.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: got mode %v, error %v", name, is.Mode(), err)
		}
	}
	if len(names) != 2 {
		t.Errorf("got files %v, want 2", names)
	}
}

func TestRecord_writesNoMoreThanMost(t *testing.T) {
	b, dir, said := recording(t, ",most=2")
	for n := range 4 {
		got := sendAll(t, b, plainGet)
		if not := strings.Contains(got, "not recorded: "); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || not != (n >= 2) {
			t.Errorf("request %d: got %q", n+1, got)
		}
	}
	if names, _ := filesOf(t, dir, ""); len(names) != 4 {
		t.Errorf("got files %v, want 4", names)
	}
	lines := said()
	if len(lines) != 3 || !strings.HasPrefix(lines[2], "has written 2 requests") {
		t.Errorf("said %q, want two that were written, and once that there are no more", lines)
	}
}

func TestRecord_writesTheFirstBytesOfALargeRequest(t *testing.T) {
	for _, size := range []int{len(plainGet) - 1, len(plainGet), len(plainGet) + 1} {
		b, dir, said := recording(t, fmt.Sprintf(",size=%d", size))
		sendAll(t, b, plainGet)
		kept := min(size, len(plainGet))
		if _, got := filesOf(t, dir, ".request"); len(got) != 1 || got[0] != plainGet[:kept] {
			t.Errorf("size=%d: got %q", size, got)
		}
		if first := strings.Contains(said()[0], fmt.Sprintf("(the first %d bytes of %d)", kept, len(plainGet))); first != (size < len(plainGet)) {
			t.Errorf("size=%d: it says that it wrote a part: %v", size, first)
		}
	}
}

func TestRecord_writesForManyConnectionsAtOnce(t *testing.T) {
	b, dir, _ := recording(t, "")
	var guests []*guest
	for range 20 {
		g := b.visitedBy(t)
		io.WriteString(g, plainGet)
		guests = append(guests, g)
	}
	for _, g := range guests {
		if r, _, err := g.read(); err != nil || r.StatusCode != 200 {
			t.Errorf("got %v, error %v", r, err)
		}
	}
	if names, _ := filesOf(t, dir, ".request"); len(names) != 20 {
		t.Errorf("got %d requests, want 20", len(names))
	}
}

func TestRecord_answers500WhenItCannotWrite(t *testing.T) {
	b, dir, said := recording(t, "")
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if got := sendAll(t, b, plainGet); !strings.HasPrefix(got, "HTTP/1.1 500 ") || strings.Contains(got, dir) {
		t.Errorf("got %q, want 500 that does not name the directory", got)
	}
	if lines := said(); len(lines) != 1 || lines[0] != "cannot record request 1: write into "+dir+": no such file or directory: its client gets 500" {
		t.Errorf("said %q, want why", lines)
	}
}

func TestRecord_needsADirectory(t *testing.T) {
	file := fileWith(t, "")
	if _, err := StartFaulty("record:dir=" + file + "/below"); err == nil {
		t.Error("it started below a file")
	}
	if _, err := os.Stat("/proc/self"); err == nil { // a directory that root cannot write into either
		var where *os.PathError
		if _, err := StartFaulty("record:dir=/proc"); !errors.As(err, &where) || where.Path != "/proc" {
			t.Errorf("it started in a directory that cannot be written: error %v, want where", err)
		}
	}
	if _, err := Parse("record:dir="); err == nil {
		t.Error("it takes an empty name")
	}
}
