package config

import (
	"errors"
	"net/netip"

	"tenfour/value/field"
	"tenfour/value/method"
	"tenfour/value/routepath"
)

// Rules for the texts of settings.

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func anything(string) error { return nil }

// checkResolver is for the address of a DNS server: a name would need another one.
func checkResolver(text string) error {
	if _, err := netip.ParseAddr(text); err == nil || text == "" {
		return nil
	}
	if at, err := netip.ParseAddrPort(text); err != nil || at.Port() == 0 {
		return errOther
	}
	return nil
}

// checkHost is for the value of a Host.
func checkHost(text string) error {
	if text != "" && field.CheckHost(text) != nil {
		return errOther
	}
	return nil
}

// checkPath is for the path of a route.
func checkPath(text string) error { return otherIf(routepath.Check(text), routepath.ErrNoSlash) }

// checkPathOrNone is for a path that is asked for, or cut off, where there is one.
func checkPathOrNone(text string) error {
	return otherIf(routepath.CheckTarget(text), routepath.ErrNoSlash)
}

// otherIf is errOther for an error that says only what to write, which each setting says with an example of its own.
func otherIf(err, says error) error {
	if errors.Is(err, says) {
		return errOther
	}
	return err
}

// methods is a list of methods.
func methods(p *[]string, wants string) list {
	return wordList(p, wants, func(text string) error { return otherIf(method.Check(text), method.ErrNone) })
}

func checkLimitName(name string) error {
	if quoteKey(name) != name {
		return errors.New("a limit's name has letters, digits, - and _ alone")
	}
	return nil
}
