package choice

// Race says when a request is also sent to the next of a route's backends. The zero value is no race.
type Race uint8

const (
	NoRace   Race = iota // never
	Parallel             // all at once
	Serial               // when the backend before had no usable answer
	Hedge                // as Serial, and also when the backend before takes long
)

func (Race) words() []string { return []string{"off", "parallel", "serial", "hedge"} }

// String returns the word for r.
func (r Race) String() string { return r.words()[r] }
