package tests

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// echoBody is a handler of Go's server: it answers with the request's body, or with as many bytes as the query says.
func echoBody(w http.ResponseWriter, r *http.Request) {
	want, as := describedBy(r)
	if r.Method == "POST" || r.Method == "PUT" {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.Write(body)
		return
	}
	if as == "length" {
		w.Header().Set("Content-Length", strconv.FormatInt(want.n, 10))
	}
	io.Copy(w, want.reader())
}

func TestGo_asClientAndAsBackend(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(echoBody))
	defer s.Close()
	tf := startTenfour(t, []string{s.Listener.Addr().String()})
	transport := &http.Transport{ExpectContinueTimeout: time.Second}
	defer transport.CloseIdleConnections()
	browser := &http.Client{Transport: transport, Timeout: 2 * patience}
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			for _, n := range []int64{0, 1, 5000, 300 << 10, 3 << 20} {
				want := content{n, byte(i)}
				for _, as := range []string{"length", "chunked"} {
					r, err := browser.Get(fmt.Sprintf("http://%s/?n=%d&seed=%d&as=%s", tf.addr, n, i, as))
					if err != nil {
						t.Error(err)
						return
					}
					if err := want.differs(r.Body); err != nil {
						t.Errorf("GET of %d bytes, %s: %v", n, as, err)
					}
					r.Body.Close()
					req, _ := http.NewRequest("POST", "http://"+tf.addr+"/", want.reader())
					if as == "length" {
						req.ContentLength = n
					}
					if i%2 == 0 {
						req.Header.Set("Expect", "100-continue")
					}
					if r, err = browser.Do(req); err != nil {
						t.Errorf("POST of %d bytes, %s: %v", n, as, err)
						return
					}
					if err := want.differs(r.Body); err != nil {
						t.Errorf("POST of %d bytes, %s: %v", n, as, err)
					}
					r.Body.Close()
				}
			}
		})
	}
	clients.Wait()
}

func TestCurl_speaksEveryVersion(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	s := httptest.NewServer(http.HandlerFunc(echoBody))
	t.Cleanup(s.Close)
	tf := startTenfour(t, []string{s.Listener.Addr().String()})
	body := content{3 << 20, 5}
	file := filepath.Join(t.TempDir(), "body")
	var raw bytes.Buffer
	io.Copy(&raw, body.reader())
	if err := os.WriteFile(file, raw.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	down := fmt.Sprintf("http://%s/?n=%d&seed=5", tf.addr, body.n)
	up := "http://" + tf.addr + "/"
	for name, args := range map[string][]string{
		"1.0":                  {"-0", down},
		"1.1":                  {down},
		"1.0, an upload":       {"-0", "--data-binary", "@" + file, up},
		"an upload":            {"--data-binary", "@" + file, "-H", "Expect:", up},
		"an upload, Expect":    {"--data-binary", "@" + file, "-H", "Expect: 100-continue", up},
		"an upload, chunked":   {"-T", file, "-H", "Transfer-Encoding: chunked", up},
		"a chunked Expect":     {"-T", file, "-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue", up},
		"an upload of a small": {"--data-binary", "small", up},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var complaint bytes.Buffer
			cmd := exec.Command("curl", append([]string{"-sS", "--max-time", "10"}, args...)...)
			cmd.Stderr = &complaint
			out, err := cmd.Output()
			want := raw.Bytes()
			if name == "an upload of a small" {
				want = []byte("small")
			}
			if err != nil || !bytes.Equal(out, want) {
				t.Errorf("curl %q: %v %s; got %d bytes, want the %d that were sent", args, err, &complaint, len(out), len(want))
			}
		})
	}
}

func TestAB_failsNoRequestWithOrWithoutKeepAlive(t *testing.T) {
	// tenfour closes kept connections once a response is late ("impatience" in forward/). A slow machine makes one late in every round.
	// Then it is only known that most are kept.
	const late, rounds = 100 * time.Millisecond, 5
	for round := 1; ; round++ {
		conns, longest := connectionsOfAB(t)
		switch {
		case conns <= 4 || longest >= late && round == rounds && conns <= 400:
			return
		case longest < late || round == rounds:
			t.Errorf("8000 requests took %d connections to the backend, want the 4 of its workers; the longest took %v, in round %d", conns, longest, round)
			return
		}
	}
}

