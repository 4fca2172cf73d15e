package target

import (
	"errors"
	"fmt"
	"strings"
)

// Entry is what a route allows: its URLs have this scheme, host and port, and a path within this one. Of its host it means that name or
// that address alone; an address may be any, also a loopback one, because it was written down.
type Entry struct{ url URL }

// ParseEntry reads an entry: a URL without a query. The error says what to write.
func ParseEntry(text string) (Entry, error) {
	if strings.Contains(text, "*") {
		return Entry{}, errors.New("write each host on its own: * is not understood here")
	}
	u, err := Parse(text)
	switch {
	case err != nil:
		return Entry{}, fmt.Errorf("%w: write %s", err, Wants)
	case u.Query != "":
		return Entry{}, errors.New("leave the query (?…) away: any is allowed")
	case isLocalhost(u.Host):
		return Entry{}, errors.New("a name may not be this machine: write its address, such as http://127.0.0.1:9000/")
	case u.Addr.IsUnspecified() || u.Addr.IsMulticast():
		return Entry{}, errors.New("this address is not one of a machine")
	}
	return Entry{u}, nil
}

// String returns e as ParseEntry reads it.
func (e Entry) String() string { return e.url.String() }

// has reports whether e allows u.
func (e Entry) has(u URL) bool {
	return e.url.HTTPS == u.HTTPS && e.url.Host == u.Host && e.url.Port == u.Port && under(u.Path, e.url.Path)
}

// Allow is all that a route allows. The zero value allows nothing.
type Allow []Entry

// ErrNotAllowed means that no entry allows a URL.
var ErrNotAllowed = errors.New("callback_allow of its route has no entry with that scheme, host and port and the beginning of that path")

// Permits reads the URL that a client wants to be called, and returns it if an entry allows it. Else the error says why not, in words that
// follow "the callback's URL is refused: ".
func (a Allow) Permits(text string) (URL, error) {
	u, err := Parse(text)
	if err != nil {
		return URL{}, err
	}
	for _, e := range a {
		if e.has(u) {
			return u, nil
		}
	}
	return URL{}, ErrNotAllowed
}
