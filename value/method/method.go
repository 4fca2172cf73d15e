// Package method has the rules for the methods that a route names.
//
//	err := method.Check("GET")
//	method.WithHead([]string{"GET"}) // GET, HEAD
package method

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tenfour/httpparse"
)

// ErrNone means that a text is not the name of a method.
var ErrNone = errors.New("write the name of a method, such as GET")

// Check returns why a route cannot name a method, or nil. The error is ErrNone for what is none (RFC 9110 §9.1).
func Check(name string) error {
	switch {
	case !httpparse.IsToken(name):
		return ErrNone
	case name != strings.ToUpper(name):
		return fmt.Errorf("methods have capital letters: write %s", strings.ToUpper(name))
	case name == "CONNECT" || name == "TRACE":
		return errors.New("tenfour forwards none of these")
	}
	return nil
}

// WithHead returns methods with HEAD after GET, if they have GET alone (RFC 9110 §9.1). It does not change methods.
func WithHead(methods []string) []string {
	if slices.Contains(methods, "GET") && !slices.Contains(methods, "HEAD") {
		methods = slices.Insert(slices.Clone(methods), slices.Index(methods, "GET")+1, "HEAD")
	}
	return methods
}
