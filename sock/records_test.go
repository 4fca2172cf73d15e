package sock

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"tenfour/lot"
	"tenfour/tests/await"
)

func TestRecords_endsAreFoundHoweverTheBytesCome(t *testing.T) {
	record := func(n int) string { return string([]byte{23, 3, 3, byte(n >> 8), byte(n)}) + string(make([]byte, n)) }
	stream := record(1) + record(0) + record(300) + record(2)[:6]
	for cut := range len(stream) + 1 {
		var r records
		if got := r.pass([]byte(stream[:cut])) + r.pass([]byte(stream[cut:])); got != 3 {
			t.Errorf("%d records end in %q | %q, want 3", got, stream[:cut], stream[cut:])
		}
		if got := r.pass([]byte{0}); got != 1 {
			t.Errorf("cut at %d: %d records end with the last byte, want 1", cut, got)
		}
	}
	var r records
	ends := 0
	for i := range stream {
		ends += r.pass([]byte(stream[i : i+1]))
	}
	if ends != 3 {
		t.Errorf("%d records end byte by byte, want 3", ends)
	}
}

// gathering is a connection that holds back what is written once gather is set.
type gathering struct {
	net.Conn
	gather bool
	held   []byte
}

func (g *gathering) Write(p []byte) (int, error) {
	if g.gather {
		g.held = append(g.held, p...)
		return len(p), nil
	}
	return g.Conn.Write(p)
}

// SetWriteDeadline does nothing: CloseWrite of crypto/tls sets one that is over.
func (g *gathering) SetWriteDeadline(time.Time) error { return nil }

// startSession returns a Conn on which TLS has begun, and its peer.
func startSession(t *testing.T) (*Conn, *tls.Conn, *gathering) {
	t.Helper()
	c, raw := startPair(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	g := &gathering{Conn: raw}
	peer := tls.Client(g, &tls.Config{InsecureSkipVerify: true})
	shaken := make(chan error, 1)
	go func() { shaken <- peer.Handshake() }() // ends with the handshake, or the connection
	var w lot.Waiter
	lot, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lot.Close() })
	w.InitSleeper(lot)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	if err := errors.Join(c.StartTLS(config, true, &w, lot.Now()+int64(await.Patience), nil), <-shaken); err != nil {
		t.Fatal(err)
	}
	g.gather = true
	return c, peer, g
}

// readAll reads until c would wait, or ends. It asks the kernel first.
func readAll(c *Conn) (got string, err error) {
	c.Retry()
	buf := make([]byte, 4)
	for {
		n, err := c.Read(buf)
		got += string(buf[:n])
		if err != nil {
			return got, err
		}
	}
}

func TestTLS_isReadToItsEndWhereverTheBytesAreCut(t *testing.T) {
	for cut, last := 0, 1; cut < last; cut++ {
		c, peer, g := startSession(t)
		for _, content := range []string{"hello", "you", "all of it"} {
			io.WriteString(peer, content)
		}
		peer.CloseWrite()
		last = len(g.held)
		got, err := "", ErrWait
		for _, part := range [][]byte{g.held[:cut], g.held[cut:]} {
			if len(part) == 0 {
				continue
			}
			g.Conn.Write(part)
			await.Until(t, "the bytes are here", c.Unread)
			var more string
			more, err = readAll(c)
			got += more
		}
		if got != "helloyouall of it" || err != io.EOF {
			t.Errorf("cut at %d of %d: got %q, %v; want all, and its end", cut, last, got, err)
		}
	}
}

func TestTLS_doesNotAskTheKernelAgainAfterAShortRead(t *testing.T) {
	c, peer, g := startSession(t)
	readAll(c) // the handshake is read to its end
	for range 3 {
		g.held = nil
		io.WriteString(peer, "hello")
		g.Conn.Write(g.held)
		await.Until(t, "the bytes are here", c.Unread)
		c.Retry()
		n, err := c.Read(make([]byte, 100))
		if n != 5 || err != nil || c.MayRead() {
			t.Errorf("read %d bytes, %v, and the kernel is asked again: %t; want 5, nil, false", n, err, c.MayRead())
		}
	}
}
