package admit

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"tenfour/value/field"
	"tenfour/value/secret"
)

// Credential is a secret that a backend gets in a field line. It comes from a file or from an environment variable. It is
// safe for use by several goroutines. Make one with NewCredential.
type Credential struct {
	From string // a file, or env:NAME
	name string // the field's name

	// Line is the field line with its CRLF; never nil. Reload replaces it.
	Line atomic.Pointer[[]byte]
}

// NewCredential reads a credential for a field. In Authorization it becomes a bearer token (RFC 6750 §2.1), unless it begins
// with another scheme and a space. In other fields it is the whole value.
func NewCredential(from, field string) (*Credential, error) {
	c := &Credential{From: from, name: field}
	return c, c.Reload()
}

// Reload reads the credential again. If that fails, the old one stays.
func (c *Credential) Reload() error {
	value, err := secret.FieldValue(c.From)
	switch {
	case errors.Is(err, secret.ErrEmpty):
		return fmt.Errorf("%s is empty", c.From)
	case errors.Is(err, field.ErrControl):
		return fmt.Errorf("%s has more than one line, or control characters", c.From)
	case err != nil:
		return fmt.Errorf("%s: %w", c.From, err)
	}
	if strings.EqualFold(c.name, "Authorization") && !strings.Contains(value, " ") {
		value = "Bearer " + value
	}
	line := []byte(c.name + ": " + value + "\r\n")
	c.Line.Store(&line)
	return nil
}

// Files returns the file that the credential comes from; none for env:NAME.
func (c *Credential) Files() []string { return fileOf(c.From) }
