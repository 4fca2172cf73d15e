package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"tenfour/source"
)

// What a text must be to stand where it does.

func isSpaceOrControl(r rune) bool { return r <= ' ' || r == 0x7f }

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isToken is RFC 9110 §5.6.2.
func isToken(text string) bool {
	for _, c := range []byte(text) {
		if !isAlphanumeric(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return text != ""
}

func anything(string) error { return nil }

func checkListen(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return errOther
	}
	if n, err := strconv.Atoi(port); err == nil && (n < 0 || n > 65535) { // else it is a service's name
		return errors.New("write a port from 0 to 65535")
	}
	return nil
}

// checkPath has the rules of the table of routes: a path has one reading.
func checkPath(text string) error {
	if !strings.HasPrefix(text, "/") {
		return errOther
	}
	if strings.ContainsAny(text, `?#%\`) || strings.ContainsFunc(text, isSpaceOrControl) {
		return errors.New(`write it without ?, #, %, \ and spaces`)
	}
	if len(text) > pathMost {
		return fmt.Errorf("a path has %d bytes at most", pathMost)
	}
	segments := strings.Split(text[1:], "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return errors.New("write it without the segments . and .., and without empty ones")
		}
	}
	return nil
}

// checkPathOrNone is for a path that is asked for, or cut off, where there is one.
func checkPathOrNone(text string) error {
	if text == "" || strings.HasPrefix(text, "/") && !strings.ContainsFunc(text, isSpaceOrControl) {
		return nil
	}
	return errOther
}

func checkMethod(text string) error {
	switch {
	case !isToken(text):
		return errOther
	case text != strings.ToUpper(text):
		return fmt.Errorf("methods have capital letters: write %s", strings.ToUpper(text))
	case text == "CONNECT" || text == "TRACE":
		return errors.New("tenfour forwards none of these")
	}
	return nil
}

// connectionSpecific are the fields that are of one connection, or say where a message ends: tenfour writes its own.
var connectionSpecific = []string{
	"connection", "content-length", "expect", "http2-settings", "keep-alive", "proxy-connection", "te", "trailer",
	"transfer-encoding", "upgrade",
}

// checkFieldName is for the name of a field that is edited (RFC 9110 §5.1).
func checkFieldName(name string) error {
	if !isToken(name) {
		return errors.New("a field's name has letters, digits and - alone")
	}
	for _, known := range connectionSpecific {
		if strings.EqualFold(name, known) {
			return errors.New("this field is about the connection or the framing of a message, which tenfour sees to itself")
		}
	}
	return nil
}

// checkRequestField is checkFieldName, and for Host, which has a key of its own.
func checkRequestField(name string) error {
	if strings.EqualFold(name, "host") {
		return errors.New(`use host = "backend", or host = "keep"`)
	}
	return checkFieldName(name)
}

// checkFieldValue is RFC 9110 §5.5.
func checkFieldValue(value string) error {
	for _, c := range []byte(value) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return errors.New("a field's value has no line breaks and no control characters")
		}
	}
	if strings.Trim(value, " \t") != value {
		return errors.New("a field's value neither begins nor ends with a space")
	}
	return nil
}

// isCredential reports whether a field by that name probably has a secret for its value.
func isCredential(name string) bool {
	name = strings.ToLower(name)
	for _, sign := range []string{"auth", "cookie", "credential", "key", "pass", "secret", "session", "signature", "token"} {
		if strings.Contains(name, sign) {
			return true
		}
	}
	return false
}

// secretMost is how many bytes a file with credentials may have, or a file in PEM.
const secretMost = 4 << 20

// secret returns what a file has, or the variable NAME of the environment for env:NAME, less the spaces and line breaks around it.
func secret(from string) (string, error) {
	text, err := source.Read(from, secretMost)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", errors.New("it is empty")
	}
	return secret, nil
}

// KeyPair reads a certificate and its key, from files in PEM.
func KeyPair(cert, key string) (tls.Certificate, error) {
	certText, err := source.File(cert, secretMost)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyText, err := source.File(key, secretMost)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("with the key %s: %w", key, err)
	}
	pair, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		err = fmt.Errorf("with the key %s: %w", key, err)
	}
	return pair, err
}

func checkLimitName(name string) error {
	if quoteKey(name) != name {
		return errors.New("a limit's name has letters, digits, - and _ alone")
	}
	return nil
}
