package config

import (
	"fmt"
	"time"
)

// hedgeAfter is a duration or the word p95, which is 0.
type hedgeAfter time.Duration

func (h *hedgeAfter) String() string {
	if *h == 0 {
		return "p95"
	}
	return time.Duration(*h).String()
}

func (h *hedgeAfter) Set(s string) error {
	if s == "p95" {
		*h = 0
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return fmt.Errorf("write p95, or a duration such as 50ms")
	}
	*h = hedgeAfter(d)
	return nil
}

func (*hedgeAfter) Type() string { return "duration" }
