// Package listen has the addresses that tenfour accepts clients on: a host and a port, a unix socket, or a socket that it was given.
//
//	a, err := listen.Parse("https://127.0.0.1:8443")
//	a.Kind, a.Where              // TCP, "127.0.0.1:8443"
//	listen.Secure(all, a, true)  // whether clients of a speak TLS, if there is a certificate
package listen

import (
	"errors"
	"net"
	"strconv"
	"strings"
)

// Address is where clients connect.
type Address struct {
	Kind   Kind
	Where  string // HOST:PORT, the path of a unix socket, or the number of a descriptor
	Scheme Scheme
}

// Kind is the kind of a socket.
type Kind uint8

const (
	TCP   Kind = iota // a host and a port
	Unix              // a unix socket
	Given             // a descriptor that tenfour was started with, such as a socket of systemd's
)

// Scheme is what an address says of TLS.
type Scheme uint8

const (
	Unstated Scheme = iota // see Secure
	HTTP                   // without TLS
	HTTPS                  // with TLS
)

// Wants says what to write for an address.
const Wants = "HOST:PORT, such as 127.0.0.1:8000; or https://HOST:PORT, unix:/PATH, fd://3"

// PathMost is how many bytes the path of a unix socket may have; the kernel wants a NUL after them.
const PathMost = pathRoom - 1

// firstGiven is the first descriptor that a process can be given: the three before it are stdin, stdout and stderr.
const firstGiven = 3

// Parse reads HOST:PORT, http://HOST:PORT, https://HOST:PORT, unix:/PATH or fd://N. The error says what to write.
func Parse(text string) (Address, error) {
	if path, is := strings.CutPrefix(text, "unix:"); is {
		return parsePath(path)
	}
	if number, is := strings.CutPrefix(text, "fd://"); is {
		n, err := strconv.Atoi(number)
		if err != nil || n < firstGiven || n > 1<<20 || strconv.Itoa(n) != number {
			return Address{}, errors.New("write the number of a descriptor, 3 or more, such as fd://3")
		}
		return Address{Given, number, Unstated}, nil
	}
	a := Address{Kind: TCP, Where: text}
	implied := ""
	scheme, rest, is := strings.Cut(text, "://")
	switch {
	case !is:
	case scheme == "http":
		a, implied = Address{TCP, strings.TrimSuffix(rest, "/"), HTTP}, "80"
	case scheme == "https":
		a, implied = Address{TCP, strings.TrimSuffix(rest, "/"), HTTPS}, "443"
	default:
		return Address{}, errors.New("write " + Wants)
	}
	if _, _, err := net.SplitHostPort(a.Where); err != nil && implied != "" && a.Where != "" {
		a.Where = net.JoinHostPort(strings.Trim(a.Where, "[]"), implied)
	}
	return a, checkHostPort(a.Where)
}

func checkHostPort(where string) error {
	host, port, err := net.SplitHostPort(where)
	switch {
	case err != nil || port == "":
		return errors.New("write " + Wants)
	case strings.ContainsAny(host, "/@?#\\") || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return errors.New("the host is neither a name nor an address: write " + Wants)
	}
	n, err := strconv.Atoi(port)
	if err == nil && (n < 0 || n > 65535) || err != nil && strings.ContainsAny(port[:1], "0123456789+-") { // else it is a service's name
		return errors.New("write a port from 0 to 65535")
	}
	return nil
}

func parsePath(path string) (Address, error) {
	switch {
	case path == "" || strings.HasSuffix(path, "/"):
		return Address{}, errors.New("write the path of a socket, such as unix:/run/tenfour.sock")
	case path[0] == '@' || strings.Contains(path, "\x00"):
		return Address{}, errors.New("a socket needs a path in the file system, such as unix:/run/tenfour.sock")
	case len(path) > PathMost:
		return Address{}, errors.New("the path has " + strconv.Itoa(len(path)) + " bytes, and a socket's may have " + strconv.Itoa(PathMost) +
			": write a shorter one, such as unix:/run/tenfour.sock")
	}
	return Address{Unix, path, Unstated}, nil
}

// String returns a in the form that Parse reads.
func (a Address) String() string {
	switch {
	case a.Kind == Unix:
		return "unix:" + a.Where
	case a.Kind == Given:
		return "fd://" + a.Where
	case a.Scheme == HTTP:
		return "http://" + a.Where
	case a.Scheme == HTTPS:
		return "https://" + a.Where
	}
	return a.Where
}

// Socket returns what two addresses of the same socket have in common: all but the scheme. With port 0 each address is a socket of its
// own, and so the scheme tells them apart.
func (a Address) Socket() Address {
	if !strings.HasSuffix(a.Where, ":0") {
		a.Scheme = Unstated
	}
	return a
}

// Secure reports whether clients that connect to a, which is one of all, speak TLS. https:// always does. An address without a
// scheme does if there is a certificate and no other address is https://. A unix socket never does: its client is on this machine.
func Secure(all []Address, a Address, certificate bool) bool {
	switch {
	case !certificate || a.Scheme == HTTP || a.Kind == Unix:
		return false
	case a.Scheme == HTTPS:
		return true
	}
	for _, other := range all {
		if other.Scheme == HTTPS {
			return false
		}
	}
	return true
}
