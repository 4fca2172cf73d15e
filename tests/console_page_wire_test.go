//go:build !race && !portable

package tests

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tenfour/tests/await"
)

// paneText is the text of one pane of the wire view, with what stands for bytes made bytes again.
func (p *tab) paneText(part string) string {
	p.t.Helper()
	text := js[string](p, `document.querySelector(".pane." + %s + " .bytes").textContent`, part)
	text = strings.ReplaceAll(text, "\n", "")
	return regexp.MustCompile(`\\(r|n|t|x[0-9a-f]{2})`).ReplaceAllStringFunc(text, func(sign string) string {
		if len(sign) == 4 {
			n, err := strconv.ParseUint(sign[2:], 16, 8)
			p.must(err)
			return string([]byte{byte(n)})
		}
		return map[string]string{`\r`: "\r", `\n`: "\n", `\t`: "\t"}[sign]
	})
}

// showsBytes compares the four panes of the wire view with the bytes that passed over four sockets' ends.
func (b *chromium) showsBytes(t *testing.T) {
	answer := "HTTP/1.1 200 Fine  indeed\r\nX-odd-CASE:\t a\t\r\nSet-Cookie: sid=secret2; Path=/\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n"
	origin := startBackend(t, always(answer+"ok"))
	tf := startConsoled(t, []string{origin.addr})
	odd := "PATCH /it's?a=$HOME&b=`id`\\ HTTP/1.1\r\nHost: " + tf.addr + "\r\nX-Odd: \"it's\" $(id) \\n\r\nAccept: */*\r\n\r\n"
	tf.exchange(t, odd, whole)
	_, oddly := origin.seen()
	origin.forget()
	raw := "GET /a?token=secret1&b=2 HTTP/1.0\r\nhOST: example\r\nX-Name: caf\xe9  \r\nCookie: sid=secret3\r\nConnection: close\r\n\r\n"
	o := tf.exchange(t, raw, whole)
	if o.last().status() != 200 {
		t.Fatalf("got %q", o.raw)
	}
	_, out := origin.seen()
	masks := strings.NewReplacer("secret1", "***", "secret2", "***", "secret3", "***")
	want := map[string]string{
		"client-in":   masks.Replace(raw),
		"backend-out": masks.Replace(out),
		"backend-in":  masks.Replace(answer),
		"client-out":  masks.Replace(strings.TrimSuffix(o.raw, "ok")),
	}

	p := b.open(t, tf.console, "/")
	p.sees(1600, "light")
	p.shows("the exchange is in its list", `document.querySelector("#rows tbody tr a")?.textContent === "GET /a?token=***&b=2"`)
	p.presses(kb.Enter, "#rows tbody tr a", "the wire view is open", `document.getElementById("wire").open && document.querySelectorAll(".pane .bytes").length === 4`)
	for part, text := range want {
		if got := p.paneText(part); got != text {
			t.Errorf("the pane %s shows\n%q, want\n%q", part, got, text)
		}
	}
	if text := js[string](p, `document.getElementById("wire").textContent`); strings.Contains(text, "secret") {
		t.Errorf("a secret is shown: %s", text)
	}
	for _, words := range []string{"200", "the client got this response", "A new connection from 127.0.0.1", "Via", "X-Backend", "HTTP/1.0 → HTTP/1.1", "removed", "added", "RFC 9110", "curl "} {
		p.shows("it says "+words, `document.getElementById("wire").textContent.includes(%s)`, words)
	}
	p.shows("each run of bytes has its kind", `["method", "target", "version", "status", "reason", "name", "value", "line-end"].every((k) => document.querySelector("#wire .run.k-" + k))`)
	if n := js[int](p, `document.querySelectorAll("#wire .pane mark").length`); n < 5 { // the target twice, the cookie twice, Set-Cookie
		t.Errorf("%d masked values are marked", n)
	}
	p.presses(kb.ArrowRight, ".pane.client-in .run[tabindex='0']", "the arrows lead to the target, and the pane says what it is",
		`document.activeElement.className === "run k-target" && document.querySelector(".pane.client-in .says").textContent.startsWith("target")`)
	file := b.downloads(t)
	for part, text := range want {
		js[any](p, `document.querySelector(".pane." + %s + " a[download]").click()`, part)
		file("*-"+part+".0.http", text)
	}
	for theme, width := range map[string]int64{"light": 1600, "dark": 360} {
		p.sees(width, theme)
		p.audit()
	}
	p.presses(kb.Escape, "#wire .close", "Escape closes the wire view, and the focus is where it was",
		`!document.getElementById("wire").open && document.activeElement.matches("#rows a") && location.hash === ""`)
	js[any](p, `location.hash = "#exchange/p-gone"`)
	p.shows("one that is gone is told of", `document.getElementById("wire").textContent.includes("Exchange p-gone cannot be shown")`)
	p.presses(kb.Escape, "#wire .close", "the wire view is closed", `!document.getElementById("wire").open`)
	b.copiesACommand(t, p, origin, oddly)
}

