//go:build !race && !portable

package tests

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tenfour/lab"
	"tenfour/tests/await"
)

// TestConsolePage is all that an operator sees, in a real browser. It is one test because a browser is large: its parts share one.
func TestConsolePage(t *testing.T) {
	b := startBrowser(t)
	t.Run("moves under load", b.movesUnderLoad)
	t.Run("shows exchanges as bytes", b.showsBytes)
	t.Run("changes jobs", b.changesJobs)
	t.Run("connects again", b.connectsAgain)
	t.Run("is legible without scripts", b.isLegibleWithoutScripts)
}

// settingsOfLanes are two routes, of which the second has a backend that is stuck.
const settingsOfLanes = `workers = 4
[[route]]
path = "/"
backends = ["%s", "%s"]
[[route]]
path = "/stuck/"
backends = "%s"
`

// movesUnderLoad has ab go through two backends, one more that is stuck, one that goes down, and a reload.
func (b *browser) movesUnderLoad(t *testing.T) {
	site, err := lab.Start(lab.Welcome(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	slow, err := lab.StartFaulty("slow:delay=20ms")
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	stuck, err := lab.StartFaulty("mute")
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	settings := fmt.Sprintf(settingsOfLanes, site.Addrs()[0], slow.Addr(), stuck.Addr())
	tf := startReloadable(t, settings, "--console", "127.0.0.1:0", "--hold", "100ms")
	p := b.open(t, tf.consoleIn(t), "/")
	p.sees(1600, "light")
	p.shows("it is live", `document.getElementById("link").textContent === "live"`)
	p.shows("no request has come, and it says what to try", `document.getElementById("none").textContent.includes("curl http://" + %s)`, tf.addr)
	p.audit()

	runAB(t, "http://"+tf.addr+"/", 400, 8, "-l")
	p.shows("the requests are counted", `document.getElementById("facts").innerText.replaceAll(",", "").includes("requests 400")`)
	p.shows("the chart of requests has a line", `document.querySelector("#charts .line.requests").getAttribute("d").includes("L")`)
	p.shows("the chart of answers is described", `/2xx: now .*most [1-9]/.test(document.querySelectorAll("#charts .plot")[1].getAttribute("aria-label"))`)
	p.shows("the charts of times have a value", `/p99: now .*most [\d.]+ m?s/.test(document.querySelectorAll("#charts .plot")[2].getAttribute("aria-label"))`)

	b.oneLaneIsFull(t, p, tf)

	tf.reload(t, settings+"# once more\n", reloaded)
	p.shows("the reload is marked", `document.querySelector("#marks .reload") && document.querySelector("#charts .flag.reload") && document.querySelector("#charts .moment.reload").getAttribute("d") !== ""`)
	slow.Close()
	runAB(t, "http://"+tf.addr+"/", 40, 8, "-l")
	p.shows("a backend is marked as down", `[...document.querySelectorAll("#marks .down")].some((m) => m.textContent.includes(%s))`, slow.Addr())
	p.shows("its slots are down", `document.querySelectorAll("#lanes .slot.down").length === 4 && document.querySelector("#lanes .isdown").textContent.includes("down for")`)

	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1600, 360} {
			p.sees(width, theme)
			p.audit()
		}
	}
	b.offersThemes(t, p)
	b.filters(t, p)
}

