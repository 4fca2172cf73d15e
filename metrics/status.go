package metrics

import (
	"math"
	"strconv"
	"time"
)

// Status is what tenfour does at a moment: what GET /status.json answers (docs/status.md). The names in JSON stay as they are. What is
// not known is null. The program fills in what the parts of tenfour say of themselves; Fill adds what was counted.
type Status struct {
	Version     string          `json:"version"`
	Time        time.Time       `json:"time"`
	Counted     time.Time       `json:"counted_since"` // since when exchanges are counted: the start, or the reload that has switched the console on last
	Started     time.Time       `json:"started"`
	State       string          `json:"state"` // running or draining
	Config      ConfigStatus    `json:"config"`
	Listeners   []string        `json:"listeners"` // URLs
	Connections Connections     `json:"connections"`
	TLS         TLSStatus       `json:"tls"`
	Memory      Memory          `json:"memory"`
	Log         LogStatus       `json:"log"`
	Totals      Totals          `json:"totals"`
	Routes      []RouteStatus   `json:"routes"`   // in the order of the configuration; then those of an earlier one that still have exchanges
	Backends    []BackendStatus `json:"backends"` // likewise
	Jobs        *JobsStatus     `json:"jobs"`     // null while no route has jobs
	Series      *Series         `json:"series"`   // null before the first second is over
	Marks       []Mark          `json:"marks"`    // the oldest first
}

// ConfigStatus is which configuration holds.
type ConfigStatus struct {
	File    string    `json:"file"`   // "" for none
	Loaded  time.Time `json:"loaded"` // since when it holds
	Reloads uint64    `json:"reloads"`
	Refused uint64    `json:"refused"` // reloads whose configuration was not used
	Error   string    `json:"error"`   // why the last reload was refused; "" if it was not
}

// Connections are those of clients.
type Connections struct {
	Open     int    `json:"open"`
	Parked   int    `json:"parked"` // of them: they wait for their client, and hold no worker
	Accepted uint64 `json:"accepted"`
	Refused  uint64 `json:"refused"` // their address had as many open as it may
}

// TLSStatus counts handshakes with clients.
type TLSStatus struct {
	Handshakes uint64 `json:"handshakes"`
	Failed     uint64 `json:"failed"`
}

// Memory is what tenfour holds of bodies, in bytes; null for what has no bound and is not counted, or is not used.
type Memory struct {
	Held      *int64 `json:"held"` // of bodies and responses, in memory
	HeldMost  *int64 `json:"held_most"`
	Spool     *int64 `json:"spool"` // of bodies in temporary files
	SpoolMost *int64 `json:"spool_most"`
	Files     *int64 `json:"spool_files"`
}

// LogStatus is about the two logs.
type LogStatus struct {
	Dropped uint64 `json:"dropped"` // lines: their reader was too slow, or they could not be written
}

// Totals are of all requests since the start, also of routes that are gone.
type Totals struct {
	Requests uint64            `json:"requests"`
	Answers  Answers           `json:"answers"`
	Own      map[string]uint64 `json:"own"` // tenfour's own answers, by status
	In       uint64            `json:"bytes_in"`
	Out      uint64            `json:"bytes_out"`
	Panics   uint64            `json:"panics"`
}

// Answers counts responses by the class of their status. None is exchanges whose client had no response.
type Answers struct {
	Interim     uint64 `json:"1xx"` // 101 alone: other interim responses are no answer
	Success     uint64 `json:"2xx"`
	Redirection uint64 `json:"3xx"`
	ClientError uint64 `json:"4xx"`
	ServerError uint64 `json:"5xx"`
	None        uint64 `json:"none"`
}

func answersOf(by [classes]uint64) Answers { return Answers{by[0], by[1], by[2], by[3], by[4], by[5]} }

func sum(by [classes]uint64) (n uint64) {
	for _, c := range by {
		n += c
	}
	return n
}

// RouteStatus is a route. Name and queues are the program's to fill in, the rest is Fill's.
type RouteStatus struct {
	Name       string            `json:"name"`
	Backends   []string          `json:"backends"`
	Requests   uint64            `json:"requests"`
	Answers    Answers           `json:"answers"`
	Own        map[string]uint64 `json:"own"`
	In         uint64            `json:"bytes_in"`
	Out        uint64            `json:"bytes_out"`
	Cut        uint64            `json:"cut"`    // responses of which the client got a part
	Joined     uint64            `json:"joined"` // requests answered by the exchange of another
	Events     map[string]uint64 `json:"events"`
	Queue      QueueStatus       `json:"queue"`
	Background QueueStatus       `json:"background"` // attempts of jobs that wait
	Latency    Latency           `json:"latency_ms"`
}

// QueueStatus is a lane of the queue in front of a route's backends.
type QueueStatus struct {
	Waiting int   `json:"waiting"`
	Most    int   `json:"most"`
	Oldest  Value `json:"oldest_ms"` // how long the first has waited; null for none
	Held    bool  `json:"held"`      // all backends are down, and what waits is held for them
}

