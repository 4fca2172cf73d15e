package wire

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"tenfour/tests/await"
	"tenfour/trace"
)

// gated is a writer that takes nothing before it is opened.
type gated struct {
	open chan struct{}
	got  await.Output
}

func (g *gated) Write(p []byte) (int, error) {
	<-g.open
	return g.got.Write(p)
}

func (g *gated) text() string { return g.got.String() }

// losses are what a printer tells of.
type losses struct {
	mu     sync.Mutex
	blocks int
	calls  int
	err    error
}

func (l *losses) add(lost Loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.blocks, l.calls = l.blocks+lost.Blocks, l.calls+1
	if lost.Err != nil {
		l.err = lost.Err
	}
}

func (l *losses) all() (blocks int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.blocks, l.err
}

// full is a disk without room.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestPrinter_tellsWhatCannotBeWritten at once, and the rest at the end.
func TestPrinter_tellsWhatCannotBeWritten(t *testing.T) {
	defer goleak.VerifyNone(t)
	var lost losses
	p := New(full{}, false, lost.add)
	p.Passes(head("GET / HTTP/1.1\r\n\r\n"))
	await.Until(t, "the first is told", func() bool { n, _ := lost.all(); return n == 1 })
	for range 9 {
		p.Passes(head("GET / HTTP/1.1\r\n\r\n"))
	}
	if !p.Close(await.Patience) {
		t.Fatal("it does not end")
	}
	if n, err := lost.all(); n != 10 || err != errFull {
		t.Errorf("%d blocks are told of, and %v; want 10, and %v", n, err, errFull)
	}
}

// TestPrinter_tellsOfAReaderThatHasStopped: what waits at the end is lost too.
func TestPrinter_tellsOfAReaderThatHasStopped(t *testing.T) {
	to := &gated{open: make(chan struct{})}
	var lost losses
	p := New(to, false, lost.add)
	raw := "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 16<<10) + "\r\n\r\n"
	for range 200 {
		p.Passes(head(raw))
	}
	before, _ := lost.all()
	if before == 0 || p.Close(0) {
		t.Fatalf("%d blocks are told of while the reader takes nothing", before)
	}
	if after, err := lost.all(); after <= before || after > 200 || err != nil {
		t.Errorf("%d blocks are told of at the end (%v), after %d", after, err, before)
	}
	close(to.open)
	if !p.Close(await.Patience) {
		t.Fatal("it does not end")
	}
}

func head(raw string) *trace.Passing {
	return &trace.Passing{Moment: trace.FromClient, ID: "p-1", Head: trace.Head{Raw: trace.Raw(raw), Refused: -1}}
}

// TestPrinter_saysWhatWasNotShown: its reader takes nothing, while many goroutines hand over more than may wait. None of them waits.
func TestPrinter_saysWhatWasNotShown(t *testing.T) {
	defer goleak.VerifyNone(t)
	to := &gated{open: make(chan struct{})}
	var lost losses
	p := New(to, false, lost.add)
	raw := "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 4<<10) + "\r\n\r\n"
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				p.Passes(head(raw))
			}
		})
	}
	wg.Wait()
	p.Missed()
	close(to.open)
	if !p.Close(await.Patience) {
		t.Fatal("it does not end")
	}
	got := to.text()
	shown := strings.Count(got, "client -> tenfour")
	if told, _ := lost.all(); told != 800-shown {
		t.Errorf("%d blocks are shown, and %d of 800 are told of as lost", shown, told)
	}
	if shown == 0 || shown >= 800 || !strings.Contains(got, " blocks were not shown") || !strings.Contains(got, "1 exchanges were not shown") {
		t.Errorf("%d blocks are shown, and at the end %q", shown, got[max(0, len(got)-200):])
	}
}

func TestPage_showsWhereAHeadWasRefused(t *testing.T) {
	const raw = "GET / HTTP/1.1\r\nHost : a\r\n"
	p := head(raw)
	p.From.Refused, p.Head.Refused = true, strings.Index(raw, " :")
	const want = "#1  client -> tenfour  0.00 ms  from unix socket, a new connection\n" +
		"    GET / HTTP/1.1\n" +
		"    Host : a\\r\\n\n" +
		"        ^\n" +
		"  ! refused at byte 20, in line 2: white space before the colon (RFC 9112 §5.1)\n\n"
	if got := string((&page{}).block(p)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPage_showsWhatABackendSentThatIsNoHead(t *testing.T) {
	p := head("ICY 200 OK\r\n")
	p.Moment, p.Backend, p.Head.Refused = trace.FromBackend, "b:1", 0
	if got := string((&page{}).block(p)); !strings.HasPrefix(got, "#1  tenfour <- b:1  0.00 ms\n    ICY 200 OK") || !strings.Contains(got, "\n  ! refused at byte ") {
		t.Errorf("got\n%s", got)
	}
}

func TestPage_doesNotLetAPeerWriteToTheTerminal(t *testing.T) {
	for _, p := range []*trace.Passing{
		head("GET / HTTP/1.1\r\nHost: a\r\nX: \x9b2J\r\n\r\n"),
		{Moment: trace.ToBackend, ID: "p-1", Made: trace.Raw("GET / HTTP/1.1\r\nHost: a\r\nX: \x9b2J\r\n\r\n"), Head: trace.Head{Raw: trace.Raw("GET / HTTP/1.1\r\nHost: a\r\nX: \x9b2J\r\n\r\n"), Refused: -1}},
		{Moment: trace.AttemptOver, ID: "p-1", Reason: "it said \x1b[2J"},
	} {
		got := (&page{}).block(p)
		if bytes.IndexByte(got, 0x1b) >= 0 || bytes.IndexByte(got, 0x9b) >= 0 {
			t.Errorf("got %q", got)
		}
	}
}

func TestPage_coloursForATerminalOnly(t *testing.T) {
	p := head("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if got := string((&page{colours: true}).block(p)); !strings.Contains(got, "\x1b[36m#1") {
		t.Errorf("got %q in colour", got)
	}
	if got := string((&page{}).block(p)); strings.Contains(got, "\x1b") {
		t.Errorf("got %q without colours", got)
	}
}
