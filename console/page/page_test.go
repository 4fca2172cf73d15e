package page

import (
	"bytes"
	"path"
	"regexp"
	"strings"
	"testing"
)

// someStatus is a /status.json in which many values are not known.
const someStatus = `{"version":"v1","time":"2026-11-26T10:00:42Z","started":"2026-11-26T07:00:42Z","state":"running",
"config":{"file":"tenfour.toml","loaded":"2026-11-26T07:00:42Z","reloads":2,"error":""},"listeners":["http://127.0.0.1:8000"],
"connections":{"open":12,"parked":10},"totals":{"requests":1234567,"answers":{"2xx":1234000,"5xx":567}},
"routes":[{"name":"/","backends":["127.0.0.1:9001"],"requests":1234567,"queue":{"waiting":3,"most":1024,"oldest_ms":1234.5},"latency_ms":null}],
"backends":[{"name":"127.0.0.1:9001","up":false,"why":"connection <refused>","since":"2026-11-26T10:00:40Z","slots":{"free":1,"busy":2,"reader":1,"down":0},"requests":5,"failures":1}],
"jobs":{"counts":{"accepted":7}},"series":null,"marks":[],
"exchanges":[{"id":"0000002a","began":"2026-11-26T10:00:41Z","ms":1.24,"method":"GET","target":"/<b>","status":200,"backend":"127.0.0.1:9001","reason":""}]}`

func index(t *testing.T, status string) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteIndex(&b, "a-token", []byte(status)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestIndex_isLegibleWithoutScripts(t *testing.T) {
	text := index(t, someStatus)
	for _, want := range []string{
		`content="a-token"`, "running, started 3 h ago", "1,234,567", "3 of 1,024", "<td>1.2 s</td><td>–</td>", "down: connection &lt;refused&gt;", "<td>2 s</td><td>1</td><td>2</td>",
		`<a href="/exchanges/0000002a">GET /&lt;b&gt;</a>`, "<td>1.2 ms</td>", `<th scope="row">accepted</th><td>7</td>`, "2 times reloaded",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %s in\n%s", want, text)
		}
	}
	if text := index(t, `{"error":"no status"}`); !strings.Contains(text, "No request yet") {
		t.Errorf("without a status: %s", text)
	}
}

// someExchange is what /exchanges/ID has of a request with a chunked body, whose first attempt failed.
const someExchange = `{"exchange":{"summary":{"method":"POST","target":"/","status":200,"ms":0.5,"backend":"","phases_ms":{"queue":null,"rest":0.25}},"client":"127.0.0.1:5","tls":false,
"connection":{"before":2,"parked_ms":7},"client_in":[],"attempts":[{"number":1,"backend":"127.0.0.1:9001","connection":"new","began_ms":0,"sent_ms":null,"progress":"sent","reason":"no answer","out":[],"in":null},
{"number":2,"backend":"127.0.0.1:9002","connection":"again","began_ms":1,"sent_ms":2,"first_byte_ms":3,"ended_ms":4,"progress":"answering","won":true}],"client_out":null},
"messages":[{"part":"client-in","attempt":0,"left":12,"report":{"bytes":"POST / HTTP/1.1\r\nX: \u00e9<i>***\r\n","runs":[{"from":0,"to":4,"kind":"method","says":"not idempotent"},{"from":17,"to":18,"kind":"name"},{"from":20,"to":27,"kind":"value"},{"from":27,"to":29,"kind":"line-end"},{"from":5,"to":400,"kind":"wrong"}],
"decisions":[{"about":"framing","at":0,"says":"the body is chunks","section":"RFC 9112 §7.1"},{"about":"field","at":17,"says":"goes on","section":"RFC 9110 §5"}]}},
{"part":"backend-out","attempt":1,"report":{"bytes":"GET","runs":[{"from":0,"to":3,"kind":"method"}],"decisions":[{"about":"framing","says":"of what tenfour sends none is shown"}]}},
{"part":"backend-in","attempt":1,"report":{"bytes":"HTTP","runs":[],"refusal":{"status":502,"rule":"a flaw","section":"RFC 9112 §5","excerpt":"Host : a","caret":"    ^","means":"Smuggling."}}}],
"changes":{"request":[{"attempt":1,"list":[{"did":"removed","name":"Transfer-Encoding","value":"chunked","why":"the framing is chosen anew","section":"RFC 9112 §6.1"},{"did":"changed","name":"X","was":"a<b","value":"***","why":"because","section":""},{"did":"kept","name":"Host","value":"kept-value"}]}],
"response":[{"attempt":1,"list":[{"did":"kept","name":"Date","value":"kept-value"}]}]},"curl":"curl /"}`