// connectionsOfAB returns how many connections to a backend ab's requests take, with and without -k, and how long the longest request took.
func connectionsOfAB(t *testing.T) (n int32, longest time.Duration) {
	// ab -k sends some requests more than it was told to, and leaves before their answers: that ends their connections.
	const all, atItsEnd = 8000, 100
	var requests, conns atomic.Int32
	s := startServer(t, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			if requests.Add(1) <= all-atItsEnd {
				raise(&conns, int32(p.number)+1)
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	tf := configured(t, s.addr, "[[route]]\npath = \"/\"\nbackends = \"BACKEND\"\nkeep_idle = \"1h\"\n") // on a slow machine a worker may have no request for seconds
	for _, flags := range [][]string{nil, {"-k"}} {
		r := runAB(t, "http://"+tf.addr+"/", all/2, 50, flags...)
		kept := regexp.MustCompile(`Keep-Alive requests: +(\d+)`).FindStringSubmatch(r.text)
		if flags != nil && (kept == nil || kept[1] != "4000") {
			t.Errorf("ab -k: %q were kept alive, want all 4000", kept)
		}
		longest = max(longest, r.longest)
	}
	return conns.Load(), longest
}

func TestWrk_failsNothing(t *testing.T) {
	if _, err := exec.LookPath("wrk"); err != nil {
		t.Skip("wrk is not installed")
	}
	s := startServer(t, okay)
	tf := startTenfour(t, []string{s.addr})
	out, err := exec.Command("wrk", "-t", "2", "-c", "40", "-d", "1s", "http://"+tf.addr+"/").CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("Socket errors")) || bytes.Contains(out, []byte("Non-2xx")) || !bytes.Contains(out, []byte("Requests/sec")) {
		t.Errorf("wrk: %v\n%s", err, out)
	}
}

// startNginx starts nginx with a server of its configuration, in which ADDR is where it listens and DIR a directory with files, and
// returns the address. Without nginx it skips the test.
func startNginx(t *testing.T, server string, files map[string][]byte) (addr string) {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		if nginx = "/usr/sbin/nginx"; !executable(nginx) {
			t.Skip("nginx is not installed")
		}
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = ln.Addr().String()
	ln.Close()
	conf := `daemon off; master_process off; worker_processes 1; pid DIR/pid; error_log stderr;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path DIR/a; proxy_temp_path DIR/b; fastcgi_temp_path DIR/c; uwsgi_temp_path DIR/d; scgi_temp_path DIR/e;
  server { ` + server + ` }
}`
	conf = strings.NewReplacer("DIR", dir, "ADDR", addr).Replace(conf)
	for name, data := range files {
		writeFile(t, filepath.Join(dir, name), string(data))
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(nginx, "-p", dir, "-e", "stderr", "-c", writeFile(t, filepath.Join(dir, "nginx.conf"), conf))
	said := new(await.Output)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("nginx: %s", said)
		}
	})
	awaitListener(t, addr)
	return addr
}

