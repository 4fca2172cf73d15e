// Package address has the addresses of backends: a host, a port, and whether it speaks TLS.
//
//	b, err := address.Parse("https://api.example.com")
//	b.HostPort()  // "api.example.com:443"
//	b.Authority() // "api.example.com", the value of Host
package address

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Backend is where a backend is.
type Backend struct {
	Host  string // a name or an address, without brackets
	Port  uint16
	HTTPS bool
}

// Wants says what to write for a backend.
const Wants = "host:port, such as 127.0.0.1:9001"

// The ports that the schemes imply (RFC 9110 §4.2).
const portHTTP, portHTTPS = 80, 443

// Parse reads host:port, http://host[:port] or https://host[:port]. The error says what to write, and shows nothing of the text: a
// password may be there.
func Parse(text string) (Backend, error) {
	var b Backend
	hostPort := text
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
		hostPort = u.Host
		if u.Port() == "" && u.Hostname() != "" {
			hostPort = net.JoinHostPort(u.Hostname(), strconv.Itoa(int(b.implied())))
		}
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || host == "" {
		return Backend{}, errors.New("write " + Wants)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return Backend{}, errors.New("write a port from 1 to 65535")
	}
	if strings.ContainsAny(host, "/@?#\\") || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return Backend{}, errors.New("the host is neither a name nor an address")
	}
	b.Host, b.Port = host, uint16(n)
	return b, nil
}

// implied returns the port of b's scheme.
func (b Backend) implied() uint16 {
	if b.HTTPS {
		return portHTTPS
	}
	return portHTTP
}

// HostPort returns HOST:PORT, with brackets around an address of IPv6.
func (b Backend) HostPort() string { return net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))) }

// Authority returns HOST:PORT, or HOST alone if the scheme implies the port: what Host says (RFC 9110 §7.2).
func (b Backend) Authority() string {
	hostPort := b.HostPort()
	if b.Port == b.implied() {
		return strings.TrimSuffix(hostPort, ":"+strconv.Itoa(int(b.Port)))
	}
	return hostPort
}

// URL returns http://HOST:PORT, or https://.
func (b Backend) URL() string {
	if b.HTTPS {
		return "https://" + b.HostPort()
	}
	return "http://" + b.HostPort()
}

// String returns b in the shortest form that Parse reads with its port.
func (b Backend) String() string {
	if b.HTTPS {
		return b.URL()
	}
	return b.HostPort()
}
