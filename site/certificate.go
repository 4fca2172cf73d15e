package site

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/value/secret"
)

// certificate is what clients see of tenfour over TLS: a certificate with its key, which is read again when one of the files changes. A
// renewal writes them one after the other: a key that does not belong to the certificate is not taken, and the old pair stays.
type certificate struct {
	certificateKey
	log    *zerolog.Logger // nil for none
	config *tls.Config
	pair   atomic.Pointer[tls.Certificate]
}

// certificateKey distinguishes two certificates.
type certificateKey struct{ cert, key string }

// certificate takes the certificate that clients see. It returns nil if there is none, because clients speak plain HTTP.
func (s *Site) certificate() (*tls.Config, error) {
	key := certificateKey{s.Config.TLSCert, s.Config.TLSKey}
	if key.cert == "" {
		return nil, nil
	}
	c, err := watched(s, key, "certificate and key", func() (*certificate, error) { return newCertificate(key, s.b.log) })
	if err != nil {
		return nil, err
	}
	return c.config, nil
}

func newCertificate(key certificateKey, log *zerolog.Logger) (*certificate, error) {
	c := &certificate{certificateKey: key, log: log}
	c.config = &tls.Config{NextProtos: []string{"http/1.1"}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return c.pair.Load(), nil
	}}
	return c, c.Reload()
}

// Files returns the files of the certificate and of its key.
func (c *certificate) Files() []string { return []string{c.cert, c.key} }

// Reload reads the certificate and its key again, and logs when the certificate is not valid now or ends soon. If it fails, the old
// pair stays.
func (c *certificate) Reload() error {
	pair, err := secret.KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("--tls-cert %s, --tls-key %s: %w", c.cert, c.key, err)
	}
	c.pair.Store(&pair)
	if doubt := secret.Doubt(pair, time.Now()); doubt != "" && c.log != nil {
		c.log.Warn().Str("file", c.cert).Time("ends", pair.Leaf.NotAfter).Msg("the certificate " + c.cert + " " + doubt)
	}
	return nil
}

// Doubts returns what a configuration that is valid should be told: that its certificate is not valid now, or ends soon.
func Doubts(c *config.Config) []string {
	if c.TLSCert == "" {
		return nil
	}
	pair, err := secret.KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil // Try says so
	}
	if doubt := secret.Doubt(pair, time.Now()); doubt != "" {
		return []string{"the certificate " + c.TLSCert + " " + doubt}
	}
	return nil
}
