package console

import (
	"encoding/json"
	"slices"
	"time"
)

// news is what a status has that the one before had not: the same names, but of each series only the last point, and only the exchanges and
// marks that are new. So a page takes a few KiB a second.
type news struct {
	known map[string]bool // exchanges and marks of the status before
}

// of returns what is new in a status, as JSON; all of it if it cannot be read.
func (n *news) of(status []byte) []byte {
	var all map[string]json.RawMessage
	if json.Unmarshal(status, &all) != nil {
		return status
	}
	known := map[string]bool{}
	for _, name := range []string{"exchanges", "marks"} {
		var list []json.RawMessage
		if json.Unmarshal(all[name], &list) != nil || list == nil {
			continue
		}
		all[name] = n.fresh(list, known)
	}
	n.known = known
	if last, ok := lastPoint(all["series"]); ok {
		all["series"] = last
	}
	text, err := json.Marshal(all)
	if err != nil {
		return status
	}
	return text
}

// fresh are the items of a list that the status before had not as they are now, as JSON: an exchange that has ended since comes again. It
// notes all of them.
func (n *news) fresh(list []json.RawMessage, known map[string]bool) json.RawMessage {
	for _, item := range list {
		known[string(item)] = true
	}
	list = slices.DeleteFunc(list, func(item json.RawMessage) bool { return n.known[string(item)] })
	text, _ := json.Marshal(list) // it was JSON before
	return text
}

// lastPoint is a set of series with the last point of each alone, and the moment of that point for its beginning.
func lastPoint(series json.RawMessage) (json.RawMessage, bool) {
	var all map[string]any
	if json.Unmarshal(series, &all) != nil || all == nil {
		return nil, false
	}
	points := 0
	for name, value := range all {
		all[name] = lastOf(value, &points)
	}
	step, _ := all["step_ms"].(float64)
	from, _ := all["from"].(string)
	if begin, err := time.Parse(time.RFC3339Nano, from); err == nil && points > 0 {
		all["from"] = begin.Add(time.Duration(points-1) * time.Duration(step) * time.Millisecond).Format(time.RFC3339Nano)
	}
	text, err := json.Marshal(all)
	return text, err == nil
}

// lastOf is a value with each list in it cut to its last item. It notes the length of the longest.
func lastOf(value any, longest *int) any {
	switch v := value.(type) {
	case []any:
		*longest = max(*longest, len(v))
		return v[max(0, len(v)-1):]
	case map[string]any:
		for name, inner := range v {
			v[name] = lastOf(inner, longest)
		}
	}
	return value
}
