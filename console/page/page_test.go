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
		`content="a-token"`, "running, for 3 h", "1,234,567", "3 of 1,024", "<td>1.2 s</td><td>–</td>", "down: connection &lt;refused&gt;", "<td>2 s</td><td>1</td><td>2</td>",
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

func TestExchange_isLegibleWithoutScripts(t *testing.T) {
	var b bytes.Buffer
	exchange := `{"exchange":{"summary":{"method":"GET","target":"/","status":200,"ms":0.5,"backend":"","phases_ms":{"queue":null}},
"client_in":[{"raw":"GET / HTTP/1.1\r\nX: \u00e9<i>\r\n\r\n","left":0}],"attempts":[{"number":1,"backend":"127.0.0.1:9001","connection":"new","progress":"sent","reason":"no answer","out":[],"in":null}],"client_out":null},"curl":"curl /"}`
	if err := WriteExchange(&b, "2a", []byte(exchange)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`GET / HTTP/1.1\r\n`, `X: \xe9&lt;i&gt;\r\n`, "200, after 0.50 ms", "Attempt 1, at 127.0.0.1:9001", "no answer", "curl /", "<td>–</td>"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("nothing says %s in\n%s", want, &b)
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
