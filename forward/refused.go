package forward

import (
	"fmt"

	"tenfour/httpparse"
	"tenfour/value/secret"
)

// Refused is bytes that break a rule, with what an answer and the log show of them. It belongs to its holder: nothing of it is in a
// buffer. Secrets in it are masked.
type Refused struct {
	Why    httpparse.Refusal // a copy: status, rule, section and place
	Line   string            // the line that is wrong, see httpparse.Refusal.Excerpt
	Caret  string            // stands under Line: a ^ below the byte
	passed string            // the setting that says how much may come: ": more than head_max (32768 bytes)"; "" if it is about something else
}

// excerpter shows what was refused: a Refusal of a head, or the Chunks of a body.
type excerpter interface {
	Excerpt(buf []byte, secrets func(buf []byte) [][2]int) (line, caret string)
}

// Refuse returns why bytes are refused: err is a *httpparse.Refusal. buf begins with the head, or is what Chunks.Next was given.
func Refuse(err error, by excerpter, buf []byte, limits *httpparse.Limits) *Refused {
	r := &Refused{Why: *err.(*httpparse.Refusal)}
	r.Line, r.Caret = by.Excerpt(buf, inHead)
	if limits != nil {
		r.passed = passed(r.Why.Passed, limits)
	}
	return r
}

// inHead finds secrets in a head, or in what there is of a body's framing.
func inHead(buf []byte) [][2]int { return secret.InHead(buf, nil) }

// refuseResponse is Refuse for the head of a response, which only the logs show: no value of a field is shown in them, because a server
// that writes odd fields may write a credential into any.
func refuseResponse(err error, buf []byte, limits *httpparse.Limits) *Refused {
	r := RefuseHead(err, buf, limits)
	r.Line, r.Caret = r.Why.Excerpt(buf, secret.InValues)
	return r
}

// RefuseHead is Refuse for a head.
func RefuseHead(err error, buf []byte, limits *httpparse.Limits) *Refused {
	return Refuse(err, err.(*httpparse.Refusal), buf, limits)
}

// Words says which rule was broken, by which setting, and where.
func (r *Refused) Words() string { return r.Why.Rule + r.passed + ", " + r.Why.Place() }

// Rule is Words without the section that states the rule, and without the place.
func (r *Refused) Rule() string { return r.Why.Words() + r.passed }

// Error is Words, and the line in which the byte that is wrong is marked: "…, at byte 20, in line 2: Host‹ ›: a\r\n".
func (r *Refused) Error() string { return r.Words() + ": " + httpparse.Mark(r.Line, r.Caret) }

// Unwrap is the rule that was broken, for errors.As: an attempt whose response breaks one is counted as malformed, and not as cut off.
func (r *Refused) Unwrap() error { return &r.Why }

// passed names the setting whose limit was passed; "" for none.
func passed(which httpparse.Limit, limits *httpparse.Limits) string {
	most := limits.Of(which)
	switch which {
	case httpparse.HeadLimit:
		return fmt.Sprintf(": more than head_max (%d bytes)", most)
	case httpparse.ResponseHeadLimit:
		return fmt.Sprintf(": more than response_head_max (%d bytes)", most)
	case httpparse.FieldsLimit:
		return fmt.Sprintf(": more than fields_max (%d)", most)
	}
	return ""
}
