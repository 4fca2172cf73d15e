package choice

// Race is when the next of a route's backends is asked for the same response. The zero value is no race.
type Race uint8

const (
	NoRace   Race = iota
	Parallel      // all at once
	Serial        // when the one before had no usable answer
	Hedge         // that too, and when the one before takes long
)

func (Race) words() []string { return []string{"off", "parallel", "serial", "hedge"} }

// String returns the word for r.
func (r Race) String() string { return r.words()[r] }
