package tests

import (
	"bytes"
	"crypto/tls"
	"os"
	"strings"
	"testing"
	"time"

	"tenfour/tests/await"
)

// TestCertificate_thatIsRenewedIsServed without a signal. It is written before its key: until that is there too, the old pair stays, and
// the log says so once. They end within an hour, which the log and check say.
func TestCertificate_thatIsRenewedIsServed(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.lasts = time.Hour
	old, certFile, keyFile := a.sign("localhost")
	renewed, newCert, newKey := a.sign("localhost")
	tf := startTenfour(t, []string{refusing(t)}, "--tls-cert", certFile, "--tls-key", keyFile, "--log-level", "info", "--log-format", "json")
	served := func() []byte {
		c, err := tls.Dial("tcp", tf.addr, &tls.Config{RootCAs: a.pool(), ServerName: "localhost"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Raw
	}
	if !bytes.Equal(served(), old.Certificate[0]) {
		t.Fatal("another certificate is served at first")
	}
	if code, said := ran(t, "check", "--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile); code != 0 || !strings.Contains(said, "the certificate "+certFile+" ends on") {
		t.Errorf("check ended with %d and %q, want that it says when the certificate ends", code, said)
	}
	tf.logHas(t, "the certificate "+certFile+" ends on")
	writeOver(t, certFile, newCert)
	tf.logHas(t, "certificate and key were not read again, and are what they were")
	if !bytes.Equal(served(), old.Certificate[0]) {
		t.Error("a certificate without its key is served")
	}
	writeOver(t, keyFile, newKey)
	await.Until(t, "the renewed certificate is served", func() bool { return bytes.Equal(served(), renewed.Certificate[0]) })
	log := tf.logHas(t, "certificate and key were read again")
	if n := strings.Count(log, "were not read again"); n != 1 {
		t.Errorf("the log says %d times that the pair was not taken, want once\n%s", n, log)
	}
}

// writeOver writes the content of one file into another.
func writeOver(t *testing.T, file, from string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(readFile(t, from)), 0o600); err != nil {
		t.Fatal(err)
	}
}
