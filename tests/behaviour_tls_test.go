package tests

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// authority signs certificates. A program that reads its file trusts it.
type authority struct {
	t     testing.TB
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	file  string        // PEM
	lasts time.Duration // from now on, what it signs next
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{t: t, file: filepath.Join(t.TempDir(), "ca.pem"), lasts: 30 * 24 * time.Hour}
	a.key = newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the tests' authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(crand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	writePEM(t, a.file, "CERTIFICATE", der)
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t testing.TB, file, kind string, der []byte) {
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sign makes a certificate for a name, or for an address, with its files.
func (a *authority) sign(name string) (cert tls.Certificate, certFile, keyFile string) {
	a.t.Helper()
	key := newKey(a.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(a.lasts),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(crand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	dir := a.t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePEM(a.t, certFile, "CERTIFICATE", der)
	writePEM(a.t, keyFile, "PRIVATE KEY", keyDER)
	if cert, err = tls.LoadX509KeyPair(certFile, keyFile); err != nil {
		a.t.Fatal(err)
	}
	return cert, certFile, keyFile
}

// startTLSServer is startServer with TLS, by the name localhost.
func startTLSServer(t testing.TB, config *tls.Config, script func(*peer)) (s *server, url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = serveOn(t, tls.NewListener(ln, config), script)
	_, port, _ := net.SplitHostPort(s.addr)
	return s, "https://localhost:" + port
}

func (a *authority) env() []string {
	return []string{"SSL_CERT_FILE=" + a.file, "SSL_CERT_DIR=/nowhere"}
}

func TestTLSBackend_isAskedByItsName(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, _, _ := a.sign("localhost")
	var asked atomic.Value
	config := &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		asked.Store(hello.ServerName)
		return &cert, nil
	}}
	s, url := startTLSServer(t, config, answerBack(t, nil))
	tf := startProgram(t, a.env(), []string{url}, "--workers", "1") // with more the next request may find another slot free first
	p := dialPeer(t, tf.addr)
	for range 2 { // the second on one connection: now POSTs go over it too
		tf.get(t, "/?n=3&as=length")
	}
	for range 3 {
		await.Within(p, patience)
		if err := (exchange{1, "length", "length", content{1000, 1}}).over(p); err != nil {
			t.Fatal(err)
		}
	}
	if name := asked.Load(); name != "localhost" || s.accepted.Load() != 1 {
		t.Errorf("asked for %q over %d connections, want localhost over one that is reused", name, s.accepted.Load())
	}
}

func TestTLSBackend_movesBodiesBothWays(t *testing.T) {
	a := newAuthority(t)
	cert, _, _ := a.sign("localhost")
	for _, slow := range []bool{false, true} {
		t.Run(fmt.Sprintf("slow %t", slow), func(t *testing.T) {
			t.Parallel()
			script := answerBack(t, nil)
			_, url := startTLSServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, func(p *peer) {
				if slow {
					await.Pace(20 * time.Millisecond) // the kernel's buffers fill
					slowed(p)
				}
				script(p)
			})
			tf := startProgram(t, a.env(), []string{url}, "--buffer", "16KiB")
			for i, e := range framings() {
				for _, n := range []int64{0, 1, 16 << 10, 16<<10 + 1, 300 << 10, 6 << 20} {
					e.content = content{n, byte(i)}
					p := dialPeer(t, tf.addr)
					await.Within(p, 4*patience)
					if err := e.over(p); err != nil {
						t.Fatalf("%v: %v", e, err)
					}
					p.Close()
				}
			}
		})
	}
}

// TLS must hold the last bytes of a body while the kernel takes no more.
func TestTLSBackend_thatIsSlowGetsTheLastByte(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, _, _ := a.sign("localhost")
	script := answerBack(t, nil)
	_, url := startTLSServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, func(p *peer) { script(slowed(p)) })
	tf := startProgram(t, a.env(), []string{url})
	for _, sent := range []string{"length", "chunked"} {
		p := dialPeer(t, tf.addr)
		await.Within(p, 4*patience)
		p.say("POST /?n=20000000&as=none HTTP/1.1\r\nHost: a\r\n" + framingLines(sent, 20e6) + "\r\n")
		if err := p.write(sent, content{20e6, 0}.reader()); err != nil {
			t.Fatal(err)
		}
		if r, err := p.answer("POST"); err != nil || r.StatusCode != 200 {
			t.Errorf("20 MB, %s: got %v (%v), want 200", sent, r, err)
		}
		p.Close()
	}
}

func TestTLSBackend_ofAnotherNameIsNotAsked(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, _, _ := a.sign("another.test")
	s, url := startTLSServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, answerBack(t, nil))
	tf := startProgram(t, a.env(), []string{url})
	if status, words := tf.get(t, "/"); status != 502 || !strings.Contains(words, "the backend's certificate cannot be verified") {
		t.Errorf("got %d %q, want 502, which says that the handshake failed", status, words)
	}
	eventually(t, "the log has both names", func() bool {
		log := tf.log.String()
		return strings.Contains(log, "another.test") && strings.Contains(log, "localhost")
	})
	if s.requests.Load() > 0 {
		t.Error("the backend has seen the request")
	}
}

