package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certFiles are the certificate and the key of a run, the same for all contenders: P-256, which signs fastest, for 127.0.0.1.
type certFiles struct {
	Cert, Key string
	Both      string // both in one file, as HAProxy has them
}

// in returns the files as they stand in a configuration that is shown.
func (c *certFiles) in(dir string) *certFiles {
	if c == nil {
		return nil
	}
	return &certFiles{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), Both: filepath.Join(dir, "both.pem")}
}

// writeCert makes a key and signs its certificate with it.
func writeCert(dir string) (*certFiles, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "tenfour bench"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(7 * 24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	c := (&certFiles{}).in(dir)
	for path, text := range map[string][]byte{c.Cert: certPEM, c.Key: keyPEM, c.Both: append(certPEM, keyPEM...)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// certFor returns the files for a scenario; nil if its clients speak no TLS.
func (e *Env) certFor(s *Scenario) *certFiles {
	if !s.TLS {
		return nil
	}
	return e.Cert
}
