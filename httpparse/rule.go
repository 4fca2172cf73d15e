package httpparse

import (
	"strconv"
	"strings"
)

// Error returns the rule, so that a Refusal is an error.
func (r *Refusal) Error() string { return r.Rule }

// RefuseAt returns a Refusal of a user of the package: of a head that was parsed, which begins buf, and breaks rule at a byte.
func RefuseAt(buf []byte, status int, rule string, offset int) *Refusal {
	r := &Refusal{Status: status, Rule: rule, Offset: offset}
	r.Line = lineOf(buf, offset)
	return r
}

// Section returns the section that states the rule: "RFC 9112 §6.1"; "" if the rule names none.
func (r *Refusal) Section() string {
	section, _ := CutRule(r.Rule)
	return section
}

// Words returns the rule without its section: "both Content-Length and Transfer-Encoding".
func (r *Refusal) Words() string {
	_, words := CutRule(r.Rule)
	return words
}

// CutRule parts a rule into the section that states it, "" if it names none, and its words.
func CutRule(rule string) (section, words string) {
	section, words, found := strings.Cut(rule, ": ")
	if !found || !strings.HasPrefix(section, "RFC ") && !strings.HasPrefix(section, "draft-") {
		return "", rule
	}
	return section, words
}

// Place returns where it is, in words: "at byte 21, in line 2", "at byte 5 of the body". Bytes are counted from 0, lines from 1.
func (r *Refusal) Place() string {
	place := "at byte " + strconv.Itoa(r.Offset)
	if r.Line == 0 {
		return place + " of the body"
	}
	return place + ", in line " + strconv.Itoa(r.Line)
}
