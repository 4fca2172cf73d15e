package trace

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// Summary is an exchange in short.
type Summary struct {
	ID       string    `json:"id"`       // of the request, as the log has it
	Began    time.Time `json:"began"`    // when its head was complete
	MS       MS        `json:"ms"`       // from there to its end; so far, if it lasts
	Method   string    `json:"method"`   // "" if its head could not be read
	Target   string    `json:"target"`   // without what is probably a secret
	Status   int       `json:"status"`   // that the client got; 499: it left before; 0: it lasts, and has none yet
	Route    string    `json:"route"`    // "" if it has reached none
	Backend  string    `json:"backend"`  // HOST:PORT, that was asked last; "" for none
	Kept     Shelf     `json:"kept"`     // why it is kept
	Lasts    bool      `json:"lasts"`    // it goes on: a tunnel, an event stream
	Reason   string    `json:"reason"`   // why there was no response of a backend, or no whole one; "" for neither
	Attempts int       `json:"attempts"` // how often it went to a backend
	Job      *Job      `json:"job"`      // of which it is an attempt; null for a request of a client
	Phases   Phases    `json:"phases_ms"`
}

// Job says of which job an exchange is an attempt, which tenfour has begun by itself: no client waits for its response.
type Job struct {
	ID      string `json:"id"`      // the first digits of its handle
	Attempt int    `json:"attempt"` // of the job, from 1
}

// Phases are the times that an exchange took, one after the other. All that are known, together, are MS.
type Phases struct {
	Limited   MS `json:"limited"`    // it waited for a limit
	Body      MS `json:"body"`       // the request's body, or what is held of it, was taken in
	Queue     MS `json:"queue"`      // it waited for a slot
	Connect   MS `json:"connect"`    // from there until the backend took the request's first byte
	FirstByte MS `json:"first_byte"` // from there until the response's first byte
	Rest      MS `json:"rest"`       // from there to the end
}

// MS is a time in milliseconds. Unknown is null in JSON: the exchange did not come so far.
type MS float64

// Unknown is the time of what has not happened.
const Unknown MS = -1

// Known reports whether there is such a time.
func (m MS) Known() bool { return m >= 0 }

// MarshalJSON writes the milliseconds, to the microsecond.
func (m MS) MarshalJSON() ([]byte, error) {
	if !m.Known() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, math.Round(float64(m)*1000)/1000, 'f', -1, 64), nil
}

// UnmarshalJSON is the reverse.
func (m *MS) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*m = Unknown
		return nil
	}
	return json.Unmarshal(text, (*float64)(m))
}

// ms is a time in nanoseconds; Unknown for less than 0.
func ms(d int64) MS {
	if d < 0 {
		return Unknown
	}
	return MS(d) / MS(time.Millisecond)
}

// Kept is an exchange as it passed. Nothing changes it.
type Kept struct {
	Summary    Summary    `json:"summary"`
	Client     string     `json:"client"` // its address; "unix" for one over a unix socket, "" for an attempt of a job
	TLS        bool       `json:"tls"`    // it speaks TLS
	Connection Connection `json:"connection"`
	Bytes      int64      `json:"bytes"`                     // of content that went to the client
	JoinedTo   string     `json:"joined_to,omitempty"`       // the id of the exchange whose response it got
	ClientIn   []Head     `json:"client_in"`                 // the request's head as it came, or as its job has it; more than one never
	ChunkIn    string     `json:"client_chunk_in,omitempty"` // the first chunk line of its body
	ClientOut  []Head     `json:"client_out"`                // what the client got: interim responses, and the final one; of an attempt of a job, what its record keeps
	ChunkOut   string     `json:"client_chunk_out,omitempty"`
	Attempts   []Attempt  `json:"attempts"`
}

// Connection is the story of the client's connection.
type Connection struct {
	Before int `json:"before"`    // how many requests it had before this one; 0: it is new
	Parked MS  `json:"parked_ms"` // how long it had waited for this one in the lot; null if its bytes were there
}

// Attempt is one sending of the request to one backend. Racers attempt at the same time.
type Attempt struct {
	Number     int    `json:"number"` // from 1
	Backend    string `json:"backend"`
	Connection string `json:"connection"` // "new", "reused", "again": a kept one had ended, and it went out again on a new one; "" for none yet
	Idle       MS     `json:"idle_ms"`    // how long a reused one had been idle

	Began     MS `json:"began_ms"` // a worker took it; these are since the exchange began
	Sent      MS `json:"sent_ms"`  // the backend took its first byte
	FirstByte MS `json:"first_byte_ms"`
	Ended     MS `json:"ended_ms"` // null: it goes on

	Progress string `json:"progress"` // how far the request came: "nothing sent", "partly sent", "sent", "answering"
	Status   int    `json:"status"`   // of its response; 0 for none
	Reason   string `json:"reason"`   // why it failed; "" if it has not
	Won      bool   `json:"won"`      // the client has got its response

	Out      []Head `json:"out"` // the head that went to the backend; more than one never
	ChunkOut string `json:"chunk_out,omitempty"`
	In       []Head `json:"in"` // what came: interim responses, and the final one
	ChunkIn  string `json:"chunk_in,omitempty"`
}

// Head is a head as it passed.
type Head struct {
	At      MS  `json:"at_ms"`   // since the exchange began
	Raw     Raw `json:"raw"`     // with the line that ends it; credentials are masked
	Left    int `json:"left"`    // how many bytes of its end were not kept
	Refused int `json:"refused"` // the byte of Raw at which it was refused; -1 if it was not
}

// Raw is bytes. In JSON each is the character U+00XX.
type Raw []byte

// MarshalJSON writes the bytes as a string.
func (r Raw) MarshalJSON() ([]byte, error) {
	text := make([]rune, len(r))
	for i, b := range r {
		text[i] = rune(b)
	}
	return json.Marshal(string(text))
}

// UnmarshalJSON is the reverse.
func (r *Raw) UnmarshalJSON(p []byte) error {
	var text string
	if err := json.Unmarshal(p, &text); err != nil {
		return err
	}
	*r = (*r)[:0]
	for _, c := range text {
		*r = append(*r, byte(c))
	}
	return nil
}

// Shelf is where an exchange is kept, and so for how long.
type Shelf uint8

const (
	Lately Shelf = iota // one of the last ones
	Slow                // it took much longer than others of its route
	Failed              // it had no response of a backend, or none that is whole, or a 5xx
)

// shelfNames are the names in JSON.
var shelfNames = [...]string{"recent", "slow", "failed"}

func (s Shelf) String() string { return shelfNames[s] }

// MarshalText writes the name.
func (s Shelf) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is the reverse.
func (s *Shelf) UnmarshalText(text []byte) error {
	for i, name := range shelfNames {
		if name == string(text) {
			*s = Shelf(i)
		}
	}
	return nil
}
