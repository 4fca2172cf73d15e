// What a backend did wrong, in words for the log and for the client.

package forward

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"tenfour/pool"
)

// The first byte of a TLS record that answers plain HTTP (RFC 8446 §5.1). No HTTP response begins so.
const (
	tlsAlert     = 0x15
	tlsHandshake = 0x16
)

// withScheme adds to an error what the operator should configure, if the backend seems to be one for the other scheme.
// came is what came of a response, if anything did.
func (o *Origin) withScheme(err error, came []byte) error {
	switch {
	case errors.As(err, new(tls.RecordHeaderError)):
		return fmt.Errorf("%w; it answers without TLS: if it speaks plain HTTP, configure http://%s", err, o.Name)
	case o.TLS == nil && beginsTLS(came):
		return fmt.Errorf("%w; this is TLS: configure https://%s", err, o.Name)
	}
	return err
}

// beginsTLS reports whether what came begins with a TLS record.
func beginsTLS(p []byte) bool { return len(p) > 0 && (p[0] == tlsAlert || p[0] == tlsHandshake) }

// whyDown says what a backend did that is down.
func whyDown(err error) pool.Why {
	words := downWords(err)
	if words == unreached || words == noAddress {
		return pool.Why{Words: words, Log: fmt.Sprintf("%s (%v)", words, err)}
	}
	return pool.Why{Words: words}
}

// What a backend did that has an error which only the operator should know.
const (
	unreached = "could not be reached"
	noAddress = "could not be reached, because its name could not be resolved"
)

// downWords says what a backend did that is down, in words that follow its name.
func downWords(err error) string {
	var late noConnection
	switch {
	case errors.As(err, new(*unresolved)):
		return noAddress
	case errors.As(err, &late):
		return "accepted no connection within " + late.within.String()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused connections"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset connections without an answer"
	case errors.Is(err, io.EOF), errors.Is(err, errIncomplete):
		return "closed connections without an answer"
	}
	return unreached
}

// tlsWords says for the client why there is no connection with TLS, and never will be.
func tlsWords(err error) string {
	switch {
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return "the backend's certificate cannot be verified"
	case errors.As(err, new(tls.RecordHeaderError)):
		return "the backend does not speak TLS"
	}
	return "the backend's TLS handshake failed"
}

// endWords says for the client how the backend ended the connection, before the end of its response's head. heard says
// that a byte of it came.
func endWords(err error, heard bool) string {
	switch {
	case heard:
		return "the backend ended the connection in the middle of its response's head"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the backend reset the connection without an answer"
	}
	return "the backend closed the connection without an answer"
}

// did is the failure of a backend that did what it may not: err begins with "it", which stands for the backend.
func (o *Origin) did(err error) error {
	return tell("the backend"+strings.TrimPrefix(err.Error(), "it"), fmt.Errorf("%s: %w", o.Name, err))
}
