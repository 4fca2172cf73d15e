//go:build race

package limit

// underRace: the race detector allocates, and takes its time.
const underRace = true