// copiesACommand runs what "Copy as curl" has put onto the clipboard, of a request that was as want at the backend, and is the same again.
func (b *chromium) copiesACommand(t *testing.T, p *tab, origin *backend, want string) {
	_, err := chromedp.Call(b.ctx, browser.SetPermission, browser.SetPermissionParams{Permission: &browser.PermissionDescriptor{Name: "clipboard-read"}, Setting: browser.PermissionSettingGranted})
	p.must(err)
	js[any](p, `[...document.querySelectorAll("#rows tbody tr a")].find((a) => a.textContent.startsWith("PATCH /it's")).click()`)
	p.shows("there is a command", `document.querySelector("#wire .curl button")`)
	p.presses(kb.Enter, "#wire .curl button", "it is copied", `document.querySelector("#wire .curl button").textContent === "Copied"`)
	js[any](p, `void navigator.clipboard.readText().then((text) => { window.copied = text; })`)
	p.shows("it is on the clipboard", `window.copied`)
	command := js[string](p, `window.copied`)
	origin.forget()
	if out, err := exec.Command("bash", "-c", command+" --silent --show-error").CombinedOutput(); err != nil || !strings.Contains(string(out), "200 Fine") {
		t.Errorf("%s\n%v, %s", command, err, out)
	}
	if _, got := origin.seen(); got != want {
		t.Errorf("%s\nthe backend gets\n%q, want\n%q", command, got, want)
	}
}

// showsAttempts looks at an exchange that went out twice, and at a race.
func (b *chromium) showsAttempts(t *testing.T) {
	again := startBackend(t, func(v *visit) {
		if _, err := v.request(); err == nil && v.number > 0 {
			v.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
		}
	})
	mute := startBackend(t, func(v *visit) { v.untilGone() })
	quick := startBackend(t, always(plainReply.raw))
	file := settingsFile(t, again.addr, fmt.Sprintf("[[route]]\npath = \"/again\"\nbackends = \"BACKEND\"\n[[route]]\npath = \"/race\"\nrace = \"parallel\"\nbackends = [%q, %q]\n", mute.addr, quick.addr))
	tf := startConsoled(t, nil, "--config", file)
	p := b.open(t, tf.console, "/")
	p.sees(1600, "light")

	tf.get(t, "/again")
	tf.get(t, "/race")
	p.shows("both are in the list, with their attempts", `document.querySelectorAll("#rows tbody tr").length === 2 && document.getElementById("rows").textContent.includes("2 attempts")`)
	const open = `[...document.querySelectorAll("#rows tbody tr a")].find((a) => a.textContent === "GET " + %s).click()`
	js[any](p, open, "/again")
	p.shows("the first attempt has failed, and the second one is the client's", `document.querySelector("#wire .attempt.failed") && document.querySelector("#wire .attempt.won") && document.querySelector("#wire [aria-pressed=true]").textContent === "Attempt 2"`)
	_, sent := again.seen()
	first, _, _ := strings.Cut(sent, "\r\n\r\n")
	p.presses(kb.Enter, "#wire .timeline li:nth-child(2) button", "the bytes of the first attempt are shown", `document.querySelector("#wire [aria-pressed=true]").textContent === "Attempt 1" && document.querySelector(".pane.backend-in").textContent.includes("Nothing passed here")`)
	if got := p.paneText("backend-out"); got != first+"\r\n\r\n" {
		t.Errorf("attempt 1 shows\n%q, want\n%q", got, first)
	}
	p.audit()
	p.presses(kb.Escape, "#wire .close", "the wire view is closed", `!document.getElementById("wire").open`)

	js[any](p, open, "/race")
	p.shows("one racer has won, and one was beaten", `document.querySelectorAll("#wire .attempt.won").length === 1 && document.querySelectorAll("#wire .attempt.lost").length === 1 && document.querySelectorAll("#wire .attempt.failed").length === 0`)
	p.shows("both say when they began", `[...document.querySelectorAll("#wire .timeline li")].slice(1).every((li) => /began at .*ended at /.test(li.textContent)) && document.querySelector("#wire .timeline").textContent.includes("another backend was first")`)
	p.presses(kb.Escape, "#wire .close", "the wire view is closed again", `!document.getElementById("wire").open`)
	t.Run("and is used by keyboard alone", func(t *testing.T) { isUsedByKeyboard(t, p, tf) })
}

