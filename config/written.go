package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
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

// parseBackend reads host:port, http://host[:port] or https://host[:port].
func parseBackend(text string) (Backend, error) {
	var b Backend
	hostPort, port := text, ""
	if strings.Contains(text, "://") {
		u, err := url.Parse(text)
		switch {
		case err != nil:
			return b, errors.New("write host:port, http://host:port or https://host:port") // err would show a password
		case u.Scheme != "http" && u.Scheme != "https":
			return b, fmt.Errorf("the scheme is %q: write http or https", u.Scheme)
		case u.User != nil:
			return b, errors.New("credentials do not belong here: write them into a file, for credential_file")
		case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
			return b, errors.New("a backend is a host and a port: leave the path away")
		}
		b.HTTPS = u.Scheme == "https"
		hostPort, port = u.Host, "80"
		if b.HTTPS {
			port = "443"
		}
		if u.Port() == "" && u.Hostname() != "" {
			hostPort = net.JoinHostPort(u.Hostname(), port)
		}
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || host == "" {
		return b, errors.New("write host:port, such as 127.0.0.1:9001")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return b, errors.New("write a port from 1 to 65535")
	}
	if strings.ContainsAny(host, "/@?#\\") || strings.ContainsFunc(host, isSpaceOrControl) {
		return b, errors.New("the host is neither a name nor an address")
	}
	b.Host, b.Port = host, uint16(n)
	return b, nil
}

// formatBackend is the shortest way to write b.
func formatBackend(b Backend) string {
	if b.HTTPS {
		return b.String()
	}
	return b.Addr()
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
