// Package statuses has sets of response statuses, written as classes and single codes.
//
//	usable, err := statuses.Parse("2xx,304,404")
//	usable.Has(204) // true
package statuses

import (
	"fmt"
	"strconv"
	"strings"
)

// Set is a set of statuses from 100 to 599. The zero value is empty. Two sets are equal (==) if they have the same statuses.
type Set struct {
	bits [10]uint64 // one for each of 0 to 639
}

const least, most = 100, 599

// Wants says what to write for a set.
const Wants = "classes or codes from 100 to 599, such as 2xx,304,404"

// Parse reads a list of classes and single codes, with commas between them and at least one of them. The error says what to write.
func Parse(list string) (Set, error) {
	var set Set
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		first, last := word, word
		if class, ok := strings.CutSuffix(word, "xx"); ok {
			first, last = class+"00", class+"99"
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if len(word) != 3 || err1 != nil || err2 != nil || from < least || to > most {
			return Set{}, fmt.Errorf("%q: write %s", word, Wants)
		}
		for status := from; status <= to; status++ {
			set.bits[status/64] |= 1 << (status % 64)
		}
	}
	return set, nil
}

// Classes returns the set of all statuses of the classes from first to last: 1 to 5.
func Classes(first, last int) Set {
	var set Set
	for status := first * 100; status < (last+1)*100; status++ {
		set.bits[status/64] |= 1 << (status % 64)
	}
	return set
}

// Has reports whether the set has a status, which may be any number.
func (s *Set) Has(status int) bool {
	return status >= least && status <= most && s.bits[status/64]&(1<<(status%64)) != 0
}

// String returns the set in the form that Parse reads, in rising order: "2xx,304,404".
func (s Set) String() string {
	var words []string
	for class := least; class <= most; class += 100 {
		var codes []string
		for status := class; status < class+100; status++ {
			if s.Has(status) {
				codes = append(codes, strconv.Itoa(status))
			}
		}
		if len(codes) == 100 {
			codes = []string{strconv.Itoa(class/100) + "xx"}
		}
		words = append(words, codes...)
	}
	return strings.Join(words, ",")
}
