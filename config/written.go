package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"

	"tenfour/value/choice"
	"tenfour/value/field"
)

// countedBy is what has a count of its own under a limit.
func countedBy(by *choice.By, header *string) scalar {
	return scalar{inQuotes, choice.Wants[choice.By](), "",
		func(text string) error {
			name, isHeader := strings.CutPrefix(text, "header:")
			switch {
			case isHeader && !field.IsName(name):
				return fmt.Errorf("write the name of a field after header:, such as header:X-Api-Key")
			case isHeader:
				*by, *header = choice.ByHeader, name
				return nil
			}
			*header = ""
			return oneOf(by).take(text)
		},
		func() string {
			if *by == choice.ByHeader {
				return "header:" + *header
			}
			return by.String()
		},
	}
}

// overUnix is the word for the clients over a unix socket. It stands for the zero prefix, as in admit.OverUnix.
const overUnix = "unix:"

// parsePrefix reads an address, a network such as 10.0.0.0/8, or unix:.
func parsePrefix(text string) (netip.Prefix, error) {
	if text == overUnix {
		return netip.Prefix{}, nil
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return p, errOther
	case p.Addr().Is4In6():
		return p, errors.New("write it as a network of IPv4")
	case p != p.Masked():
		return p, fmt.Errorf("it has bits after its mask: write %v, or %v alone", p.Masked(), p.Addr())
	}
	return p, nil
}

func formatPrefix(p netip.Prefix) string {
	if !p.IsValid() {
		return overUnix
	}
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// fileMode is the permissions of a file, as chmod has them.
func fileMode(mode *fs.FileMode) scalar {
	return scalar{inQuotes, "three octal digits after a 0, such as 0660", "",
		func(text string) error {
			n, err := strconv.ParseUint(text, 8, 32)
			if err != nil || n > 0o777 || len(text) < 3 || len(text) > 4 {
				return errOther
			}
			*mode = fs.FileMode(n)
			return nil
		},
		func() string { return fmt.Sprintf("%04o", *mode) },
	}
}
