//go:build !race && !portable

package tests

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
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
	t.Run("shows each attempt", b.showsAttempts)
	t.Run("changes jobs", b.changesJobs)
	t.Run("connects again", b.connectsAgain)
	t.Run("is legible without scripts", b.isLegibleWithoutScripts)
}

// settingsOfLanes are routes with backends that work, one that is stuck, one whose size is found, and one that restarts all the time.
const settingsOfLanes = `workers = 4
[[route]]
path = "/"
backends = ["%s", "%s"]
[[route]]
path = "/stuck/"
backends = "%s"
[[route]]
path = "/auto/"
backends = "%s"
workers = "auto"
[[route]]
path = "/restarts/"
backends = "%s"
`

// lab starts a backend that misbehaves, until the test ends.
func faulty(t *testing.T, spec string) *lab.Faulty {
	t.Helper()
	b, err := lab.StartFaulty(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// laneOf is the part of a route, in a script. The route is a value of the script.
const laneOf = `[...document.querySelectorAll("#lanes .lane")].find((l) => l.querySelector("h3").textContent === "route " + %s)`

// movesUnderLoad has ab go through two backends, one more that is stuck, one that goes down, and a reload.
func (b *chromium) movesUnderLoad(t *testing.T) {
	site, err := lab.Start(lab.Welcome(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	slow, stuck := faulty(t, "slow:delay=20ms"), faulty(t, "mute")
	settings := fmt.Sprintf(settingsOfLanes, site.Addrs()[0], slow.Addr(), stuck.Addr(), faulty(t, "slow:delay=10ms").Addr(), faulty(t, "restart:up=300ms,down=150ms").Addr())
	tf := startReloadable(t, settings, "--console", "127.0.0.1:0", "--hold", "100ms", "--drain", "5m")
	p := b.open(t, tf.consoleIn(t), "/")
	p.sees(1600, "light")
	p.shows("it is live", `document.getElementById("link").textContent === "live"`)
	p.shows("no request has come, and it says what to try", `document.getElementById("none").textContent.includes("curl http://" + %s)`, tf.addr)
	p.shows("it says that all is well", `document.getElementById("trouble").textContent.includes("All 5")`)
	p.audit()

	clients := b.fillLane(t, tf)
	js[any](p, `(window.shifts = [], new PerformanceObserver((l) => window.shifts.push(...l.getEntries().filter((e) => !e.hadRecentInput).map((e) => ({value: e.value, of: e.sources.map((s) => s.node?.id || s.node?.className)})))).observe({type: "layout-shift"}), 0)`)
	endLoad := goOnAsking(t, tf.addr, "/auto/", "/restarts/")
	runAB(t, "http://"+tf.addr+"/", 400, 8, "-l")
	p.shows("the requests are counted", `Number(/requests (\d+)/.exec(document.getElementById("facts").innerText.replaceAll(",", ""))[1]) >= 400`)
	p.shows("the chart of requests has a line", `document.querySelector("#charts .line.requests").getAttribute("d").includes("L")`)
	p.shows("the chart of answers is described", `/2xx: now .*most [1-9]/.test(document.querySelectorAll("#charts .plot")[1].getAttribute("aria-label"))`)
	p.shows("the charts of times have a value", `/p99: now .*most [\d.]+\s?m?s/.test(document.querySelectorAll("#charts .plot")[2].getAttribute("aria-label"))`)

	b.oneLaneIsFull(t, p, tf, stuck.Addr())
	p.shows("the size that is found has moved", `new Set([...(`+laneOf+`).querySelector(".sizes path").getAttribute("d").matchAll(/ ([\d.]+)h/g)].map((m) => m[1])).size > 1`, "/auto/")
	p.shows("a backend that restarts all the time is one item of the list, and its moments are in the charts",
		`/went down \d+ times and came up \d+ times/.test(document.getElementById("marks").textContent) && document.querySelector("#charts .moment.up").getAttribute("d") !== "" && document.querySelector("#charts .moment.down").getAttribute("d") !== ""`)
	p.shows("of its exchanges no more have a row than can be seen", `document.querySelectorAll("#rows tbody tr").length === 30`)
	js[any](p, `document.querySelector(".window").scrollTop = 1e6`)
	p.shows("there are more as one goes down", `document.querySelectorAll("#rows tbody tr").length > 30`)
	js[any](p, `document.querySelector(".window").scrollTop = 0`)
	endLoad()
	if sum := js[float64](p, `window.shifts.reduce((sum, s) => sum + s.value, 0)`); sum > 0.25 { // over that it is poor (web.dev/articles/cls)
		t.Errorf("what is on the page has moved by %.3f: %s", sum, js[string](p, `JSON.stringify(window.shifts)`))
	}
	for _, c := range clients[1:] {
		c.reset()
	}
	p.shows("the slots are given back", `(`+laneOf+`).querySelectorAll(".dot").length === 0`, "/stuck/")

	tf.reload(t, settings+"# once more\n", reloaded)
	p.shows("the reload is marked", `document.querySelector("#marks .reload") && document.querySelector("#charts .flag.reload") && document.querySelector("#charts .moment.reload").getAttribute("d") !== ""`)
	slow.Close()
	runAB(t, "http://"+tf.addr+"/", 40, 8, "-l")
	p.shows("a backend is marked as down", `[...document.querySelectorAll("#marks .down")].some((m) => m.textContent.includes(%s))`, slow.Addr())
	p.shows("its slots are down", `(`+laneOf+`).querySelectorAll(".slot.down").length === 4 && (`+laneOf+`).querySelector(".isdown").textContent.includes("down for")`, "/", "/")
	p.shows("it is what to look at", `[...document.querySelectorAll("#trouble .down a")].some((a) => a.textContent.includes(%s + " is down"))`, slow.Addr())

	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1600, 360} {
			p.sees(width, theme)
			p.audit()
		}
	}
	b.offersThemes(t, p)
	b.filters(t, p)
	b.readsCharts(p)
	tf.stop()
	p.shows("it drains, and says so", `document.getElementById("facts").textContent.includes("draining") && document.querySelector("#marks .drain") && document.querySelector("#charts .moment.drain").getAttribute("d") !== ""`)
	clients[0].reset()
	p.shows("it says that there is no connection any more", `document.getElementById("link").textContent.startsWith("no connection to tenfour") && document.title.includes("no connection")`)
}

// goOnAsking has ab ask for these paths until the function that it returns is called.
func goOnAsking(t *testing.T, addr string, paths ...string) (end func()) {
	ctx, stop := context.WithCancel(context.Background())
	var load sync.WaitGroup
	for _, path := range paths {
		load.Go(func() { // ends with ctx
			for ctx.Err() == nil {
				exec.CommandContext(ctx, "ab", "-q", "-l", "-r", "-n", "300", "-c", "12", "http://"+addr+path).Run() // its end is that of ctx, or it begins again
			}
		})
	}
	end = sync.OnceFunc(func() {
		stop()
		load.Wait()
	})
	t.Cleanup(end)
	return end
}

// fillLane holds the four slots of the stuck backend and two places in its queue.
func (b *chromium) fillLane(t *testing.T, tf *reloadable) (clients []*client) {
	t.Helper()
	for range 6 {
		c := tf.dial(t)
		await.Within(c, browserPatience)
		if err := c.send("GET /stuck/ HTTP/1.1\r\nHost: stuck\r\n\r\n", "", whole); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	return clients
}

// oneLaneIsFull looks at the stuck backend, after fillLane. The other lane goes on.
func (b *chromium) oneLaneIsFull(t *testing.T, p *tab, tf *reloadable, stuck string) {
	p.shows("the stuck backend has no free slot", `(`+laneOf+`).querySelectorAll(".slot.busy").length === 4`, "/stuck/")
	p.shows("two wait in its queue", `(`+laneOf+`).querySelectorAll(".dot").length === 2 && /2 of 1,024 wait, the oldest for [1-9]/.test((`+laneOf+`).querySelector(".waiting").textContent)`, "/stuck/", "/stuck/")
	p.shows("its line at the top says both", `document.getElementById("trouble").textContent.includes(%s + " is full: nothing has ended for") && document.getElementById("trouble").textContent.includes("/stuck/: 2 wait")`, stuck)
	p.shows("so does its own", `(`+laneOf+`).querySelector(".full").textContent.includes("no exchange has ended for") && (`+laneOf+`).classList.contains("waits")`, "/stuck/", "/stuck/")
	js[any](p, `[...document.querySelectorAll("#trouble a")].find((a) => a.textContent.includes("/stuck/")).click()`)
	p.shows("that line leads there", `document.activeElement === (`+laneOf+`)`, "/stuck/")
	js[any](p, `document.activeElement.blur(), scrollTo(0, 0)`)
	runAB(t, "http://"+tf.addr+"/", 100, 4, "-l")
	p.shows("the slots of the others are free", `(`+laneOf+`).querySelectorAll(".slot.free").length === 8 && (`+laneOf+`).querySelectorAll(".dot").length === 0`, "/", "/")
	p.shows("a slot says in words what it is", `(`+laneOf+`).querySelector(".slots").getAttribute("aria-label") === "4 slots: 4 busy"`, "/stuck/")
}

// readsCharts goes to seconds of the charts by keys, and listens to what is said of them.
func (b *chromium) readsCharts(p *tab) {
	p.presses(kb.ArrowLeft, "#charts", "it says the values of a second", `/^\d\d:\d\d:\d\d\. /.test(document.getElementById("said").textContent) && document.querySelector("#charts .cursor").getAttribute("d") !== ""`)
	p.presses(kb.Escape, "#charts", "it is at the present again", `document.querySelector("#charts .cursor").getAttribute("d") === ""`)
}

// filters looks for the exchanges that failed, and for words.
func (b *chromium) filters(t *testing.T, p *tab) {
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
func (b *chromium) offersThemes(t *testing.T, p *tab) {
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

// changesJobs pauses, resumes and cancels a job, and retries it.
func (b *chromium) changesJobs(t *testing.T) {
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
	p.shows("the job runs again", `!!document.querySelector("#tasks button[value=pause]")`)
	p.presses(kb.Enter, "#tasks button[value=pause]", "a button that is another one then keeps the focus", `document.querySelector("#tasks button[value=resume]") && document.activeElement.value === "resume"`)
	p.shows("its attempts are listed", `/\d\. `+origin.addr+`/.test(document.querySelector("#tasks tbody tr").textContent)`)
	refused := func(what, value, id, words string) {
		t.Helper()
		js[any](p, `((row) => { const was = row.id; row.querySelector("button").value = %s; row.id = "job-" + (%s || was.slice(4)); row.querySelector("button").click(); row.id = was; })(document.querySelector("#tasks tbody tr"))`, value, id)
		p.shows(what, `document.getElementById("done").textContent.includes("was not changed: ") && document.getElementById("done").textContent.includes(%s)`, words)
	}
	refused("an action that does not fit is refused in words", "retry", "", "it is ")
	refused("a job that is gone is told of in words", "cancel", strings.Repeat("0", 32), "tenfour jobs list shows which there are")
	js[any](p, `document.querySelector("#tasks button[value=cancel]")?.click()`)
}

// connectsAgain has the page lose its connection, and find another tenfour at the same address, whose token is another one. A page that is not
// seen asks for nothing. The clock of this browser is five hours fast.
func (b *chromium) connectsAgain(t *testing.T) {
	origin := startBackend(t, func(v *visit) { v.untilGone() })
	start := func(settings string) *consoled {
		return startConsoled(t, nil, "--config", settingsFile(t, origin.addr, fmt.Sprintf("data = %q\nasync = true\nconsole_hosts = [\"127.0.0.1\"]\nbackends = \"BACKEND\"\n%s", t.TempDir(), settings)))
	}
	r := startRelay(t)
	first := start("").console
	r.leadTo(first)
	p := b.tab(t, r.addr)
	p.before(`const realNow = Date.now; Date.now = () => realNow() + 5 * 3600e3;
const Real = EventSource; window.EventSource = class extends Real {
  addEventListener(type, take) {
    if (type === "status") window.event = take;
    super.addEventListener(type, type !== "status" ? take : (event) => take({ data: event.data.replace('"version":"', '"version":"' + (window.version || "")) }));
  }
};`)
	p.visit("/")
	p.shows("it is live", `document.getElementById("link").textContent === "live"`)
	p.shows("the server's clock counts", `/running for \d{1,2}\s(s|min)/.test(document.getElementById("facts").textContent)`)
	js[any](p, `window.event({ data: JSON.stringify({ ...Object.fromEntries(["version", "state", "config", "listeners", "connections", "totals", "routes", "backends", "jobs", "series", "marks", "exchanges"].map((name) => [name, null])), time: new Date().toISOString(), started: new Date().toISOString() }) })`)
	p.shows("it goes on after an event in which nothing is known", `document.querySelectorAll("#lanes .lane").length === 1`)
	hide := `Object.defineProperty(document, "hidden", {get: () => %s, configurable: true}); document.dispatchEvent(new Event("visibilitychange")); true`
	r.await(t, "it is told of the state", func(streams int) bool { return streams == 1 })
	js[bool](p, hide, true)
	p.shows("it is paused", `document.getElementById("link").textContent.startsWith("paused")`)
	r.await(t, "it asks for nothing", func(streams int) bool { return streams == 0 })
	r.leadTo(start("console_token_file = \"" + writeFile(t, filepath.Join(t.TempDir(), "token"), "0123456789abcdef") + "\"\n").console)
	js[bool](p, hide, false)
	p.shows("it says that one has to log in", `document.querySelector("#link.locked a")?.textContent === "log in"`)
	js[bool](p, hide, true)
	r.leadTo(first)
	js[bool](p, hide, false)
	p.shows("it is live again", `document.getElementById("link").textContent === "live"`)
	r.leadTo("")
	p.shows("it says that there is no connection", `document.getElementById("link").textContent.startsWith("no connection to tenfour")`)
	p.audit()

	js[any](p, `window.version = "another-"`)
	next := start("")
	next.become(t, "POST /next HTTP/1.1\r\nHost: example\r\nPrefer: respond-async\r\nContent-Length: 0\r\n\r\n")
	r.leadTo(next.console)
	p.shows("it is live once more", `document.getElementById("link").textContent === "live"`)
	p.shows("it says that it is of another version", `!document.getElementById("anew").hidden && document.getElementById("anew").textContent.includes("Load the page again")`)
	p.audit()
	p.shows("the next one's job is there", `document.querySelector("#tasks tbody tr .request")?.textContent.startsWith("POST /next")`)
	js[any](p, `document.querySelector("#tasks button[value=cancel]").click()`)
	p.shows("it has the next one's token by itself", `/cancel: job \w+ is (cancelled|running|waiting|accepted)/.test(document.getElementById("done").textContent)`)
}

// isLegibleWithoutScripts turns scripts off.
func (b *chromium) isLegibleWithoutScripts(t *testing.T) {
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
	p.shows("what tenfour decided, and what it changed and why", `["framing: no body", "RFC 9112 §6.3", "added Via: 1.1 tenfour", "RFC 9110 §7.6.3"].every((words) => document.body.innerText.includes(words)) && document.querySelector(".run.k-method").textContent === "GET"`)
	p.sees(1600, "dark")
	p.audit()
}
