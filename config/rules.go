package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"tenfour/value/method"
)

// What a text must be to stand where it does.

func isSpaceOrControl(r rune) bool { return r <= ' ' || r == 0x7f }

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
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

// methods is a list of methods.
func methods(p *[]string, wants string) list {
	return wordList(p, wants, func(text string) error {
		err := method.Check(text)
		if errors.Is(err, method.ErrNone) {
			return errOther
		}
		return err
	})
}

func checkLimitName(name string) error {
	if quoteKey(name) != name {
		return errors.New("a limit's name has letters, digits, - and _ alone")
	}
	return nil
}
