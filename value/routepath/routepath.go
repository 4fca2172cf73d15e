// Package routepath has the rules for the paths of routes, and puts back a prefix that was taken off a path.
//
//	err := routepath.Check("/app/")            // a prefix, because it ends in /
//	routepath.Under("/app/page", "/app")       // true
//	m := routepath.Mount{Prefix: "/app"}
//	m.AppendURL(nil, []byte("/login"))         // /app/login
//
// A route's path has one reading, as it is written.
// How the path of a request is compared with them is for admit: servers may read that path in more than one way.
package routepath

import (
	"errors"
	"fmt"
	"strings"
)

// Most is how many bytes a path may have.
const Most = 1024

// ErrNoSlash means that a text is no path.
var ErrNoSlash = errors.New("write a path that begins with /")

// Check returns why a route cannot have a path, or nil. A server that decodes the path, or resolves its segments (RFC 3986 §5.2.4,
// §6.2.2), finds the same path. The error is ErrNoSlash for what is no path.
func Check(path string) error {
	if !strings.HasPrefix(path, "/") {
		return ErrNoSlash
	}
	if strings.ContainsAny(path, `?#%\`) || strings.ContainsFunc(path, spaceOrControl) {
		return errors.New(`write it without ?, #, %, \ and spaces`)
	}
	if len(path) > Most {
		return fmt.Errorf("a path has %d bytes at most", Most)
	}
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return errors.New("write it without the segments . and .., and without empty ones")
		}
	}
	return nil
}

// CheckTarget returns ErrNoSlash for a text that is neither empty nor a path that may be asked for, or taken off another one.
func CheckTarget(path string) error {
	if path == "" || strings.HasPrefix(path, "/") && !strings.ContainsFunc(path, spaceOrControl) {
		return nil
	}
	return ErrNoSlash
}

func spaceOrControl(r rune) bool { return r <= ' ' || r == 0x7f }

// Under reports whether a path begins with a prefix of whole segments. The prefix does not end in /.
func Under(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}
