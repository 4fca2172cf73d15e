//go:build !linux

package tests

// tellStanding: only the stress asks, which is Linux's.
func tellStanding() {}
