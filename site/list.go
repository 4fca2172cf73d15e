package site

import (
	"slices"

	"tenfour/pool"
)

// list is a list of backends that can be compared, as a slice cannot. It has some in each of its links, so that comparing two long
// lists takes few calls within each other.
type list struct {
	some [16]*pool.Backend // nil after the last
	rest any               // a list; nil for none
}

func listOf(backends []*pool.Backend) (l list) {
	links := slices.Collect(slices.Chunk(backends, len(l.some)))
	var rest any
	for _, some := range slices.Backward(links) {
		l = list{rest: rest}
		copy(l.some[:], some)
		rest = l
	}
	return l
}
