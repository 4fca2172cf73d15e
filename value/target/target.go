// Package target has the URLs that callbacks may go to: where a client wants one, and what a route allows.
//
//	e, err := target.ParseEntry("https://hooks.example.org/jobs/") // an entry of callback_allow
//	u, err := target.Allow{e}.Permits("https://hooks.example.org/jobs/7")
//
// A URL has one reading here. Whatever another reader could take for another host, or for another path, is refused. So an entry is compared
// part by part with what stands in the URL, and nothing is decoded first. The package does not look up names: which addresses
// a name may have is for the sender, when it connects.
package target

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// URL is where a callback goes. Two that are equal go to the same place.
type URL struct {
	HTTPS bool
	Host  string     // a name in lower case, or an address without brackets
	Addr  netip.Addr // if Host is an address; else the zero Addr
	Port  uint16
	Path  string // as it is sent; it begins with /
	Query string // as it is sent, with its ?; "" for none
}

// Most is how many bytes a URL may have.
const Most = 2048

// The ports that the schemes imply (RFC 9110 §4.2).
const portHTTP, portHTTPS = 80, 443

// Wants says what to write for an entry.
const Wants = "https://HOST/PATH, such as https://hooks.example.org/jobs/"

// Parse reads a URL of a client. The error says what is wrong with it, and shows nothing of it: it may have a secret.
func Parse(text string) (URL, error) {
	var u URL
	if len(text) > Most {
		return u, fmt.Errorf("it has more than %d bytes", Most)
	}
	if strings.ContainsFunc(text, notOfURL) {
		return u, errors.New(`it has characters that a URL has not: write spaces and the like as %XX, and a host in its ASCII form, which begins with xn--`)
	}
	rest, err := u.takeScheme(text)
	if err != nil {
		return URL{}, err
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if err := u.readAuthority(rest[:end]); err != nil {
		return URL{}, err
	}
	if err := u.readTarget(rest[end:]); err != nil {
		return URL{}, err
	}
	return u, nil
}

// notOfURL reports whether a character has no place in a URL (RFC 3986 §2). A backslash is / for browsers and for some servers.
func notOfURL(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }

func (u *URL) takeScheme(text string) (rest string, err error) {
	scheme, rest, ok := strings.Cut(text, "://")
	switch scheme = strings.ToLower(scheme); {
	case ok && scheme == "https":
		u.HTTPS = true
	case !ok || scheme != "http":
		return "", errors.New("it begins neither with https:// nor with http://")
	}
	return rest, nil
}

// readAuthority reads HOST or HOST:PORT.
func (u *URL) readAuthority(text string) (err error) {
	if strings.ContainsAny(text, "@%") {
		return errors.New("a user, a password or % does not belong in front of the path") // a reader may take what is in front of @, or after %, for the host
	}
	host, port, hasPort := text, "", false
	if at := strings.LastIndexByte(text, ':'); at > strings.LastIndexByte(text, ']') {
		host, port, hasPort = text[:at], text[at+1:], true
	}
	u.Port = u.implied()
	if hasPort {
		if u.Port, err = readPort(port); err != nil {
			return err
		}
	}
	u.Host, u.Addr, err = readHost(strings.ToLower(host))
	return err
}

func readPort(text string) (uint16, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != text {
		return 0, errors.New("its port is not a number from 1 to 65535")
	}
	return uint16(n), nil
}

// readTarget reads what follows the authority: a path and a query.
func (u *URL) readTarget(text string) error {
	if strings.Contains(text, "#") {
		return errors.New("it has a fragment (#…), which is never sent")
	}
	path, query, hasQuery := strings.Cut(text, "?")
	if hasQuery {
		u.Query = "?" + query
	}
	if path == "" {
		path = "/"
	}
	u.Path = path
	return checkPath(path)
}

// implied returns the port of u's scheme.
func (u URL) implied() uint16 {
	if u.HTTPS {
		return portHTTPS
	}
	return portHTTP
}

// HostPort returns HOST:PORT, with brackets around an address of IPv6: where to connect.
func (u URL) HostPort() string { return net.JoinHostPort(u.Host, strconv.Itoa(int(u.Port))) }

// Origin returns the scheme, the host, and the port if the scheme does not imply it (RFC 6454 §6.2): what may be shown of any URL.
func (u URL) Origin() string {
	scheme := "http://"
	if u.HTTPS {
		scheme = "https://"
	}
	hostPort := u.HostPort()
	if u.Port == u.implied() {
		hostPort = strings.TrimSuffix(hostPort, ":"+strconv.Itoa(int(u.Port)))
	}
	return scheme + hostPort
}

// String returns u as Parse reads it. It may have a secret.
func (u URL) String() string { return u.Origin() + u.Path + u.Query }
