package main

import (
	"math"
	"slices"
)

// median returns the middle of values, or NaN without any. It does not change values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

// percentileOf returns the smallest of the ordered values that at least p percent of them do not exceed, or NaN without any.
func percentileOf(ordered []float64, p float64) float64 {
	if len(ordered) == 0 {
		return math.NaN()
	}
	at := int(math.Ceil(p/100*float64(len(ordered)))) - 1
	return ordered[min(max(at, 0), len(ordered)-1)]
}

// Spread is the result of several rounds for one figure.
type Spread struct {
	Median, Min, Max float64
	N                int // good samples
	Bad              int // samples that ended early or had failures; they count only if there is no good one
}

// OnlyBad reports whether the numbers come from bad samples, because there was no good one.
func (s Spread) OnlyBad() bool { return s.N == 0 && s.Bad > 0 }

// Known reports whether there is any number.
func (s Spread) Known() bool { return !math.IsNaN(s.Median) }

// spreadOf summarizes the good values, or the bad ones if there are no good ones.
func spreadOf(good, bad []float64) Spread {
	s := Spread{N: len(good), Bad: len(bad), Median: math.NaN()}
	values := good
	if len(good) == 0 {
		values = bad
	}
	if len(values) > 0 {
		s.Median, s.Min, s.Max = median(values), slices.Min(values), slices.Max(values)
	}
	return s
}
