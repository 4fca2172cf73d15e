// Package choice has the settings that are one of a few words, each of a type of its own, and finds the word that was meant.
//
//	mode, err := choice.Parse[choice.Race]("hedge") // choice.Hedge
//	mode.String()                                   // "hedge"
//	say := choice.DidYouMean("workrs", keys)        // "; did you mean workers?"
//
// The folders that act on a choice take its type, so that each word is compared in one place only.
package choice

import (
	"fmt"
	"slices"
	"strings"
)

// Choice is a type for one of a few words. Its values are numbered from 0.
type Choice interface {
	~uint8
	fmt.Stringer
	words() []string // by their numbers
}

// Parse returns the value that a word stands for. The error says which words there are.
func Parse[T Choice](word string) (T, error) {
	var c T
	at := slices.Index(c.words(), word)
	if at < 0 {
		return c, fmt.Errorf("%q: write %s", word, Wants[T]())
	}
	return T(at), nil
}

// Wants says which words there are: "auto, text or json".
func Wants[T Choice]() string {
	var c T
	words := c.words()
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
