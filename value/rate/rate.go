// Package rate has rates, how many in what time: 10/1m.
//
//	r, err := rate.Parse("10/1m")
//	r.String() // "10/1m"
package rate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tenfour/value/amount"
)

// Rate is how many may pass in any interval of a given length. The zero value is none.
type Rate struct {
	N   int           // 1 to MostN
	Per time.Duration // more than 0, up to MostPer
}

// The largest values of a Rate, and the shortest interval that Parse reads.
const (
	MostN    = 1_000_000_000
	MostPer  = 365 * 24 * time.Hour
	LeastPer = time.Millisecond
)

// Wants says what to write for a rate.
const Wants = "a number of exchanges and a duration, such as 10/1m: 1 to 1000000000, in 1ms to 365d"

var units = map[string]bool{"d": true, "h": true, "m": true, "s": true, "ms": true}

// Parse reads a number, a slash, and a duration or only its unit: 10/1m, 5/s, 1000/1d. The error says what to write.
func Parse(text string) (Rate, error) {
	number, per, _ := strings.Cut(text, "/")
	if units[per] {
		per = "1" + per
	}
	n, err := strconv.ParseUint(number, 10, 32)
	d, err2 := amount.ParseDuration(per)
	r := Rate{int(n), d}
	if err != nil || err2 != nil || d < LeastPer || r.Check() != nil {
		return Rate{}, fmt.Errorf("%q: write %s", text, Wants)
	}
	return r, nil
}

// Check returns what is wrong with a rate, or nil.
func (r Rate) Check() error {
	switch {
	case r.N < 1:
		return errors.New("a rate of 0 admits no request: it needs 1 or more")
	case r.N > MostN:
		return fmt.Errorf("more than %d: no such rate is ever reached", MostN)
	case r.Per <= 0:
		return fmt.Errorf("in %v: the time must be more than 0", r.Per)
	case r.Per > MostPer:
		return fmt.Errorf("in %v: the time may be at most 365 days", r.Per)
	}
	return nil
}

// String returns the rate in the form that Parse reads: 10/1m. It is "" for the zero value.
func (r Rate) String() string {
	if r == (Rate{}) {
		return ""
	}
	return strconv.Itoa(r.N) + "/" + r.Interval()
}

// Interval returns the time in the form that Parse reads: 1m.
func (r Rate) Interval() string { return amount.FormatSpan(r.Per) }