// isUsedByKeyboard goes through a page, of which two exchanges are known, with the Tab key alone.
func isUsedByKeyboard(t *testing.T, p *tab, tf *consoled) {
	js[any](p, `(document.activeElement.blur(), document.querySelector(".skip").focus(), 0)`)
	seen := map[string]bool{}
	const focused = `((e) => e.matches("#rows a") ? "a row" : e.id || e.className || e.textContent)(document.activeElement)`
	if !await.Holds(browserPatience, func() bool {
		p.keys(kb.Tab)
		at := js[string](p, focused)
		seen[at] = true
		if style := js[string](p, `((e) => e === document.body ? "" : getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth)(document.activeElement)`); style == "none0px" || strings.HasPrefix(style, "none") {
			t.Errorf("the focus on %s cannot be seen: %s", at, style)
		}
		return at == "a row"
	}) {
		t.Fatalf("the Tab key does not lead to the exchanges, but to %v", seen)
	}
	first := js[string](p, `document.activeElement.textContent`)
	for _, stop := range []string{"theme", "charts", "marks", "hold"} {
		if !seen[stop] {
			t.Errorf("the Tab key does not lead to %s, but to %v", stop, seen)
		}
	}
	js[any](p, `document.querySelectorAll("#rows tbody tr").forEach((row) => { row.known = true; })`)
	tf.get(t, "/second")
	p.shows("while a row has the focus, another one waits", `document.getElementById("newer").textContent === "1 newer" && document.activeElement.textContent === %s`, first)
	p.presses(kb.Enter, "#rows a", "Enter opens the wire view", `document.querySelector("#wire .pane")`)
	for range 5 {
		p.keys(kb.Tab)
		p.shows("the focus stays in the wire view", `document.activeElement === document.body || document.getElementById("wire").contains(document.activeElement)`)
	}
	p.presses(kb.Escape, "#wire .close", "Escape closes it, and the focus is where it was", `!document.getElementById("wire").open && document.activeElement.matches("#rows a")`)
	if again := js[string](p, `document.activeElement.textContent`); again != first {
		t.Errorf("the focus was on %s, and is on %s", first, again)
	}
	js[any](p, `document.activeElement.blur()`)
	p.shows("then the other row comes, and the first one is the one that it was", `[...document.querySelectorAll("#rows tbody tr")].map((row) => row.querySelector("a").textContent + (row.known ? ", known" : "")).join() .startsWith("GET /second,GET ") && document.querySelectorAll("#rows tbody tr").length === 3 && [...document.querySelectorAll("#rows tbody tr")].slice(1).every((row) => row.known)`)
	transition := func(motion string) string {
		_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: motion}}})
		p.must(err)
		return js[string](p, `getComputedStyle(document.querySelector(".slots .slot")).transitionDuration.split(",")[0]`)
	}
	if some, none := transition("no-preference"), transition("reduce"); some != "0.2s" || none != "0s" {
		t.Errorf("a slot changes its colour in %s, and with reduced motion in %s", some, none)
	}
}
