//go:build race

package limit

// underRace: the race detector allocates, and is slow.
const underRace = true
