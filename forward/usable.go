package forward

import (
	"fmt"
	"strconv"
	"strings"
)

// Statuses is a set of response statuses. The zero value is empty.
type Statuses struct {
	bits [16]uint64 // one for each of 0 to 1023
}

// ParseStatuses reads a list such as "2xx,304,404": classes and single codes.
func ParseStatuses(list string) (set Statuses, err error) {
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		first, last := word, word
		if strings.HasSuffix(word, "xx") {
			first, last = word[:len(word)-2]+"00", word[:len(word)-2]+"99"
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if len(word) != 3 || err1 != nil || err2 != nil || from < 100 || to > 599 {
			return Statuses{}, fmt.Errorf("%q: write classes or codes from 100 to 599, such as 2xx,304,404", word)
		}
		for status := from; status <= to; status++ {
			set.bits[status/64] |= 1 << (status % 64)
		}
	}
	return set, nil
}

// Has reports whether the set has a status.
func (s *Statuses) Has(status int) bool {
	return status >= 0 && status < 1024 && s.bits[status/64]&(1<<(status%64)) != 0
}
