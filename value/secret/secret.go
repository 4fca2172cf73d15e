// Package secret reads credentials, tokens and keys, and finds names that probably have one for their value.
//
//	text, err := secret.Read("tokens.txt")    // or env:NAME, a variable of the environment
//	value, err := secret.FieldValue("env:KEY")
//	secret.IsIn("access_token")               // true
//	secret.Redact(target)                     // "/?token=***"
//
// No error has any of a secret in it, or the name of its source: its caller knows whose setting it is.
package secret

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"tenfour/source"
	"tenfour/value/field"
)

// Most is how many bytes a file with credentials may have, or a file in PEM.
const Most = 4 << 20

// ErrEmpty means that a source has nothing but white space.
var ErrEmpty = errors.New("it is empty")

// Read returns the text of a file, or of the variable NAME of the environment for env:NAME.
func Read(from string) (string, error) {
	text, err := source.Read(from, Most)
	return string(text), err
}

// Value is Read, less the spaces and line breaks around the text. If that is nothing, the error is ErrEmpty.
func Value(from string) (string, error) {
	text, err := Read(from)
	if err != nil {
		return "", err
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", ErrEmpty
	}
	return text, nil
}

// FieldValue is Value for a text that becomes the value of a field. If it cannot be one, the error is that of field.CheckValue.
func FieldValue(from string) (string, error) {
	value, err := Value(from)
	if err == nil {
		err = field.CheckValue(value)
	}
	if err != nil {
		return "", err
	}
	return value, nil
}

// tokenLeast is how many characters a token for the console has at least: it is the only thing between the console and what can connect.
const tokenLeast = 16

// ConsoleToken is Value for a token that a browser and an Authorization field can have (RFC 6750 §2.1): at least 16 visible characters.
func ConsoleToken(from string) (string, error) {
	token, err := Value(from)
	switch {
	case err != nil:
		return "", err
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return "", errors.New("it is not one token: write one word of letters, digits and signs")
	case len(token) < tokenLeast:
		return "", fmt.Errorf("its token is too short to be safe: write %d characters or more, such as those of openssl rand -hex 16", tokenLeast)
	}
	return token, nil
}

// KeyPair reads a certificate and its key, from files in PEM.
func KeyPair(cert, key string) (tls.Certificate, error) {
	certText, err := source.File(cert, Most)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyText, err := source.File(key, Most)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("with the key %s: %w", key, err)
	}
	pair, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		err = fmt.Errorf("with the key %s: %w", key, err)
	}
	return pair, err
}

// soon is how long before its end a certificate is told to end soon.
const soon = 7 * 24 * time.Hour

// Doubt says why clients do not trust a certificate at a moment, or will not soon, in words that follow its name; "" if they do. It looks
// at its time only (RFC 5280 §4.1.2.5).
func Doubt(pair tls.Certificate, now time.Time) string {
	leaf := pair.Leaf
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
	switch {
	case leaf == nil:
		return ""
	case now.After(leaf.NotAfter):
		return "has expired on " + at(leaf.NotAfter) + ": clients refuse it, renew it"
	case now.Before(leaf.NotBefore):
		return "is not valid before " + at(leaf.NotBefore) + ": until then clients refuse it"
	case leaf.NotAfter.Sub(now) <= soon:
		return "ends on " + at(leaf.NotAfter) + ": renew it"
	}
	return ""
}

// signs are parts of the names of fields and parameters that have secrets.
var signs = []string{
	"assertion", "auth", "bearer", "cookie", "credential", "csrf", "dpop", "jwt", "key", "oidc", "pass", "pwd", "saml", "secret", "session", "sig", "token", "xsrf",
}

// IsIn reports whether a field or a parameter by that name probably has a secret for its value, which is not to be shown.
func IsIn(name string) bool {
	name = strings.ToLower(name)
	for _, sign := range signs {
		if strings.Contains(name, sign) {
			return true
		}
	}
	return false
}