func TestTLSBackend_ofAnUnknownAuthorityIsNotAsked(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, _, _ := a.sign("localhost")
	_, url := startTLSServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, answerBack(t, nil))
	tf := startProgram(t, newAuthority(t).env(), []string{url})
	if status, words := tf.get(t, "/"); status != 502 || !strings.Contains(words, "certificate") {
		t.Errorf("got %d %q, want 502 that tells of the certificate", status, words)
	}
}

func TestTLSBackend_thatSpeaksNoTLS(t *testing.T) {
	t.Parallel()
	s := startServer(t, func(p *peer) { p.say("HTTP/1.0 400 Bad Request\r\n\r\n") })
	tf := startTenfour(t, []string{"https://" + s.addr}, "--log-level", "info")
	if status, words := tf.get(t, "/"); status != 502 || !strings.Contains(words, "TLS") || strings.Contains(words, "configure") {
		t.Errorf("got %d %q, want 502 that tells of TLS, without what the operator should do", status, words)
	}
	tf.logHas(t, "configure http://"+s.addr)
}

func TestBackend_thatSpeaksTLSIsNamedInTheLog(t *testing.T) {
	t.Parallel()
	for name, alert := range map[string][]string{"an alert": {"\x15\x03\x01\x00\x02\x02\x46"}, "its first byte": {"\x15", "\x03\x01\x00\x02\x02\x46"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startBackend(t, func(v *visit) {
				v.head()
				for _, part := range alert {
					v.send(part, "", whole)
				}
			})
			tf := startTenfour(t, []string{b.addr}, "--log-level", "info")
			if status, words := tf.get(t, "/"); status != 502 || strings.Contains(words, "configure") {
				t.Errorf("got %d %q, want 502, without what the operator should do", status, words)
			}
			tf.logHas(t, "configure https://"+b.addr)
		})
	}
}

func TestTLSBackend_thatNeverShakesHands(t *testing.T) {
	t.Parallel()
	s := startServer(t, (*peer).untilGone)
	tf := startTenfour(t, []string{"https://" + s.addr}, "--connect-timeout", "200ms")
	if status, words := tf.get(t, "/"); status != 502 {
		t.Errorf("got %d %q, want 502 after the connect timeout", status, words)
	}
}

// A FIN without close_notify may be an attacker's: a body that it delimits is cut (RFC 9112 §9.8).
func TestTLSBackend_thatEndsWithoutCloseNotify(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, _, _ := a.sign("localhost")
	_, url := startTLSServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		p.say("HTTP/1.0 200 OK\r\n\r\nhalf of it, or all?")
		if r.URL.Path == "/silent" {
			p.Conn.(*tls.Conn).NetConn().Close()
		}
	})
	tf := startProgram(t, a.env(), []string{url})
	for _, minor := range []int{0, 1} {
		for path, whole := range map[string]bool{"/silent": false, "/said": true} {
			p := dialPeer(t, tf.addr)
			await.Within(p, patience)
			p.say(fmt.Sprintf("GET %s HTTP/1.%d\r\nHost: a\r\n\r\n", path, minor))
			status, body, err := p.status("GET")
			if status != 200 || (err == nil) != whole || whole && body != "half of it, or all?" {
				t.Errorf("a 1.%d client, %s: got %d %q (%v); want it whole: %t", minor, path, status, body, err, whole)
			}
		}
	}
}

// startTLS is startTenfour with TLS towards clients.
func startTLS(t testing.TB, a *authority, backends []string, flags ...string) *tenfour {
	t.Helper()
	_, cert, key := a.sign("127.0.0.1")
	return startTenfour(t, backends, append(flags, "--tls-cert", cert, "--tls-key", key)...)
}

func (a *authority) pool() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	return roots
}

// dialTLS is dialPeer with TLS.
func (a *authority) dialTLS(t testing.TB, addr string) *peer {
	t.Helper()
	raw := dialPeer(t, addr)
	await.Within(raw, 4*patience)
	c := tls.Client(raw.Conn, &tls.Config{RootCAs: a.pool(), ServerName: "127.0.0.1"})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return &peer{Conn: c, in: bufio.NewReader(c)}
}

func TestTLSClient_movesBodiesBothWays(t *testing.T) {
	a := newAuthority(t)
	s := startServer(t, answerBack(t, nil))
	tf := startTLS(t, a, []string{s.addr}, "--buffer", "16KiB")
	for i, e := range framings() {
		p := a.dialTLS(t, tf.addr)
		for _, n := range []int64{0, 1, 16 << 10, 16<<10 + 1, 300 << 10, 6 << 20} {
			e.content = content{n, byte(i)}
			if err := e.over(p); err != nil {
				t.Fatalf("%v: %v", e, err)
			}
			if e.version == 0 {
				p.Close()
				p = a.dialTLS(t, tf.addr)
			}
		}
		p.Close()
	}
}