// BackendStatus is a backend. Up to Served it is the program's to fill in, the rest is Fill's.
type BackendStatus struct {
	Name     string     `json:"name"`
	Up       bool       `json:"up"`
	Why      string     `json:"why"`         // why it is down; "" while it is up
	Since    *time.Time `json:"since"`       // when it went down or came up last; null if it was always up
	NextTry  Value      `json:"next_try_ms"` // until it may be tried again; null while it is up
	Trying   bool       `json:"trying"`      // an exchange tries it
	Workers  int        `json:"workers"`     // slots; with auto, how many are used now
	Auto     bool       `json:"auto"`
	Max      int        `json:"max"` // slots that it may have at most
	Slots    Slots      `json:"slots"`
	Streams  int        `json:"streams"`  // connections beyond the slots, of exchanges that last
	Failures int        `json:"failures"` // exchanges in a row that it failed
	Served   int64      `json:"served"`   // exchanges that its workers have begun

	Requests uint64            `json:"requests"` // attempts that have ended
	Answers  Answers           `json:"answers"`  // responses that it began; none is attempts without one
	Outcomes map[string]uint64 `json:"outcomes"`
	Won      uint64            `json:"races_won"`
	Downs    uint64            `json:"downs"` // how often it went down
	Ups      uint64            `json:"ups"`
	Latency  Latency           `json:"latency_ms"`
}

// Slots are a backend's slots at a moment, by what they do. The four sum to its workers.
type Slots struct {
	Free   int `json:"free"`
	Busy   int `json:"busy"`
	Reader int `json:"reader"` // its worker waits only because its client reads slowly
	Down   int `json:"down"`   // it has no exchange, and gets none: its backend is down, or has just come up again
}

// JobsStatus is the jobs.
type JobsStatus struct {
	Counts   map[string]int    `json:"counts"` // in the store, by state
	Bytes    int64             `json:"bytes"`
	Due      int               `json:"due"`      // they wait for their turn
	Running  int               `json:"running"`  // attempts under way
	Unsaved  int               `json:"unsaved"`  // ends of attempts that the disk could not take yet
	Awaited  int               `json:"awaited"`  // clients that wait for a job's end
	Attempts uint64            `json:"attempts"` // since the start, as what follows
	Ended    map[string]uint64 `json:"ended"`    // by how

	Changes   map[string]map[string]uint64 `json:"changes"` // of states: from one, to another; a job that is made comes from "new"
	Callbacks CallbacksStatus              `json:"callbacks"`
}

// CallbacksStatus is the callbacks of jobs.
type CallbacksStatus struct {
	Due       int    `json:"due"`
	Running   int    `json:"running"`
	Delivered uint64 `json:"delivered"`
	GaveUp    uint64 `json:"gave_up"`
	Attempts  uint64 `json:"attempts"`
	Failures  uint64 `json:"failures"`
}

// Latency is the durations of phases over the last 5 minutes, in ms, by the phase's name; null for a phase that no exchange reached.
type Latency map[string]*Quantiles

// Quantiles are durations that half of all, and 99 of 100, are not longer than, in ms.
type Quantiles struct {
	P50 Value `json:"p50"`
	P99 Value `json:"p99"`
}

// Series is the last 5 minutes, a point for each second. All lists have the same length, the oldest point first.
type Series struct {
	Step     int               `json:"step_ms"`
	From     time.Time         `json:"from"`     // the end of the first point's second
	Requests Values            `json:"requests"` // that ended in that second; null for a second that was not looked at
	Answers  map[string]Values `json:"answers"`
	P50      map[string]Values `json:"p50_ms"` // by phase; null for a second in which no exchange reached it
	P99      map[string]Values `json:"p99_ms"`
}

// Last returns the last n points of s, which may be nil.
func (s *Series) Last(n int) *Series {
	if s == nil || len(s.Requests) <= n {
		return s
	}
	skip := len(s.Requests) - n
	cut := func(all map[string]Values) map[string]Values {
		last := make(map[string]Values, len(all))
		for name, v := range all {
			last[name] = v[skip:]
		}
		return last
	}
	from := s.From.Add(time.Duration(skip) * time.Duration(s.Step) * time.Millisecond)
	return &Series{s.Step, from, s.Requests[skip:], cut(s.Answers), cut(s.P50), cut(s.P99)}
}

// Mark is a moment at which something changed.
type Mark struct {
	Time time.Time `json:"time"`
	Kind string    `json:"kind"` // reload, down, up or drain
	Text string    `json:"text"`
}

// Value is a number that may be unknown, which is null in JSON. It is written with up to 3 decimals.
type Value float64

// Unknown is the value that is not known.
var Unknown = Value(math.NaN())

// Known reports whether v is known.
func (v Value) Known() bool { return !math.IsNaN(float64(v)) }

// Millis is a duration in ms.
func Millis(d time.Duration) Value { return Value(float64(d) / float64(time.Millisecond)) }

// MarshalJSON writes v.
func (v Value) MarshalJSON() ([]byte, error) { return v.append(nil), nil }

func (v Value) append(b []byte) []byte {
	if !v.Known() {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, math.Round(float64(v)*1000)/1000, 'f', -1, 64)
}

// Values is a list of values.
type Values []Value

// MarshalJSON writes all of v.
func (v Values) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 8*len(v)+2), '[')
	for i := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = v[i].append(b)
	}
	return append(b, ']'), nil
}
