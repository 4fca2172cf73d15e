package tests

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tenfour/tests/await"
)

// withSettings is the flag for a configuration file with these lines.
func withSettings(t testing.TB, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tenfour.toml")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "--config=" + file
}

// withoutSpool is the flag with which no body goes to a file.
func withoutSpool(t testing.TB) string { return withSettings(t, `spool_max = "0"`) }

// bodyOf is n bytes that show when one is lost, doubled or in another place.
func bodyOf(n int) []byte {
	b := make([]byte, n)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(b)
	return b
}

// inChunks frames a body in chunks of up to size bytes.
func inChunks(body []byte, size int) string {
	var b strings.Builder
	for len(body) > 0 {
		n := min(size, len(body))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
	return b.String()
}

// keeping returns a server that keeps the body of each request, and answers with its length.
func keeping(t testing.TB) (s *server, met func() []*http.Request, bodies func() [][]byte) {
	var mu sync.Mutex
	var requests []*http.Request
	var all [][]byte
	s = startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			mu.Lock()
			requests, all = append(requests, r), append(all, body)
			mu.Unlock()
			p.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%d", len(fmt.Sprint(len(body))), len(body)))
		}
	})
	return s, func() []*http.Request {
			mu.Lock()
			defer mu.Unlock()
			return requests
		}, func() [][]byte {
			mu.Lock()
			defer mu.Unlock()
			return all
		}
}

// TestSpool_aChunkedBodyGoesOutWithItsLength: whatever its size is, and however it is cut into chunks.
func TestSpool_aChunkedBodyGoesOutWithItsLength(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"buffer of 64 KiB": {"--buffer", "64KiB"},
		"no buffer":        {"--buffer", "0"},
		"no memory":        {withSettings(t, `hold_max = "0"`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, met, bodies := keeping(t)
			tf := startTenfour(t, []string{s.addr}, flags...)
			for i, n := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 64<<10 + 128<<10, 700 << 10} {
				for _, size := range []int{1 << 10, 1 << 30} {
					body := bodyOf(n)
					p := dialPeer(t, tf.addr)
					await.Within(p, 2*patience)
					p.say(chunkedRequest + inChunks(body, size))
					if status, words, err := p.status("POST"); status != 200 || words != fmt.Sprint(n) {
						t.Fatalf("%d bytes in chunks of %d: got %d %q (%v)", n, size, status, words, err)
					}
					p.Close()
					r, got := met()[len(met())-1], bodies()[len(bodies())-1]
					if len(r.TransferEncoding) > 0 || r.ContentLength != int64(n) || !bytes.Equal(got, body) {
						t.Errorf("case %d, %d bytes in chunks of %d: the backend met %d bytes, Content-Length %d, %v", i, n, size, len(got), r.ContentLength, r.TransferEncoding)
					}
				}
			}
		})
	}
}

// TestSpool_aRacedBodyIsAskedOfAll: a raced request's body may be larger than is held in memory.
func TestSpool_aRacedBodyIsAskedOfAll(t *testing.T) {
	t.Parallel()
	a, _, fromA := keeping(t)
	b, _, fromB := keeping(t)
	tf := startTenfour(t, addrs(a, b), "--race", "parallel", "--race-methods", "POST", "--buffer", "64KiB")
	body := bodyOf(1 << 20)
	for i, raw := range []string{
		fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body),
		chunkedRequest + inChunks(body, 5000),
	} {
		p := dialPeer(t, tf.addr)
		await.Within(p, 2*patience)
		p.say(raw)
		if status, words, err := p.status("POST"); status != 200 || words != fmt.Sprint(len(body)) {
			t.Fatalf("got %d %q (%v)", status, words, err)
		}
		p.Close()
		got := append(fromA(), fromB()...)
		if len(got) == 0 || !bytes.Equal(got[len(got)-1], body) {
			t.Errorf("case %d: no backend met the body", i)
		}
	}
}