func TestTLSClient_isGoOrCurl(t *testing.T) {
	a := newAuthority(t)
	s := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			n, _ := io.Copy(io.Discard, r.Body)
			said := fmt.Sprintf("%s %s %d", r.Header.Get("X-Forwarded-Proto"), r.Method, n)
			p.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(said), said))
		}
	})
	tf := startTLS(t, a, []string{s.addr})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.pool()}}
	defer transport.CloseIdleConnections()
	browser := &http.Client{Transport: transport, Timeout: patience}
	for range 3 {
		r, err := browser.Post("https://"+tf.addr+"/", "text/plain", content{1 << 20, 1}.reader())
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || string(body) != "https POST 1048576" {
			t.Errorf("Go's client got %q (%v)", body, err)
		}
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	out, err := exec.Command("curl", "-sk", "--max-time", "5", "--data-binary", "12345", "https://"+tf.addr+"/", "https://"+tf.addr+"/").CombinedOutput()
	if err != nil || string(out) != "https POST 5https POST 5" {
		t.Errorf("curl got %q (%v)", out, err)
	}
}

func TestTLSClient_thatSaysNothingIsDropped(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s := startServer(t, answerBack(t, nil))
	tf := startTLS(t, a, []string{s.addr}, "--head-timeout", "300ms")
	for said, raw := range map[string]string{"nothing": "", "half a hello": "\x16\x03\x01\x02\x00\x01\x00", "plain HTTP": ""} {
		p := dialPeer(t, tf.addr)
		await.Within(p, patience)
		begun := time.Now()
		if said == "plain HTTP" {
			raw = plainHTTP
		}
		p.say(raw)
		if _, err := io.Copy(io.Discard, p); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a client that said %s is still connected", said)
		} else if took := time.Since(begun); raw != plainHTTP && took < 250*time.Millisecond {
			t.Errorf("a client that said %s was dropped after %v, want the head timeout of 300ms", said, took)
		}
	}
}

const plainHTTP = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

func TestTLSClient_seesACut(t *testing.T) {
	a := newAuthority(t)
	s := startServer(t, func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		p.say("HTTP/1.1 200 OK\r\n" + framingLines(r.URL.Query().Get("as"), 10) + "\r\n5\r\nhalf!")
		if r.URL.Query().Get("as") == "close" {
			p.breakOff()
		}
	})
	tf := startTLS(t, a, []string{s.addr})
	for _, minor := range []int{0, 1} {
		for _, as := range []string{"length", "chunked", "close"} {
			p := a.dialTLS(t, tf.addr)
			p.say(fmt.Sprintf("GET /?as=%s HTTP/1.%d\r\nHost: a\r\n\r\n", as, minor))
			if status, body, err := p.status("GET"); err == nil && status == 200 {
				t.Errorf("a 1.%d client, %s: got %d %q and no sign that it is not whole", minor, as, status, body)
			}
		}
	}
}

func TestTLSClient_thatSpeaksPlainHTTPIsToldSo(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always(plainReply.raw))
	_, cert, key := newAuthority(t).sign("localhost")
	tf := startTenfour(t, []string{b.addr}, "--tls-cert", cert, "--tls-key", key)
	t.Cleanup(func() {
		if _, bytes := b.seen(); bytes != "" {
			t.Errorf("the backend was sent %q, want nothing", bytes)
		}
	})
	large := strings.Repeat("x", 1<<20)
	for name, tc := range map[string]struct{ raw, tail string }{
		"GET":               {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""},
		"HEAD":              {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", ""},
		"an upload":         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n", large},
		"after an empty":    {"\r\nGET / HTTP/1.0\r\n\r\n", ""},
		"HTTP/2's preface":  {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""},
		"an unknown method": {"x / HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	} {
		for _, how := range []way{whole, bytewise, {3}, {5}} {
			t.Run(name+", "+how.String(), func(t *testing.T) {
				t.Parallel()
				o, c := tf.exchangeOpen(t, tc.raw, tc.tail, how)
				defer c.Close()
				m := o.last()
				if m.status() != 400 || !m.has("Connection", "close") || o.end != closed {
					t.Errorf("got %q, then %s, want 400 and a FIN", o.raw, o.end)
				}
				if saysWhy := strings.Contains(m.body, "https://"); saysWhy != (name != "HEAD") {
					t.Errorf("got %q, want the words", m.body)
				}
			})
		}
	}
	for name, raw := range map[string]string{"binary": "\x00\x01\x02\x03\x04\x05\x06", "a broken hello": "\x16\x03\x01\x00\x04xxxx"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tf.dial(t)
			c.send(raw, "", whole)
			if got, end := c.rest(); strings.Contains(got, "HTTP/") || end == open {
				t.Errorf("got %q, then %s, want no HTTP, and an end", got, end)
			}
		})
	}
}
