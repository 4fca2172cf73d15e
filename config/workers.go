package config

import (
	"errors"
	"strconv"
)

// workers is a number of slots, or the word auto.
type workers struct{ r *Route }

func (w workers) String() string {
	switch {
	case w.r == nil: // pflag asks a zero value
		return ""
	case w.r.Auto:
		return "auto"
	}
	return strconv.Itoa(w.r.Workers)
}

func (w workers) Set(s string) error {
	if s == "auto" {
		w.r.Auto = true
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return errors.New("write a number from 1 to 65536, or auto")
	}
	w.r.Workers, w.r.Auto = n, false
	return nil
}

func (workers) Type() string { return "workers" }
