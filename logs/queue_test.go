package logs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
	"tenfour/value/choice"

	"go.uber.org/goleak"
)

// gate is a writer that waits until it is opened, and fails while it is told to.
type gate struct {
	opened chan struct{}
	begun  chan struct{} // has room for one: a write waits

	mu   sync.Mutex // guards the rest
	text bytes.Buffer
	fail error
	half int // bytes that are written before fail
}

func newGate() *gate { return &gate{opened: make(chan struct{}), begun: make(chan struct{}, 1)} }

func (g *gate) Write(p []byte) (int, error) {
	select {
	case g.begun <- struct{}{}:
	default:
	}
	<-g.opened
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fail != nil {
		n := min(g.half, len(p))
		g.text.Write(p[:n])
		return n, g.fail
	}
	return g.text.Write(p)
}

func (g *gate) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.String()
}

func (g *gate) failWith(err error, half int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fail, g.half = err, half
}

// TestQueue_aWriterThatTakesNothingKeepsNoCallerWaiting: what finds no room is counted to the line, the rest comes in order.
func TestQueue_aWriterThatTakesNothingKeepsNoCallerWaiting(t *testing.T) {
	defer goleak.VerifyNone(t)
	g := newGate()
	told := make(chan loss, 10)
	q := newQueue(g, false, func(l loss) { told <- l })
	fmt.Fprintln(q, "first")
	<-g.begun // it waits for its writer now

	pad := strings.Repeat("x", 1000)
	n := 2 * roomMost / len(pad)
	for i := range n { // by this goroutine alone: were one of them to wait, the test would not end
		fmt.Fprintln(q, i, pad)
	}
	if q.Flush(time.Millisecond) || q.Close(time.Millisecond) {
		t.Error("Flush or Close says that all is written, and nothing is")
	}
	close(g.opened)
	if !q.Close(await.Patience) {
		t.Fatal("it does not end once its writer goes on")
	}
	lost := <-told
	came := strings.Split(strings.TrimSuffix(g.String(), "\n"), "\n")
	if lost.lines == 0 || len(came)+int(lost.lines) != n+1 || lost.all != lost.lines || lost.err != nil {
		t.Errorf("%d lines came of %d, and it tells of %+v", len(came), n+1, lost)
	}
	for i, line := range came[1:] {
		if !strings.HasPrefix(line, fmt.Sprint(i, " ")) {
			t.Fatalf("line %d is %.20q", i, line)
		}
	}
	fmt.Fprintln(q, "after Close")
	if strings.Contains(g.String(), "after") {
		t.Error("a closed queue takes lines")
	}
}

func TestQueue_aFullDiskIsToldOnceInAWhile(t *testing.T) {
	defer goleak.VerifyNone(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	told := make(chan loss, 1000)
	q := newQueue(full, false, func(l loss) { told <- l })
	const n = 100
	for range n {
		fmt.Fprintln(q, "a line")
		q.Flush(await.Patience)
	}
	if said := len(told); said != 1 {
		t.Errorf("it was told %d times at once, want once", said)
	}
	q.Close(await.Patience)
	close(told)
	lines, all := int64(0), int64(0)
	for l := range told {
		lines, all = lines+l.lines, l.all
		if !errors.Is(l.err, syscall.ENOSPC) {
			t.Errorf("it tells of %v", l.err)
		}
	}
	if lines != n || all != n {
		t.Errorf("it tells of %d lines, and of %d in all; want %d", lines, all, n)
	}
}

// TestQueue_tellsOfItselfWhenItCan: what a log could not say is said once it can be, and the next line begins anew.
func TestQueue_tellsOfItselfWhenItCan(t *testing.T) {
	defer goleak.VerifyNone(t)
	g := newGate()
	close(g.opened)
	var q *queue
	q = newQueue(g, true, func(l loss) { fmt.Fprintf(q, "lost %d of %d: %v\n", l.lines, l.all, l.err) })
	g.failWith(syscall.ENOSPC, 3)
	fmt.Fprintln(q, "one")
	fmt.Fprintln(q, "two") // perhaps in the same write
	q.Flush(await.Patience)
	g.failWith(nil, 0)
	fmt.Fprintln(q, "three")
	q.Close(await.Patience)
	got := g.String()
	if !strings.HasPrefix(got, "one\nthree\nlost ") && !strings.HasPrefix(got, "onetwo\nthree\nlost ") {
		t.Errorf("got %q", got)
	}
	if !strings.HasSuffix(got, "lost 2 of 2: no space left on device\n") {
		t.Errorf("got %q, want the loss at its end", got)
	}
}

func TestQueue_manyWritersLoseNoLineAndMixNone(t *testing.T) {
	defer goleak.VerifyNone(t)
	g := newGate()
	close(g.opened)
	q := newQueue(g, false, func(l loss) { t.Errorf("lost %+v", l) })
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 500 {
				fmt.Fprintf(q, "%d-%d\n", w, i)
				if i%100 == 0 {
					q.Flush(await.Patience)
				}
			}
		})
	}
	writers.Wait()
	q.Close(await.Patience)
	next := map[int]int{}
	for line := range strings.Lines(g.String()) {
		var w, i int
		if _, err := fmt.Sscanf(line, "%d-%d\n", &w, &i); err != nil || i != next[w] {
			t.Fatalf("%q: %v; want line %d", line, err, next[w])
		}
		next[w]++
	}
	for w := range 8 {
		if next[w] != 500 {
			t.Errorf("%d lines of writer %d", next[w], w)
		}
	}
}

func TestOpenLog_refusesAFIFOWithoutAReader(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := openLog(name); err == nil || !strings.Contains(err.Error(), "no program reads it") {
		t.Errorf("got %v, %v", f, err)
	}
	r, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f, err := openLog(name)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// TestLogs_reopenEndsAWriteThatAFIFOKeepsWaiting, so that no caller of Reopen waits for the FIFO's reader.
func TestLogs_reopenEndsAWriteThatAFIFOKeepsWaiting(t *testing.T) {
	defer goleak.VerifyNone(t)
	name := filepath.Join(t.TempDir(), "access")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out bytes.Buffer
	l, err := Open(Options{Level: choice.LogInfo, Format: choice.FormatJSON, Access: choice.AccessLog{File: name}}, new(bytes.Buffer), &out)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 { // more than a pipe holds
		l.Access.Write(&Entry{Reason: strings.Repeat("x", 200)})
	}
	if l.access.Flush(10 * time.Millisecond) {
		t.Fatal("all was written to a FIFO that no program reads")
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.Access.Write(&Entry{Reason: "after"})
	if !l.access.Flush(await.Patience) {
		t.Error("it does not go on in the new file")
	}
	l.Close()
	if text, err := os.ReadFile(name); err != nil || !strings.Contains(string(text), "after") {
		t.Errorf("the new file has %.100q (%v)", text, err)
	}
}
