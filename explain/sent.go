package explain

import "tenfour/httpparse"

// Sent is a message as tenfour sends it on, beside the one that came.
type Sent struct {
	To      string   `json:"to"`                // "the backend 127.0.0.1:9001", "a client of HTTP/1.1"
	Head    Bytes    `json:"head"`              // empty if nothing goes out
	Body    string   `json:"body"`              // how the body follows; "" for none
	Changes []Change `json:"changes,omitempty"` // between the two heads
	Instead string   `json:"instead,omitempty"` // why nothing goes out, and what does instead
}

// Sent prints a message as it is sent on: each line of its head with what tenfour did to it, then what it removed.
func (p *Page) Sent(s *Sent) error {
	if p.began {
		p.printf("\n")
	}
	p.began = true
	if s.Instead != "" {
		p.printf("%s\n", p.bold("to "+s.To+": nothing"))
		for _, row := range wrapped(s.Instead, p.Width-2) {
			p.printf("  %s\n", row)
		}
		return p.err
	}
	p.printf("%s\n", p.bold("to "+s.To+", "+count(int64(len(s.Head)), "byte")+" of head"))
	p.titles("WHAT TENFOUR DID", "WHY")
	r := Message(s.Head, Options{Part: true})
	changes := changesOf(s.Changes)
	for _, l := range r.Lines() {
		c := changes.take(r, &l)
		p.row(p.units(r, &l), string(c.Did), c.Why, c.Section)
	}
	for _, c := range s.Changes {
		if c.Did == Removed {
			p.row(nil, "removed "+visibleText(c.Name), c.Why, c.Section)
		}
	}
	if s.Body != "" {
		p.printf("  %s\n", s.Body)
	}
	return p.err
}

// visibleText is text in which a character is a byte, escaped.
func visibleText(text string) string {
	b := make([]byte, 0, len(text))
	for _, r := range text {
		b = append(b, byte(r))
	}
	return Escaped(b)
}

// changeList is the changes that have no line yet.
type changeList []Change

func changesOf(all []Change) *changeList {
	list := changeList{}
	for _, c := range all {
		if c.Did != Removed {
			list = append(list, c)
		}
	}
	return &list
}

// take returns what was done to a line. Of the parts of a start-line it is what was changed.
func (list *changeList) take(r *Report, l *Line) Change {
	name := ""
	for _, run := range l.Runs {
		switch run.Kind {
		case Name:
			name = latin(r.Bytes[run.From:run.To])
		case Method, Version:
			return list.takeStart()
		}
	}
	if name == "" {
		return Change{}
	}
	value := ""
	for _, run := range l.Runs {
		if run.Kind == Value {
			value = latin(r.Bytes[run.From:run.To])
		}
	}
	for i, c := range *list {
		if c.Name == name && c.Value == value {
			*list = append((*list)[:i:i], (*list)[i+1:]...)
			return c
		}
	}
	return Change{}
}

// takeStart takes the three parts of the start-line, which are the first.
func (list *changeList) takeStart() Change {
	parts := (*list)[:min(3, len(*list))]
	*list = (*list)[len(parts):]
	for _, c := range parts {
		if c.Did == Changed {
			c.Why = c.Name + ": " + c.Why
			return c
		}
	}
	return Change{Did: Kept}
}

// BodyOf says how the body of a message that is sent on follows its head, in the framing of that head. content is how many bytes there
// are of it, and method that of the request.
func BodyOf(head []byte, method httpparse.Verb, content int) string {
	framing := httpparse.NoBody
	if isResponse(head) {
		var res httpparse.Response
		res.Reset()
		if _, err := res.Parse(append([]byte(nil), head...), method, &roomy); err == nil {
			framing = res.Framing
		}
	} else {
		var req httpparse.Request
		req.Reset()
		if _, err := req.Parse(head, &roomy); err == nil {
			framing = req.Framing
		}
	}
	switch framing {
	case httpparse.Length:
		return "then the content: " + count(int64(content), "byte") + " of it came"
	case httpparse.Chunked:
		return "then the content in chunks: " + count(int64(content), "byte") + " of it came"
	case httpparse.UntilClose:
		return "then the content, up to the end of the connection: " + count(int64(content), "byte") + " of it came"
	}
	return ""
}
