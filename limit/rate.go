package limit

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rate is how many may pass in any interval of a given length.
type Rate struct {
	N   int           // 1 to MostN
	Per time.Duration // more than 0, up to MostPer
}

// The largest values of a Rate.
const (
	MostN   = 1_000_000_000
	MostPer = 8760 * time.Hour // 365 days
)

var units = []string{"h", "m", "s", "ms", "us", "µs", "ns"}

// ParseRate reads a number, a slash, and a duration as Go writes it or only its unit: 10/1m, 5/s, 1000/1h30m. An error says
// what to write instead.
func ParseRate(text string) (Rate, error) {
	number, per, ok := strings.Cut(text, "/")
	if !ok {
		return Rate{}, errors.New("write how many in what time, such as 10/1m or 5/s")
	}
	if number == "" || strings.Trim(number, "0123456789") != "" {
		return Rate{}, fmt.Errorf("%q: write a whole number before the slash, such as 10/1m", number)
	}
	n, err := strconv.Atoi(number)
	if err != nil { // the number is out of range
		n = MostN + 1
	}
	r := Rate{N: n}
	if slices.Contains(units, per) {
		per = "1" + per
	}
	if r.Per, err = time.ParseDuration(per); err != nil {
		return Rate{}, fmt.Errorf("%q: write a duration after the slash, such as 10/1m, 10/90s or 10/s", per)
	}
	if err := r.Check(); err != nil {
		return Rate{}, err
	}
	return r, nil
}

// Check returns what is wrong with a rate and what to write instead, or nil.
func (r Rate) Check() error {
	switch {
	case r.N < 1:
		return errors.New("a rate of 0 admits no request: write 1 or more before the slash")
	case r.N > MostN:
		return fmt.Errorf("more than %d: no such rate is ever reached", MostN)
	case r.Per <= 0:
		return fmt.Errorf("in %v: the time after the slash must be more than 0", r.Per)
	case r.Per > MostPer:
		return fmt.Errorf("in %v: the time after the slash may be at most 365 days (8760h)", r.Per)
	}
	return nil
}

// String returns the rate in the form that ParseRate reads: 10/1m.
func (r Rate) String() string {
	per := r.Per.String()
	if short, ok := strings.CutSuffix(per, "m0s"); ok {
		per = short + "m"
	}
	if short, ok := strings.CutSuffix(per, "h0m"); ok {
		per = short + "h"
	}
	return strconv.Itoa(r.N) + "/" + per
}
