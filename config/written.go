package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"tenfour/value/choice"
	"tenfour/value/field"
)

// countedBy is what has a count of its own under a limit.
func countedBy(by *choice.By, header *string) scalar {
	return scalar{inQuotes, choice.Wants[choice.By](),
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

// parsePrefix reads an address, or a network such as 10.0.0.0/8.
func parsePrefix(text string) (netip.Prefix, error) {
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
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}