// oneLaneIsFull holds the four slots of the stuck backend and two places in its queue. The other lane goes on.
func (b *browser) oneLaneIsFull(t *testing.T, p *tab, tf *reloadable) {
	var clients []*client
	for range 6 {
		c := tf.dial(t)
		await.Within(c, browserPatience)
		if err := c.send("GET /stuck/ HTTP/1.1\r\nHost: stuck\r\n\r\n", "", whole); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	const lanes = `[...document.querySelectorAll("#lanes .lane")].find((l) => l.querySelector("h3").textContent === "route " + %s)`
	p.shows("the stuck backend has no free slot", `(`+lanes+`).querySelectorAll(".slot.busy").length === 4`, "/stuck/")
	p.shows("two wait in its queue", `(`+lanes+`).querySelectorAll(".dot").length === 2 && /2 of 1,024 wait, the oldest for [1-9]/.test((`+lanes+`).querySelector(".waiting").textContent)`, "/stuck/", "/stuck/")
	runAB(t, "http://"+tf.addr+"/", 100, 4, "-l")
	p.shows("the slots of the others are free", `(`+lanes+`).querySelectorAll(".slot.free").length === 8 && (`+lanes+`).querySelectorAll(".dot").length === 0`, "/", "/")
	p.shows("a slot says in words what it is", `(`+lanes+`).querySelector(".slots").getAttribute("aria-label") === "4 slots: 4 busy"`, "/stuck/")
	for _, c := range clients {
		c.Close()
	}
	p.shows("the slots are given back", `document.querySelectorAll("#lanes .dot").length === 0`)
}

// filters looks for the exchanges that failed, and for words.
func (b *browser) filters(t *testing.T, p *tab) {
	p.sees(1600, "light")
	p.shows("there are rows of exchanges", `document.querySelectorAll("#rows tbody tr").length >= 20`)
	set := `((value) => { const i = document.querySelector("#filter input[type=search]"); i.value = value; i.dispatchEvent(new Event("input", {bubbles: true})); return true; })(%s)`
	js[bool](p, set, "/nothing-is-like-that")
	p.shows("none of them is like that", `document.getElementById("none").textContent.startsWith("None of ") && document.querySelector(".window").hidden`)
	js[bool](p, set, "get 200")
	p.shows("those with these words are there", `document.querySelectorAll("#rows tbody tr").length > 0 && [...document.querySelectorAll("#rows .status")].every((s) => s.textContent === "200")`)
	js[bool](p, set, "")
}

// offersThemes changes the theme by the button, whatever the system prefers.
func (b *browser) offersThemes(t *testing.T, p *tab) {
	light := js[string](p, `getComputedStyle(document.body).backgroundColor`)
	js[any](p, `document.getElementById("theme").click()`)
	if dark := js[string](p, `getComputedStyle(document.body).backgroundColor`); dark == light {
		t.Errorf("the button for dark changes nothing: it is %s", dark)
	}
	p.audit()
	js[any](p, `document.getElementById("theme").click()`)
	if again := js[string](p, `getComputedStyle(document.body).backgroundColor`); again != light {
		t.Errorf("the button for light: %s, want %s", again, light)
	}
}

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
func (b *browser) showsBytes(t *testing.T) {
	answer := "HTTP/1.1 200 Fine  indeed\r\nX-odd-CASE:\t a\t\r\nSet-Cookie: sid=secret2; Path=/\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n"
	origin := startBackend(t, always(answer+"ok"))
	tf := startConsoled(t, []string{origin.addr})
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
	link := js[string](p, `document.querySelector(".pane.backend-out a[download]").getAttribute("href")`)
	if status, body := askConsole(t, tf.console, getOf(link)); status != 200 || body != want["backend-out"] {
		t.Errorf("%s: got %d %q, want %q", link, status, body, want["backend-out"])
	}
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1600, 360} {
			p.sees(width, theme)
			p.audit()
		}
	}
	p.presses(kb.Escape, "#wire .close", "Escape closes the wire view, and the focus is where it was",
		`!document.getElementById("wire").open && document.activeElement.matches("#rows a") && location.hash === ""`)
	js[any](p, `location.hash = "#exchange/p-gone"`)
	p.shows("one that is gone is told of", `document.getElementById("wire").textContent.includes("Exchange p-gone cannot be shown")`)
}