func TestExchange_isLegibleWithoutScripts(t *testing.T) {
	var b bytes.Buffer
	if err := WriteExchange(&b, "2a", []byte(someExchange)); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{
		"a run has its kind":           `<span class="run k-method" title="method: not idempotent">POST</span>`,
		"bytes are visible":            `<span class="run k-value" title="value">\xe9&lt;i&gt;<mark>***</mark></span><span class="run k-line-end" title="line end">\r\n` + "\n</span>",
		"what was not kept":            "12 bytes more were not kept",
		"the framing, and its section": `<li class="about-framing"><b>framing:</b> the body is chunks <a class="section" rel="noreferrer" href="https://www.rfc-editor.org/rfc/rfc9112#section-7.1">RFC 9112 §7.1</a></li>`,
		"a field by its name":          `<b>X:</b> goes on`,
		"what was removed, and why":    `<li class="removed"><span class="did">removed</span> <code><b>Transfer-Encoding</b>: chunked</code> <span class="why">the framing is chosen anew</span>`,
		"what was changed":             `<code><b>X</b>: a&lt;b → <mark>***</mark></code>`,
		"what was not changed":         "Nothing: it went on as it came.",
		"a refusal, with a caret":      "<b>Refused with 502:</b> a flaw", "its place": "Host : a\n    ^</pre><p>Smuggling.</p>",
		"the connection":   "On a connection that had 2 before, and was parked for 7.0 ms from 127.0.0.1:5.",
		"the time":         "200, after 0.50 ms",
		"an attempt":       "Attempt 1, at 127.0.0.1:9001",
		"why it failed":    "no answer.",
		"the one that won": "The client got this response.",
		"a file of bytes":  `<a href="/exchanges/2a/raw?part=backend-out&amp;attempt=1" download>`,
		"a command":        "curl /",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s: nothing says %s in\n%s", what, want, &b)
		}
	}
	for _, never := range []string{"kept-value", "of what tenfour sends", "k-wrong", "<th scope=\"row\">queue"} {
		if strings.Contains(b.String(), never) {
			t.Errorf("it says %s in\n%s", never, &b)
		}
	}
	b.Reset()
	if err := WriteExchange(&b, "2a", nil); err != nil || !strings.Contains(b.String(), "not kept any more") {
		t.Errorf("%v, %s", err, &b)
	}
}

// A strict Content-Security-Policy lets a page ask for its own files only, and run no script and use no style that stands inside it.
func TestFiles_askForNothingOutsideAndAreNotInline(t *testing.T) {
	entries, err := embedded.ReadDir(".")
	if err != nil || len(entries) < 5 {
		t.Fatal(err, entries)
	}
	outside := regexp.MustCompile(`(?i)(src|href)="(https?:)?//|@import|url\(\s*["']?(https?:)?//|\bimport\b[^;]*["'](https?:)?//`)
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|<script>|\son[a-z]+="|javascript:|innerHTML|insertAdjacentHTML|\beval\(`)
	asked := regexp.MustCompile(`(?:src|href)="/page/([^"]+)"|from "\./([^"]+)"`)
	for _, e := range entries {
		text, err := embedded.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if found := outside.Find(text); found != nil {
			t.Errorf("%s asks outside: %s", e.Name(), found)
		}
		if found := inline.Find(text); found != nil {
			t.Errorf("%s: %s: the policy does not allow what is inline", e.Name(), found)
		}
		for _, name := range asked.FindAllSubmatch(text, -1) {
			if file := string(name[1]) + string(name[2]); !has(file) {
				t.Errorf("%s asks for %s, which is not there", e.Name(), file)
			}
		}
	}
}

func has(name string) bool {
	data, mediaType, ok := File(name)
	return ok && len(data) > 0 && mediaType != ""
}

func TestFile_hasOnlyWhatPagesAskFor(t *testing.T) {
	for _, name := range []string{"index.html", "page.go", "../look/look.css", "", ".", "nothing.css", path.Join("page", "page.css")} {
		if _, _, ok := File(name); ok {
			t.Errorf("%q is served", name)
		}
	}
	if !has("look.css") || !has("first.js") {
		t.Error("look.css or first.js is missing")
	}
}
