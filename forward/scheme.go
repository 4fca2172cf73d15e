package forward

import (
	"crypto/tls"
	"errors"
	"fmt"
)

// The first byte of a TLS record that answers plain HTTP (RFC 8446 §5.1). No HTTP response begins so.
const (
	tlsAlert     = 0x15
	tlsHandshake = 0x16
)

// withScheme adds to an error what the operator should configure, if the backend seems to be one for the other scheme.
func (a *Attempt) withScheme(err error) error {
	switch {
	case errors.As(err, new(tls.RecordHeaderError)):
		return fmt.Errorf("%w; it answers without TLS: if it speaks plain HTTP, configure http://%s", err, a.origin.Name)
	case a.link != nil && a.origin.TLS == nil && beginsTLS(a.link.in.Rest()):
		return fmt.Errorf("%w; this is TLS: configure https://%s", err, a.origin.Name)
	}
	return err
}

// beginsTLS reports whether what came begins with a TLS record.
func beginsTLS(p []byte) bool { return len(p) > 0 && (p[0] == tlsAlert || p[0] == tlsHandshake) }
