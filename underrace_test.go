//go:build race

package main

// underRace: the race detector keeps several bytes for each of the program.
const underRace = true
