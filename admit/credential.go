package admit

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// Credential is what a backend is shown: the content of a file, or of an environment variable. Safe for use by several
// goroutines. Make one with NewCredential.
type Credential struct {
	From string // a file, or env:NAME
	name string // of the field

	// Line is the field line with its CRLF; never nil.
	Line atomic.Pointer[[]byte]
}

// NewCredential reads a credential for a field. In Authorization it is a bearer token (RFC 6750 §2.1), unless it names
// another scheme before a space; in other fields it is the whole value.
func NewCredential(from, field string) (*Credential, error) {
	c := &Credential{From: from, name: field}
	return c, c.Reload()
}

// Reload reads the credential again. With an error it is what it was.
func (c *Credential) Reload() error {
	data, err := readSecret(c.From)
	if err != nil {
		return err
	}
	value := strings.TrimSpace(string(data))
	switch {
	case value == "":
		return fmt.Errorf("%s is empty", c.From)
	case !fieldValue(value):
		return fmt.Errorf("%s has more than one line, or control characters", c.From)
	}
	if strings.EqualFold(c.name, "Authorization") && !strings.Contains(value, " ") {
		value = "Bearer " + value
	}
	line := []byte(c.name + ": " + value + "\r\n")
	c.Line.Store(&line)
	return nil
}

// Source is where it comes from.
func (c *Credential) Source() string { return c.From }
