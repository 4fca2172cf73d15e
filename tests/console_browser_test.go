//go:build !race && !portable

package tests

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"tenfour/tests/await"
)

// The tests of the page run in a real Chromium. It is large and shares the processors, so a test waits longer for what it shows.
const browserPatience = time.Minute

//go:embed console_audit.js
var auditScript string

// chromium is a Chromium without a window. All tests of the page share one.
type chromium struct{ ctx context.Context }

// startBrowser starts Chromium, which ends with the test. It fails if there is none: scripts/test.sh installs it.
func startBrowser(t *testing.T) *chromium {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.CombinedOutput(io.Discard)) // root has no sandbox
	ctx, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // it waits until no process is left
			t.Logf("ending the browser: %v", err)
		}
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: %v\non Debian: apt-get install chromium", err)
	}
	return &chromium{ctx}
}

// tab is a page of the console in the browser. One goroutine uses it.
type tab struct {
	t       *testing.T
	ctx     context.Context
	console string // where the console is: HOST:PORT

	mu   sync.Mutex // guards the rest
	asks []string   // the addresses of all requests
	said []string   // what it wrote to its console: errors and warnings
}

// open opens a page of the console at HOST:PORT. At the test's end it must have asked for nothing outside, and have reported no error.
func (b *chromium) open(t *testing.T, console, path string) *tab {
	t.Helper()
	p := b.tab(t, console)
	p.visit(path)
	return p
}

// tab opens an empty page.
func (b *chromium) tab(t *testing.T, console string) *tab {
	t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	p := &tab{t: t, ctx: ctx, console: console}
	t.Cleanup(func() {
		p.check()
		end()
	})
	messages := chromedp.Console(ctx)
	go func() { // ends with the page
		for m, err := range messages {
			if err != nil {
				return
			}
			p.mu.Lock()
			p.said = append(p.said, m.String())
			p.mu.Unlock()
		}
	}()
	p.must(chromedp.Listen(ctx, func(ev any) {
		if r, ok := ev.(*network.EventRequestWillBeSent); ok {
			p.mu.Lock()
			p.asks = append(p.asks, r.Request.URL)
			p.mu.Unlock()
		}
	}))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	p.must(err)
	_, err = chromedp.Call(ctx, page.BringToFront, cdp.Empty{})
	p.must(err)
	_, err = chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // keys reach it
	p.must(err)
	return p
}

// check fails the test if the page has asked for anything outside, or has reported an error.
func (p *tab) check() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ask := range p.asks {
		if u, err := url.Parse(ask); err != nil || u.Scheme != "data" && u.Scheme != "blob" && u.Host != p.console {
			p.t.Errorf("the page asks outside of the console: %s", ask)
		}
	}
	if len(p.asks) == 0 {
		p.t.Error("no request of the page was seen: nothing is known about what it asks for")
	}
	for _, text := range p.said {
		if !isExpected(text) {
			p.t.Errorf("the page reports: %s", text)
		}
	}
}

// isExpected reports whether a browser says that of a tenfour that ended, of an exchange or a job that is gone, or of an action that is
// refused: it says so whatever the page does.
func isExpected(text string) bool {
	for _, of := range []string{"ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "ERR_SOCKET_NOT_CONNECTED", "ERR_INCOMPLETE_CHUNKED_ENCODING",
		"404 (Not Found)", "403 (Forbidden)", "409 (Conflict)", "401 (Unauthorized)"} {
		if strings.Contains(text, of) {
			return true
		}
	}
	return false
}

// before has a script run in front of those of the page, each time that it is loaded.
func (p *tab) before(script string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	p.must(err)
}

// keys are pressed one after the other, wherever the focus is.
func (p *tab) keys(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.must(chromedp.Do(p.ctx, chromedp.KeyEvent(key)))
	}
}

