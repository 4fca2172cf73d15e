package listen

import (
	"errors"
	"net"
	"net/netip"
	"strings"
)

// Console is where the console answers. The zero value is nowhere.
type Console struct {
	Where string // HOST:PORT, or the path of a unix socket; "" for nowhere
	Unix  bool   // Where is a path
}

// ConsoleWants says what to write for a Console.
const ConsoleWants = "off, HOST:PORT, such as 127.0.0.1:8900, or unix:/PATH"

// ParseConsole reads off, HOST:PORT, http://HOST:PORT or unix:/PATH. The error says what to write.
func ParseConsole(text string) (Console, error) {
	if text == "off" {
		return Console{}, nil
	}
	a, err := Parse(text)
	switch {
	case a.Kind == Given || a.Scheme == HTTPS:
		return Console{}, errors.New("the console speaks plain HTTP, on a socket of its own: write " + ConsoleWants)
	case err != nil && a.Kind == TCP && !strings.HasPrefix(text, "unix:"):
		return Console{}, errors.New(strings.ReplaceAll(err.Error(), Wants, ConsoleWants))
	case err != nil:
		return Console{}, err
	}
	return Console{Where: a.Where, Unix: a.Kind == Unix}, nil
}

// On reports whether there is a console.
func (c Console) On() bool { return c.Where != "" }

// Local reports whether only this machine can reach the console: a unix socket, a loopback address, or the name localhost.
func (c Console) Local() bool {
	if c.Unix || !c.On() {
		return true
	}
	host, _, err := net.SplitHostPort(c.Where)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// String returns c in the form that ParseConsole reads.
func (c Console) String() string {
	switch {
	case !c.On():
		return "off"
	case c.Unix:
		return "unix:" + c.Where
	}
	return c.Where
}
