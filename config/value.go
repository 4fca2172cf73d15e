package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// size is a number of bytes as people write it: 4096, 64KiB, 1MB.
type size int

var units = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
	{"k", 1 << 10}, {"K", 1 << 10}, {"m", 1 << 20}, {"M", 1 << 20}, {"g", 1 << 30}, {"G", 1 << 30}, {"B", 1},
}

func (s *size) Set(text string) error {
	number, unit := text, 1.0
	for _, u := range units {
		if n, ok := strings.CutSuffix(text, u.name); ok {
			number, unit = n, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(n >= 0 && n*unit <= 1<<40) { // so that NaN is none either
		return fmt.Errorf("write a size such as 4096, 64KiB or 1MiB")
	}
	*s = size(n * unit)
	return nil
}

func (s *size) String() string {
	switch n := int(*s); {
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "MiB"
	case n >= 1<<10 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "KiB"
	default:
		return strconv.Itoa(n)
	}
}

func (s *size) Type() string { return "size" }

// parseBackend reads host:port, http://host[:port] or https://host[:port].
func parseBackend(text string) (Backend, error) {
	var b Backend
	hostPort, port := text, ""
	if strings.Contains(text, "://") {
		u, err := url.Parse(text)
		switch {
		case err != nil:
			return b, err
		case u.Scheme != "http" && u.Scheme != "https":
			return b, fmt.Errorf("the scheme is %q: write http or https", u.Scheme)
		case u.User != nil:
			return b, errors.New("credentials do not belong here")
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
		return b, fmt.Errorf("port %q: 1 to 65535", port)
	}
	if strings.ContainsAny(host, " \t\r\n/@?#") {
		return b, fmt.Errorf("host %q: not a name or an address", host)
	}
	b.Host, b.Port = host, uint16(n)
	return b, nil
}