func TestNginx_asBackend(t *testing.T) {
	var large bytes.Buffer
	io.Copy(&large, content{3 << 20, 9}.reader())
	addr := startNginx(t, `listen ADDR; root DIR;
location = /small { return 200 "small"; } location = /refuses { client_max_body_size 1k; proxy_pass http://127.0.0.1:1; }`,
		map[string][]byte{"large": large.Bytes()})
	tf := startTenfour(t, []string{addr})
	p := dialPeer(t, tf.addr)
	await.Within(p, 2*patience)
	for range 3 {
		p.say("GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
		if status, body, err := p.status("GET"); status != 200 || body != "small" || err != nil {
			t.Fatalf("got %d %q (%v)", status, body, err)
		}
		p.say("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
		r, err := p.answer("GET")
		if err == nil {
			err = content{3 << 20, 9}.differs(r.Body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	p.say("POST /refuses HTTP/1.1\r\nHost: a\r\n" + framingLines("length", 5<<20) + "\r\n")
	go p.write("length", content{5 << 20, 1}.reader()) // ends with the connection
	if status, _, err := p.status("POST"); status != 413 {
		t.Errorf("a body that nginx refuses: got %d (%v), want its 413", status, err)
	}
	runAB(t, "http://"+tf.addr+"/small", 2000, 40)
}

// TestNginx_inFrontOfTenfour: nginx ends TLS, and says so. The application is told https if nginx is trusted, and http if it is not. A
// redirect is right in both.
func TestNginx_inFrontOfTenfour(t *testing.T) {
	t.Parallel()
	auth := newAuthority(t)
	_, cert, key := auth.sign("front.example")
	app := headMirror(t)
	settings := `
[[route]]
path = "/app/"
backends = "BACKEND"
strip_prefix = "/app"
`
	for name, tc := range map[string]struct {
		flags       []string
		want, wrong []string
	}{
		"trusted": {
			[]string{"--trusted-proxies", "127.0.0.1"},
			[]string{
				"X-Forwarded-Proto: https", "X-Forwarded-Host: front.example", "X-Forwarded-Port: 443", "X-Forwarded-Ssl: on", "X-Real-IP: 127.0.0.1",
				"X-Forwarded-For: 6.6.6.6, 127.0.0.1, 127.0.0.1", "X-Forwarded-Prefix: /app",
			},
			[]string{"X-Forwarded-Proto: http"},
		},
		"a stranger": {
			nil,
			[]string{"X-Forwarded-Proto: http", "X-Forwarded-Host: front.example", "X-Forwarded-Prefix: /app"},
			[]string{"X-Forwarded-Proto: https", "X-Forwarded-Port: 443", "X-Forwarded-Ssl: on", "X-Real-IP: 127.0.0.1", "Forwarded: proto=https"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tf := configured(t, app.addr, settings, tc.flags...)
			addr := startNginx(t, `listen ADDR ssl; ssl_certificate `+cert+`; ssl_certificate_key `+key+`;
location / {
  proxy_pass http://`+tf.addr+`; proxy_http_version 1.1; proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $host;
  proxy_set_header X-Forwarded-Port 443; proxy_set_header X-Forwarded-Ssl on; proxy_set_header X-Forwarded-Prefix "";
}`, nil)
			roots := x509.NewCertPool()
			roots.AddCert(auth.cert)
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "front.example"}}
			defer transport.CloseIdleConnections()
			get := func(path string) (*http.Response, string) {
				req, err := http.NewRequest("GET", "https://"+addr+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Host = "front.example"
				req.Header = http.Header{"X-Forwarded-Proto": {"gopher"}, "X-Forwarded-For": {"6.6.6.6"}, "X-Forwarded-Prefix": {"/evil"}, "Forwarded": {"proto=https"}}
				r, err := transport.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				defer r.Body.Close()
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Fatal(err)
				}
				return r, string(body)
			}
			_, head := get("/app/a%2Fb//c")
			for _, line := range tc.want {
				if !strings.Contains(head, line+"\r\n") {
					t.Errorf("the application is not told %q:\n%s", line, head)
				}
			}
			for _, line := range tc.wrong {
				if strings.Contains(head, line+"\r\n") {
					t.Errorf("the application is told %q:\n%s", line, head)
				}
			}
			if r, _ := get("/app?q"); r.StatusCode != 301 || r.Header.Get("Location") != "/app/?q" {
				t.Errorf("/app: got %d to %q", r.StatusCode, r.Header.Get("Location"))
			}
		})
	}
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode()&0o111 != 0
}

// awaitListener returns when a program listens at addr.
func awaitListener(t testing.TB, addr string) {
	t.Helper()
	eventually(t, "a program listens on "+addr, func() bool {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
}

func TestPython_ofBothVersions(t *testing.T) {
	for _, version := range []string{"HTTP/1.0", "HTTP/1.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			addr := startPython(t, fmt.Sprintf(pythonServer, version))
			tf := startTenfour(t, []string{addr})
			runAB(t, "http://"+tf.addr+"/", 300, 10)
			runAB(t, "http://"+tf.addr+"/", 300, 10, "-k") // one thread, and four workers that keep their connections
		})
	}
}

// slowPython sends its page in two halves, with a pause between them.
const slowPython = `
import sys, time
from http.server import ThreadingHTTPServer, BaseHTTPRequestHandler
class H(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"half")
        if self.path == "/slow":
            time.sleep(30)
        self.wfile.write(b"half")
    def log_message(self, *a): pass
ThreadingHTTPServer.allow_reuse_address = True
s = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H)
print(s.server_port)
s.serve_forever()
`

func TestBackendKilledInMidst_andRestarted(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	file := filepath.Join(t.TempDir(), "slow.py")
	if err := os.WriteFile(file, []byte(slowPython), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := portOfOurOwn(t)
	_, port, _ := net.SplitHostPort(addr)
	start := func() *exec.Cmd {
		cmd := exec.Command(python, file, port)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Kill()
			cmd.Wait()
		})
		awaitListener(t, addr)
		return cmd
	}
	cmd := start()
	tf := startTenfour(t, []string{addr})
	var begun []*http.Response
	for range 3 {
		p := dialPeer(t, tf.addr)
		await.Within(p, 2*patience)
		p.say("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
		r, err := p.answer("GET")
		if err != nil {
			t.Fatal(err)
		}
		half := make([]byte, 4)
		if _, err := io.ReadFull(r.Body, half); err != nil || string(half) != "half" {
			t.Fatalf("got %q (%v), want the first half", half, err)
		}
		begun = append(begun, r)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, r := range begun {
		if body, err := io.ReadAll(r.Body); err == nil || os.IsTimeout(err) || len(body) > 0 {
			t.Errorf("got %q (%v) after the first half, want a cut", body, err)
		}
	}
	if status, words := tf.get(t, "/"); status != 502 || !strings.Contains(words, "the backend refused connections") {
		t.Errorf("while it is dead: got %d %q, want 502", status, words)
	}
	cmd.Wait()
	start()
	if status, words := tf.get(t, "/"); status != 200 || words != "halfhalf" {
		t.Errorf("after its restart: got %d %q, want 200", status, words)
	}
}

// portOfOurOwn returns an address on which no program listens, with a port that the kernel gives to no socket that asks for any. The
// test can listen on it later, while other tests open connections.
func portOfOurOwn(t testing.TB) string {
	t.Helper()
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000))
		if ln, err := net.Listen("tcp", addr); err == nil {
			ln.Close()
			return addr
		}
	}
	t.Fatal("no free port between 20000 and 30000")
	return ""
}
