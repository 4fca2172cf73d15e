package front

import (
	"tenfour/forward"
	"tenfour/httpparse"
)

// fault is what an answer says of a request that breaks a rule: the rule, and where its bytes break it.
type fault struct {
	Rule    string `json:"rule"`              // in words
	Section string `json:"section,omitempty"` // that states it: "RFC 9112 §5.1"; "" for a rule of tenfour's own
	*place         // nil for a request that breaks it as a whole
}

// place is where the bytes of a request break a rule.
type place struct {
	Offset  int    `json:"offset"`         // the byte, from 0 at the start of the head or the body
	Line    int    `json:"line,omitempty"` // of the head, from 1; 0 in a body
	Excerpt string `json:"excerpt"`        // the line, escaped
	Caret   string `json:"caret"`          // stands below the byte
}

// faultOf returns what an answer says of bytes that are refused.
func faultOf(r *forward.Refused) *fault {
	return &fault{r.Rule(), r.Why.Section(), &place{r.Why.Offset, r.Why.Line, r.Line, r.Caret}}
}

// appendText appends the excerpt to the text of an answer, with the caret below it.
func (f *fault) appendText(b []byte) []byte {
	if f == nil || f.place == nil {
		return b
	}
	b = append(append(b, "\n    "...), f.Excerpt...)
	return append(append(append(b, "\n    "...), f.Caret...), '\n')
}

// refuseHead answers a head that httpparse rejects. What follows it cannot be trusted to be a request, so the connection ends.
func (c *client) refuseHead(err error) outcome {
	r := forward.RefuseHead(err, c.in.Rest(), c.req.Limits)
	c.req.recordRefused(r.Why.Offset)
	return c.refuse(r)
}

// refuseAt answers a request whose head was read whole, and that breaks rule at a byte of it. extra are further field lines.
func (c *client) refuseAt(status int, rule string, offset int, extra string) outcome {
	head := c.req.In.Head()
	return c.refuseWith(forward.RefuseHead(httpparse.RefuseAt(head, status, rule, offset), head, nil), extra)
}

// noSniffing is for an answer with bytes of a client's: no browser is to take it for something else than text (Fetch §3.6).
const noSniffing = "X-Content-Type-Options: nosniff\r\n"

// refuse answers bytes that are refused, and ends the connection.
func (c *client) refuse(r *forward.Refused) outcome {
	extra := ""
	if r.Why.Status == 405 {
		extra = allow
	}
	return c.refuseWith(r, extra)
}

func (c *client) refuseWith(r *forward.Refused, extra string) outcome {
	c.req.Persists = false
	return c.tell(r.Why.Status, r.Words(), r.Error(), extra+noSniffing, faultOf(r))
}

// answerRule is answer for a request that breaks a rule as a whole: its section, and words.
func (c *client) answerRule(status int, rule string) outcome {
	c.keepIfWhole(status)
	section, words := httpparse.CutRule(rule)
	return c.tell(status, rule, rule, "", &fault{Rule: words, Section: section})
}