// changesJobs pauses, resumes and cancels a job, and retries it.
func (b *browser) changesJobs(t *testing.T) {
	origin := startBackend(t, func(v *visit) { v.untilGone() })
	file := settingsFile(t, origin.addr, fmt.Sprintf("data = %q\nworkers = 1\nasync = true\nbackends = \"BACKEND\"\n", t.TempDir()))
	tf := startConsoled(t, nil, "--config", file)
	tf.become(t, "POST /work HTTP/1.1\r\nHost: example\r\nPrefer: respond-async\r\nContent-Length: 0\r\n\r\n")
	p := b.open(t, tf.console, "/")
	p.sees(360, "dark")
	p.shows("the job is there", `document.querySelector("#tasks tbody tr .request")?.textContent.startsWith("POST /work")`)
	for _, step := range []struct{ verb, then string }{{"pause", "paused"}, {"resume", "resume: job"}, {"cancel", "cancelled"}, {"retry", "retry: job"}} {
		p.shows("there is a button to "+step.verb, `!!document.querySelector("#tasks button[value=" + %s + "]")`, step.verb)
		js[any](p, `document.querySelector("#tasks button[value=" + %s + "]").click()`, step.verb)
		p.shows("it has done that", `document.getElementById("done").textContent.startsWith(%s) && (document.getElementById("done").textContent + document.getElementById("tasks").textContent).includes(%s) && !document.getElementById("done").textContent.includes("…")`, step.verb, step.then)
	}
	p.audit()
	js[any](p, `document.querySelector("#tasks button[value=cancel]")?.click()`)
}

// connectsAgain has the page lose its connection, and find another tenfour at the same address. A page that is not seen asks for nothing.
func (b *browser) connectsAgain(t *testing.T) {
	origin := startBackend(t, always(plainReply.raw))
	file := settingsFile(t, origin.addr, "console_hosts = [\"127.0.0.1\"]\nbackends = \"BACKEND\"\n")
	r := startRelay(t)
	r.leadTo(startConsoled(t, nil, "--config", file).console)
	p := b.open(t, r.addr, "/")
	p.shows("it is live", `document.getElementById("link").textContent === "live"`)
	hide := `Object.defineProperty(document, "hidden", {get: () => %s, configurable: true}); document.dispatchEvent(new Event("visibilitychange")); true`
	js[bool](p, hide, true)
	p.shows("it is paused", `document.getElementById("link").textContent.startsWith("paused")`)
	js[bool](p, hide, false)
	p.shows("it is live again", `document.getElementById("link").textContent === "live"`)
	r.leadTo("")
	p.shows("it says that there is no connection", `document.getElementById("link").textContent.startsWith("no connection to tenfour")`)
	p.audit()
	r.leadTo(startConsoled(t, nil, "--config", file).console)
	p.shows("it is live once more", `document.getElementById("link").textContent === "live"`)
}

// relay leads connections on to another address, and keeps its own.
type relay struct {
	addr string

	mu    sync.Mutex // guards the rest
	to    string     // "" for none: a connection is closed at once
	conns map[net.Conn]bool
}

func startRelay(t *testing.T) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{addr: ln.Addr().String(), conns: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() { // ends with ln
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { r.pass(c) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		r.leadTo("")
		running.Wait()
	})
	return r
}

// leadTo closes all connections, and leads those that come to another address.
func (r *relay) leadTo(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
	for c := range r.conns {
		c.Close()
	}
}

// pass moves bytes both ways until one side ends.
func (r *relay) pass(c net.Conn) {
	defer c.Close()
	r.mu.Lock()
	to := r.to
	r.conns[c] = true
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.conns, c)
		r.mu.Unlock()
	}()
	other, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	go func() { // ends with either
		io.Copy(c, other)
		c.Close()
	}()
	io.Copy(other, c)
	other.Close()
}

// isLegibleWithoutScripts turns scripts off.
func (b *browser) isLegibleWithoutScripts(t *testing.T) {
	origin := startBackend(t, always(plainReply.raw))
	tf := startConsoled(t, []string{origin.addr})
	tf.get(t, "/hello")
	p := b.tab(t, tf.console)
	_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.must(err)
	for _, width := range []int64{1600, 360} {
		p.sees(width, "light")
		if !await.Holds(browserPatience, func() bool {
			p.visit("/")
			text := js[string](p, `document.body.innerText`)
			return strings.Contains(text, "GET /hello") && strings.Contains(text, origin.addr) && strings.Contains(text, "held by a reader")
		}) {
			t.Fatalf("it shows\n%s", js[string](p, `document.body.innerText`))
		}
		p.audit()
	}
	p.must(chromedp.Do(p.ctx, chromedp.Click(chromedp.CSS(`#plain a[href^="/exchanges/"]`))))
	p.shows("the exchange as bytes", `document.body?.innerText.includes("GET /hello HTTP/1.1\\r\\n")`)
	p.audit()
}