// TestSpool_aBodyIsSentAgain: what may be sent again is sent whole again, from its file.
func TestSpool_aBodyIsSentAgain(t *testing.T) {
	t.Parallel()
	body := bodyOf(300 << 10)
	var again []byte
	var mu sync.Mutex
	first := true
	s := startServer(t, func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		got, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if first { // it dies with the whole request
			first = false
			return
		}
		again = got
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	tf := startTenfour(t, []string{s.addr}, "--buffer", "64KiB", "--hold", "5s")
	p := dialPeer(t, tf.addr)
	await.Within(p, 2*patience)
	p.say("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + inChunks(body, 10_000))
	if status, words, err := p.status("PUT"); status != 200 {
		t.Fatalf("got %d %q (%v)", status, words, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !bytes.Equal(again, body) {
		t.Errorf("the second time the backend met %d bytes that are not the body, want its %d", len(again), len(body))
	}
}

// TestSpoolMax_boundsTheFiles: one body, and all together; and what is given back can be used again.
func TestSpoolMax_boundsTheFiles(t *testing.T) {
	t.Parallel()
	s, _, bodies := keeping(t)
	tf := startTenfour(t, []string{s.addr}, "--buffer", "16KiB", withSettings(t, `spool_max = "300KiB"`))
	ask := func(n int) (int, string) {
		p := dialPeer(t, tf.addr)
		await.Within(p, 2*patience)
		defer p.Close()
		p.say(chunkedRequest + inChunks(bodyOf(n), 4<<10))
		status, words, err := p.status("POST")
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		return status, words
	}
	for n, want := range map[int]int{300<<10 - 1: 200, 300 << 10: 200, 300<<10 + 1: 413, 1 << 20: 413} {
		before := len(bodies())
		if status, words := ask(n); status != want || want == 413 && !strings.Contains(words, "too large") {
			t.Errorf("%d bytes: got %d %q, want %d", n, status, words, want)
		}
		if want == 413 && len(bodies()) != before {
			t.Errorf("%d bytes: the backend was asked", n)
		}
	}
	holds := dialPeer(t, tf.addr) // 200 KiB of the files are its
	holds.say(chunkedRequest + strings.TrimSuffix(inChunks(bodyOf(200<<10), 4<<10), "0\r\n\r\n"))
	eventually(t, "there is no room for another", func() bool {
		status, words := ask(250 << 10)
		return status == 503 && strings.Contains(words, "all the room")
	})
	holds.breakOff()
	eventually(t, "there is room again", func() bool { status, _ := ask(300 << 10); return status == 200 })
}

// TestSpool_aDiskThatFailsIsSaid: the client gets an answer, and the log says what the operator needs.
func TestSpool_aDiskThatFailsIsSaid(t *testing.T) {
	s, _, bodies := keeping(t)
	dir := filepath.Join(t.TempDir(), "gone")
	t.Setenv("TMPDIR", dir)
	tf := startTenfour(t, []string{s.addr}, "--buffer", "16KiB", "--log-level", "warn")
	p := dialPeer(t, tf.addr)
	await.Within(p, 2*patience)
	p.say(chunkedRequest + inChunks(bodyOf(100<<10), 4<<10))
	if status, words, err := p.status("POST"); status != 500 || !strings.Contains(words, "temporary file") || strings.Contains(words, dir) {
		t.Errorf("got %d %q (%v), want 500 without the name of the directory", status, words, err)
	}
	if len(bodies()) != 0 {
		t.Error("the backend was asked")
	}
	tf.logHas(t, dir, "no such file or directory", "set TMPDIR")
}

// TestSpool_aLargeBodyIsGivenInParts: it is larger than one step moves, and its backend, plain or with TLS, does not take it at once.
func TestSpool_aLargeBodyIsGivenInParts(t *testing.T) {
	t.Parallel()
	body := bodyOf(9 << 20)
	script := func(got chan<- []byte) func(*peer) {
		return func(p *peer) {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			await.Pace(100 * time.Millisecond) // the connection fills meanwhile
			b, _ := io.ReadAll(r.Body)
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			got <- b
		}
	}
	a := newAuthority(t)
	cert, _, _ := a.sign("localhost")
	for name, start := range map[string]func(func(*peer)) string{
		"plain": func(script func(*peer)) string { return startServer(t, script).addr },
		"TLS": func(script func(*peer)) string {
			_, url := startTLSServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, script)
			return url
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := make(chan []byte, 1)
			tf := startProgram(t, a.env(), []string{start(script(got))}, "--buffer", "64KiB")
			p := dialPeer(t, tf.addr)
			await.Within(p, 4*patience)
			p.say(chunkedRequest + inChunks(body, 1<<20))
			if status, words, err := p.status("POST"); status != 200 {
				t.Fatalf("got %d %q (%v)", status, words, err)
			}
			if b := await.Value(t, got, "what the backend met"); !bytes.Equal(b, body) {
				t.Errorf("the backend met %d bytes that are not the body, want its %d", len(b), len(body))
			}
		})
	}
}

// pythonTakesBodies is Python's http.server as most people extend it: it reads a body by Content-Length, and knows no chunks.
const pythonTakesBodies = `
import hashlib
from http.server import HTTPServer, BaseHTTPRequestHandler
class H(BaseHTTPRequestHandler):
    protocol_version = "%s"
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = hashlib.sha256(body).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    def log_message(self, *a): pass
s = HTTPServer(("127.0.0.1", 0), H)
print(s.server_port)
s.serve_forever()
`

// TestPython_getsChunkedBodiesWhole: as git push sends them. Without a spool it answers 200, or 411, and the body is lost.
func TestPython_getsChunkedBodiesWhole(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"HTTP/1.0", "HTTP/1.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			tf := startTenfour(t, []string{startPython(t, fmt.Sprintf(pythonTakesBodies, version))}, "--workers", "2")
			for _, n := range []int{5, 256 << 10, 256<<10 + 1, 2 << 20} {
				body := bodyOf(n)
				p := dialPeer(t, tf.addr)
				await.Within(p, 2*patience)
				p.say(chunkedRequest + inChunks(body, 65_000))
				want := fmt.Sprintf("%x", sha256.Sum256(body))
				if status, words, err := p.status("POST"); status != 200 || words != want {
					t.Errorf("%d bytes: got %d %q (%v), want the body's hash %s", n, status, words, err, want)
				}
				p.Close()
			}
		})
	}
}