// downloads has the browser put files into a directory, and returns a function that waits for the only one whose name matches, and for its
// bytes. A browser makes a file before it has its bytes.
func (b *chromium) downloads(t *testing.T) (has func(pattern, want string)) {
	t.Helper()
	dir := t.TempDir()
	if _, err := chromedp.Call(b.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir}); err != nil {
		t.Fatal(err)
	}
	return func(pattern, want string) {
		t.Helper()
		var text []byte
		if !await.Holds(browserPatience, func() bool {
			if files, err := filepath.Glob(filepath.Join(dir, pattern)); err == nil && len(files) == 1 {
				text, _ = os.ReadFile(files[0])
			}
			return string(text) == want
		}) {
			t.Errorf("the file %s has\n%q, want\n%q", pattern, text, want)
		}
	}
}

func (p *tab) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) visit(path string) {
	p.t.Helper()
	p.must(chromedp.Do(p.ctx, chromedp.Navigate("http://"+p.console+path)))
}

// sees sets the width of the page, and whether the reader prefers dark.
func (p *tab) sees(width int64, theme string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1})
	p.must(err)
	_, err = chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}, // no colour is between two
	}})
	p.must(err)
}

// js is what a script of one expression returns. Each %s of the script is one of the values.
func js[T any](p *tab, script string, values ...any) T {
	p.t.Helper()
	script = p.filled(script, values)
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		p.t.Fatalf("%s: %v", script, err)
	}
	return v
}

// filled is a script with values in it.
func (p *tab) filled(script string, values []any) string {
	p.t.Helper()
	quoted := make([]any, len(values))
	for i, v := range values {
		text, err := json.Marshal(v)
		p.must(err)
		quoted[i] = string(text)
	}
	if len(values) > 0 {
		script = fmt.Sprintf(script, quoted...)
	}
	return script
}

// holds reports whether an expression is true. While the browser goes from one page to another it is not.
func (p *tab) holds(script string) bool {
	p.t.Helper()
	is, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](script))
	if err != nil && !strings.Contains(err.Error(), "navigated or closed") && !strings.Contains(err.Error(), "Cannot find context") && !strings.Contains(err.Error(), "context was destroyed") {
		p.t.Fatalf("%s: %v", script, err)
	}
	return is && err == nil
}

// shows waits until an expression is true. what is a statement. Each %s of the script is one of the values.
func (p *tab) shows(what, script string, values ...any) {
	p.t.Helper()
	script = "!!(" + p.filled(script, values) + ")" // what is not there yet is not true
	if !await.Holds(browserPatience, func() bool {
		if p.holds(script) {
			return true
		}
		await.Pace(20 * time.Millisecond) // each question costs the page time too
		return false
	}) {
		p.t.Fatalf("waited %v for this: %s. It shows:\n%s", browserPatience, what, js[string](p, "document.body.innerText"))
	}
}

// presses gives an element the focus and sends it a key, until an expression is true: a browser on a busy machine may lose a key of a page
// that it has not drawn yet.
func (p *tab) presses(key, selector, what, script string) {
	p.t.Helper()
	if !await.Holds(browserPatience, func() bool {
		if js[bool](p, "!!("+script+")") {
			return true
		}
		js[any](p, `document.querySelector(%s)?.focus()`, selector)
		p.must(chromedp.Do(p.ctx, chromedp.KeyEvent(key)))
		return await.Holds(time.Second, func() bool { return js[bool](p, "!!("+script+")") })
	}) {
		p.t.Fatalf("waited %v for this: %s. Its address is %s, %s has the focus. It shows:\n%s", browserPatience, what, js[string](p, "location.href"),
			js[string](p, "document.activeElement.outerHTML.slice(0, 200) + (document.hasFocus() ? '' : ' of a page without the focus') + (document.hidden ? ' hidden' : '')"), js[string](p, "document.body.innerText"))
	}
}

// audit reports what cannot be used: by keyboard, with a screen reader, or on a narrow screen. A page that is just laid out may need a moment.
func (p *tab) audit() {
	p.t.Helper()
	var problems []string
	if !await.Holds(browserPatience, func() bool {
		problems = js[[]string](p, auditScript)
		if len(problems) > 0 {
			await.Pace(100 * time.Millisecond)
		}
		return len(problems) == 0
	}) {
		p.t.Error(strings.Join(problems, "\n"))
	}
}
