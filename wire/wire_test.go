package wire

import (
	"bytes"
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
	mu   sync.Mutex
	got  bytes.Buffer
}

func (g *gated) Write(p []byte) (int, error) {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got.Write(p)
}

func (g *gated) text() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got.String()
}

func head(raw string) *trace.Passing {
	return &trace.Passing{Moment: trace.FromClient, ID: "p-1", Head: trace.Head{Raw: trace.Raw(raw), Refused: -1}}
}

// TestPrinter_saysWhatWasNotShown: its reader takes nothing, while many goroutines hand over more than may wait. None of them waits.
func TestPrinter_saysWhatWasNotShown(t *testing.T) {
	defer goleak.VerifyNone(t)
	to := &gated{open: make(chan struct{})}
	p := New(to, false)
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
