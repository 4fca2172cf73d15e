//go:build !race && !portable

package tests

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"tenfour/tests/await"
)

// recordMaker writes TLS 1.3 records by hand, after crypto/tls has made the handshake (RFC 8446 §5.2, §7).
type recordMaker struct {
	*tls.Conn // reads
	raw       net.Conn
	secret    []byte
	aead      cipher.AEAD
	iv        []byte
	sequence  uint64
}

// keyLog takes what crypto/tls logs of its keys.
type keyLog struct{ strings.Builder }

// newRecordMaker shakes hands over raw, and takes the secret of what the client sends.
func newRecordMaker(t testing.TB, a *authority, raw net.Conn) *recordMaker {
	t.Helper()
	log := &keyLog{}
	m := &recordMaker{raw: raw}
	m.Conn = tls.Client(raw, &tls.Config{RootCAs: a.pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS13, KeyLogWriter: log})
	if err := m.Handshake(); err != nil {
		t.Fatal(err)
	}
	if suite := m.ConnectionState().CipherSuite; suite != tls.TLS_AES_128_GCM_SHA256 {
		t.Skipf("the cipher suite is %s; this test knows one", tls.CipherSuiteName(suite))
	}
	for line := range strings.Lines(log.String()) {
		if f := strings.Fields(line); f[0] == "CLIENT_TRAFFIC_SECRET_0" {
			m.secret, _ = hex.DecodeString(f[2])
		}
	}
	m.rekey(t)
	return m
}

func (m *recordMaker) expand(t testing.TB, label string, n int) []byte {
	info := binary.BigEndian.AppendUint16(nil, uint16(n))
	info = append(append(info, byte(len("tls13 "+label))), "tls13 "+label...)
	out, err := hkdf.Expand(sha256.New, m.secret, string(append(info, 0)), n)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (m *recordMaker) rekey(t testing.TB) {
	block, err := aes.NewCipher(m.expand(t, "key", 16))
	if err == nil {
		m.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.iv, m.sequence = m.expand(t, "iv", 12), 0
}

// record is content of a type, encrypted.
func (m *recordMaker) record(kind byte, content []byte) []byte {
	inner := append(append([]byte(nil), content...), kind)
	head := binary.BigEndian.AppendUint16([]byte{23, 3, 3}, uint16(len(inner)+16))
	nonce := append([]byte(nil), m.iv...)
	for i := range 8 {
		nonce[4+i] ^= byte(m.sequence >> (56 - 8*i))
	}
	m.sequence++
	return m.aead.Seal(head, nonce, inner, head)
}

// keyUpdate is a key update that asks for one, after which the client has other keys.
func (m *recordMaker) keyUpdate(t testing.TB) []byte {
	r := m.record(22, []byte{24, 0, 0, 1, 1})
	m.secret = m.expand(t, "traffic upd", 32)
	m.rekey(t)
	return r
}

const applicationData = 23

// updatesMost is less than how many key updates in a row crypto/tls takes: after 16 there must be content.
const updatesMost = 10

// TestTLSClient_thatAsksForKeyUpdatesAndNeverReads: it costs no memory. The bytes that wait for it are bounded; at the bound, tenfour
// stops reading from it.
func TestTLSClient_thatAsksForKeyUpdatesAndNeverReads(t *testing.T) {
	t.Parallel()
	const most = 8 << 10 // KiB: half of it is garbage that need not be collected yet
	a := newAuthority(t)
	s := startServer(t, func(p *peer) { p.untilGone() })
	_, cert, key := a.sign("127.0.0.1")
	tf := startProgram(t, nil, []string{s.addr}, "--tls-cert", cert, "--tls-key", key)
	raw := dialPeer(t, tf.addr)
	m := newRecordMaker(t, a, raw.Conn)
	raw.Write(m.record(applicationData, []byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")))
	eventually(t, "the backend is asked", func() bool { return s.accepted.Load() == 1 })
	before, sent, err := tf.resident(t), 0, error(nil)
	for err == nil && sent < 32<<20 {
		var batch []byte
		for range 50 {
			for range updatesMost {
				batch = append(batch, m.keyUpdate(t)...)
			}
			batch = append(batch, m.record(applicationData, []byte("x"))...)
		}
		raw.SetWriteDeadline(time.Now().Add(time.Second))
		var n int
		n, err = raw.Write(batch)
		sent += n
	}
	grown := tf.resident(t) - before
	t.Logf("after %d KiB of key updates (%v) the program has grown by %d KiB", sent>>10, err, grown)
	if grown > most {
		t.Errorf("want %d KiB at most", most)
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the last write ended with %v, want a timeout: nothing is read any more", err)
	}
}

// TestTLSClient_thatAsksForKeyUpdatesIsServed: if it reads.
func TestTLSClient_thatAsksForKeyUpdatesIsServed(t *testing.T) {
	a := newAuthority(t)
	s := startServer(t, answerBack(t, nil))
	tf := startTLS(t, a, []string{s.addr})
	raw := dialPeer(t, tf.addr)
	await.Within(raw, 2*patience)
	m := newRecordMaker(t, a, raw.Conn)
	in := bufio.NewReader(m)
	for range 3 {
		for range updatesMost {
			raw.Write(m.keyUpdate(t))
		}
		raw.Write(m.record(applicationData, []byte("GET /?n=5&as=length HTTP/1.1\r\nHost: a\r\n\r\n")))
		r, err := http.ReadResponse(in, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		if err != nil || r.StatusCode != 200 {
			t.Fatalf("got %v, %v", r, err)
		}
	}
}

// TestTLSConnections_thatAreIdleHoldNoBuffer: also after a large response.
func TestTLSConnections_thatAreIdleHoldNoBuffer(t *testing.T) {
	const n, size, most = 200, 200 << 10, 13 << 10
	a := newAuthority(t)
	s := startServer(t, answerBack(t, nil))
	tf := startTLS(t, a, []string{s.addr})
	var open []net.Conn
	crowd := func(n int) {
		for range n {
			p := a.dialTLS(t, tf.addr)
			p.say(fmt.Sprintf("GET /?n=%d&as=length HTTP/1.1\r\nHost: a\r\n\r\n", size))
			if status, body, err := p.status("GET"); status != 200 || len(body) != size {
				t.Fatalf("got %d with %d bytes (%v)", status, len(body), err)
			}
			open = append(open, p.Conn.(*tls.Conn).NetConn()) // what the client's TLS holds is not tenfour's
		}
	}
	heap := func() int {
		for range 3 { // pools are emptied in two
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	crowd(10)
	before := heap()
	crowd(n)
	each := (heap() - before) / n
	if each > most {
		t.Errorf("an idle TLS connection holds %d bytes, want %d at most", each, most)
	} else {
		t.Logf("an idle TLS connection holds %d bytes", each)
	}
	runtime.KeepAlive(open)
}
