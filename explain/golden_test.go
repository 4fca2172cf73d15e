package explain

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what explain says now into testdata")

// golden is messages whose explanation stands in testdata, in a file of that name.
var golden = map[string]string{
	"plain":               "GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nUser-Agent: curl/8.0\r\nX-Own: 1\r\n\r\n",
	"typed-into-nc":       "GET / HTTP/1.0\n\n",
	"pipelined":           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nmore",
	"request-and-answer":  "HEAD / HTTP/1.1\nHost: a\nConnection: close\n\nHTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
	"absolute-form":       "GET http://b.example:?x HTTP/1.1\r\nHost: a\r\n\r\n",
	"options":             "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n",
	"trace":               "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
	"chunked":             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5;x=\"y\"\r\nhello\r\n0\r\nX: y\r\n\r\n",
	"connection-specific": "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nTE: trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
	"forwarded":           "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\nX_Forwarded_For: 192.0.2.1\r\nContent_Length: 5\r\nVia: 1.1 b\r\n\r\n",
	"expect":              "PUT / HTTP/1.1\r\nHost: a:\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
	"websocket":           "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x00",
	"cut-head":            "GET / HTTP/1.1\r\nHost: a\r\nCoo",
	"cut-chunks":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
	"nothing":             "",

	"both-lengths":       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n",
	"space-before-colon": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello",
	"space-in-target":    "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
	"bare-cr":            "GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n",
	"folded":             "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
	"nul":                "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
	"mixed-ends":         "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
	"no-host":            "GET / HTTP/1.1\r\nX: b\r\n\r\n",
	"http-0.9":           "GET /\r\n",
	"tls-hello":          "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	"http2-preface":      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"chunk-size":         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
	"chunk-too-long":     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n",

	"response":           "HTTP/1.1 200 OK\r\nDate: Thu, 26 Nov 2026 08:00:00 GMT\r\nContent-Length: 2\r\nContent-Type: text/plain\r\nX-Backend: a\r\n\r\nok",
	"response-old":       "HTTP/1.0  404  not\x01here\nX : a\n b\n\nuntil the connection ends",
	"response-both":      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2   \r\nok\r\n0\r\n\r\n",
	"response-interim":   "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\nConnection: close\r\n\r\nmore",
	"response-malformed": "<html>\r\n",
	"response-http2":     "HTTP/2 200\r\n\r\n",
	"curl-v":             curlV,
	"pipelined-answers":  "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
}

// curlV is what "curl -v" prints with a terminal for its output.
const curlV = `* Trying 127.0.0.1:8000...
* Connected to 127.0.0.1 (127.0.0.1) port 8000
> HEAD /a HTTP/1.1
> Host: 127.0.0.1:8000
> Accept: */*
>
{ [5 bytes data]
< HTTP/1.1 100 Continue
<
< HTTP/1.1 200 OK
< Transfer-Encoding: chunked
< Date: Thu, 26 Nov 2026 08:00:00 GMT
<
hello
world* Connection #0 to host 127.0.0.1 left intact
`

// curlMetered is what "curl -v" prints into a file without -s, with a progress meter; then "curl -vI", which shows the head a second time.
const curlMetered = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n" +
	"                                 Dload  Upload   Total   Spent    Left  Speed\n" +
	"\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0*   Trying 127.0.0.1:9001...\n" +
	"* Connected to 127.0.0.1 (127.0.0.1) port 9001 (#0)\n" +
	"\r  0     0    0     0    0     0      0      0 --:--:--  0:00:01 --:--:--     0> POST /a HTTP/1.1\r\n" +
	"> Host: a\r\n> Content-Length: 3\r\n> \r\n} [3 bytes data]\n" +
	"< HTTP/1.1 200 OK\r\n< Content-Length: 5\r\n< \r\n{ [5 bytes data]\n" +
	"\r100     8  100     5  100     3  2288k   3083k --:--:-- --:--:-- --:--:-- 1649k\n" +
	"hello* Connection #0 to host 127.0.0.1 left intact\n" +
	"> HEAD /b HTTP/1.1\r\n> Host: a\r\n> \r\n< HTTP/1.1 200 OK\r\n< Content-Length: 5\r\n< \r\n" +
	"* Connection #0 to host 127.0.0.1 left intact\n* Closing connection 0\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

// explained is what is printed for bytes, on a page of a width.
func explained(raw []byte, width int) string {
	var out bytes.Buffer
	page := Page{To: &out, Width: width}
	say := func(r *Report) { page.Report(r) }
	if _, ok := Pasted(raw, Options{}, say); !ok {
		Messages(raw, Options{}, say)
	}
	return out.String()
}

func TestPage_printsWhatStandsInTestdata(t *testing.T) {
	for name, raw := range golden {
		t.Run(name, func(t *testing.T) {
			got := explained([]byte(raw), 100)
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant, as %s has it (go test ./explain -update writes it),\n%s\nfor %q", got, file, want, raw)
			}
		})
	}
}

func TestPage_fitsItsWidth(t *testing.T) {
	for _, width := range []int{20, 40, narrow - 1, narrow, 80, 100, 200} {
		for name, raw := range golden {
			for row := range strings.SplitSeq(explained([]byte(raw), width), "\n") {
				excerpt := strings.Contains(row, `\`) || strings.HasSuffix(row, "^") // it has 80 columns at most, on any page
				if len([]rune(row)) > width && !excerpt && !strings.HasPrefix(row, "request, ") && !strings.HasPrefix(row, "response, ") && !strings.HasPrefix(row, "  incomplete") {
					t.Errorf("%s on %d columns: %q has %d", name, width, row, len([]rune(row)))
				}
			}
		}
	}
}

func TestPage_coloursOnlyWhenAsked(t *testing.T) {
	var plain, coloured bytes.Buffer
	r := Message([]byte(golden["both-lengths"]), Options{})
	page := Page{To: &plain, Width: 100}
	page.Report(r)
	page = Page{To: &coloured, Width: 100, Colour: true}
	page.Report(r)
	if strings.Contains(plain.String(), "\x1b") {
		t.Errorf("there are colours:\n%q", plain.String())
	}
	for _, want := range []string{"\x1b[0;1;35mPOST\x1b[0m", "\x1b[0;36mHost\x1b[0;2m:\x1b[0m a", "\x1b[0;1;41;37mTransfer-Encoding"} {
		if !strings.Contains(coloured.String(), want) {
			t.Errorf("got\n%q\nwant %q in it", coloured.String(), want)
		}
	}
}

func TestPasted_leavesOutWhatIsCurls(t *testing.T) {
	var got []string
	left, ok := Pasted([]byte(curlV), Options{}, func(r *Report) { got = append(got, string(r.Bytes)) })
	want := []string{
		"HEAD /a HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: */*\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: Thu, 26 Nov 2026 08:00:00 GMT\r\n\r\nhello\nworld",
	}
	if !ok || left != 4 || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, %d left out, %t\nwant %q, 4 left out", got, left, ok, want)
	}
	got = nil
	left, ok = Pasted([]byte(curlMetered), Options{}, func(r *Report) { got = append(got, string(r.Bytes)) })
	want = []string{
		"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HEAD /b HTTP/1.1\r\nHost: a\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
	}
	if !ok || left != 15 || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, %d left out, %t\nwant %q, 15 left out", got, left, ok, want)
	}
	if _, ok := Pasted([]byte("GET / HTTP/1.1\r\nX: \r\n> GET / HTTP/1.1\r\n"), Options{}, func(*Report) {}); ok {
		t.Error("a request with a line like curl's was taken for a paste")
	}
}
