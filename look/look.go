// Package look has the colours and the type that the console and the report of the benchmark share.
package look

import _ "embed"

// CSS is a style sheet: a variable for each colour, for light and dark, and how text, tables and code look. A page has it before its
// own style.
//
//go:embed look.css
var CSS string
