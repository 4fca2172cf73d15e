package tests

import (
	"fmt"
	"strings"

	"tenfour/explain"
	"tenfour/httpparse"
)

// What tenfour explain says of each row is what tenfour did with it: the tables of rules ask these.

// explainsRefusal returns what is wrong with what explain says of a request that is refused with one of the statuses in want: it must
// refuse it at a byte, or say which answer it gets. What only a route's rules refuse has a framing.
func explainsRefusal(raw, want string) error {
	var said []string
	found := false
	explain.Messages([]byte(raw), explain.Options{}, func(r *explain.Report) {
		if f := r.Refusal; f != nil {
			said = append(said, fmt.Sprintf("%d: %s", f.Status, f.Rule))
			found = found || strings.Contains(want, fmt.Sprint(f.Status)) && f.Offset <= r.Length && f.Means != ""
		}
		for _, d := range r.Decisions {
			said = append(said, d.Says)
			status, ok := strings.CutPrefix(d.Says, "answered ")
			found = found || ok && strings.Contains(want, status[:3])
		}
	})
	if !found {
		return fmt.Errorf("explain says %q of %q, want %s", said, raw, want)
	}
	return nil
}

// explainsBody returns what is wrong with what explain says of a request that is forwarded: it must not refuse it, and find its body.
func explainsBody(raw, body string) error {
	r := explain.Message([]byte(raw), explain.Options{})
	switch {
	case r.Refusal != nil:
		return fmt.Errorf("explain refuses %q: %s", raw, r.Refusal.Rule)
	case contentOf(r) != body:
		return fmt.Errorf("explain finds the body %q in %q, want %q", contentOf(r), raw, body)
	}
	return nil
}

// explained returns what is wrong with what explain says of the backend's answer: it must refuse what is answered 502, and find the body
// of what is relayed whole.
func (tc relayed) explained() error {
	method := httpparse.OtherVerb
	if methodOf(tc.request) == "HEAD" {
		method = httpparse.Head
	}
	r := &explain.Report{}
	raw := []byte(tc.raw)
	for begun := false; !begun || len(raw) > 0 && r.Interim(); begun = true {
		r = explain.Message(raw, explain.Options{Method: method, What: explain.Response})
		raw = raw[r.Length:]
	}
	switch {
	case tc.line == "502" && r.Refusal == nil && r.Incomplete == "" && !r.Interim() && !saysOf(r, "502"): // a 101 that was not asked for
		return fmt.Errorf("explain finds nothing wrong in %q", tc.raw)
	case tc.line == "502" || tc.cut:
		return nil
	case r.Refusal != nil || r.Incomplete != "":
		return fmt.Errorf("explain says %v %q of %q", r.Refusal, r.Incomplete, tc.raw)
	case contentOf(r) != tc.body:
		return fmt.Errorf("explain finds the body %q in %q, want %q", contentOf(r), tc.raw, tc.body)
	}
	return nil
}

// contentOf is the content that explain finds in a message.
func contentOf(r *explain.Report) string {
	var content strings.Builder
	for _, run := range r.Runs {
		if run.Kind == explain.Content || run.Kind == explain.ChunkData {
			content.Write(r.Bytes[run.From:run.To])
		}
	}
	return content.String()
}

// saysOf reports whether a decision about a message has some words.
func saysOf(r *explain.Report, words string) bool {
	for _, d := range r.Decisions {
		if strings.Contains(d.Says, words) {
			return true
		}
	}
	return false
}
