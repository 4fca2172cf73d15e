package main

import (
	"crypto/ecdsa"
	"crypto/tls"
	"os"
	"strings"
	"testing"
)

func TestCert_isTheSameForAllContenders(t *testing.T) {
	c, err := writeCert(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{c.Cert, c.Key}, {c.Both, c.Both}} {
		cert, err := tls.LoadX509KeyPair(pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		key, ok := cert.PrivateKey.(*ecdsa.PrivateKey)
		if !ok || key.Curve.Params().Name != "P-256" {
			t.Errorf("%v: got a %T, want a key of P-256", pair, cert.PrivateKey)
		}
		if err := cert.Leaf.VerifyHostname("127.0.0.1"); err != nil {
			t.Error(err)
		}
	}
	if text, err := os.ReadFile(c.Both); err != nil || strings.Count(string(text), "BEGIN") != 2 {
		t.Errorf("got %q (%v), want a certificate and a key", text, err)
	}
}

func TestConfiguration_ofEachPeerHasTheCertificate(t *testing.T) {
	for _, k := range kinds[1:4] {
		c := &Contender{Name: k.name, Kind: k}
		for _, cert := range []*certFiles{nil, (&certFiles{}).in("DIR")} {
			text, err := c.Configuration(setup{Listen: "127.0.0.1:80", Backends: []string{"BACKEND"}, Cert: cert})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(text, "DIR/"); got != (cert != nil) {
				t.Errorf("%s, certificate %v: got\n%s", k.name, cert, text)
			}
		}
	}
}
