//go:build race

package tests

// underRace: the race detector keeps several bytes for each of the program.
const underRace = true
