// Package field has the rules for the names and values of field lines that a setting may name.
//
//	err := field.CheckName("X-Api-Key")
//	err := field.CheckValue("Bearer x")
//
// What a token is, and which fields are about the connection, httpparse says: it reads the same fields of messages.
package field

import (
	"errors"
	"strings"

	"tenfour/httpparse"
)

// IsName reports whether a field may have that name (RFC 9110 §5.1).
func IsName(name string) bool { return httpparse.IsToken(name) }

// CheckName returns why a field by that name cannot be edited, or nil: it is no name (RFC 9110 §5.1), or is of one connection, or says
// where a message ends. tenfour writes such a field by itself.
func CheckName(name string) error {
	if !IsName(name) {
		return errors.New("a field's name has letters, digits and - alone")
	}
	switch id := httpparse.FieldNamed(name); {
	case id.ConnectionSpecific(), id == httpparse.FieldContentLength, id == httpparse.FieldExpect:
		return errors.New("this field is about the connection or the framing of a message, which tenfour sees to itself")
	}
	return nil
}

// CheckRequestName is CheckName, and for Host, which has a key of its own.
func CheckRequestName(name string) error {
	if IsName(name) && httpparse.FieldNamed(name) == httpparse.FieldHost {
		return errors.New(`use host = "backend", or host = "keep"`)
	}
	return CheckName(name)
}

// CheckHost returns why a text cannot be the value of Host, or nil (RFC 9110 §7.2).
func CheckHost(text string) error {
	if !httpparse.IsHost([]byte(text)) {
		return errors.New("write a name or an address, and a port if there is one: app.example.com")
	}
	return nil
}

// ErrControl means that a text cannot be a field's value because of its line breaks or control characters (RFC 9110 §5.5).
var ErrControl = errors.New("a field's value has no line breaks and no control characters")

// CheckValue returns why a text cannot be a field's value, or nil (RFC 9110 §5.5). The value may be empty.
func CheckValue(value string) error {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return ErrControl
		}
	}
	if strings.Trim(value, " \t") != value {
		return errors.New("a field's value neither begins nor ends with a space")
	}
	return nil
}
