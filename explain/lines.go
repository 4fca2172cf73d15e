package explain

// Line is a line of a message, or a run of its content, with what is to be said beside it.
type Line struct {
	From, To int
	Runs     []Run
	What     string // what it is
	Section  string // that says so
	Decides  []Decision
}

// Lines returns the lines of a message, with each of its runs and each of its decisions in one of them.
func (r *Report) Lines() (lines []Line) {
	var l Line
	flush := func() {
		if len(l.Runs) > 0 {
			lines = append(lines, l)
		}
		l = Line{}
	}
	for _, run := range r.Runs {
		alone := run.Kind == Content || run.Kind == Tunnel || run.Kind == Unread && !l.has(Wrong) || run.Kind == ChunkData
		if alone {
			flush()
		}
		l.add(run)
		if alone && run.Kind != ChunkData || r.Bytes[run.To-1] == '\n' && run.Kind != ChunkData {
			flush()
		}
	}
	flush()
	for i := range lines {
		lines[i].describe(r)
	}
	return lines
}

func (l *Line) add(run Run) {
	if len(l.Runs) == 0 {
		l.From = run.From
	}
	l.To = run.To
	l.Runs = append(l.Runs, run)
}

// describe fills in what is said beside the line.
func (l *Line) describe(r *Report) {
	for _, d := range r.Decisions {
		if d.At >= l.From && d.At < l.To {
			l.Decides = append(l.Decides, d)
		}
	}
	for _, run := range l.Runs {
		switch {
		case run.Says == "":
		case l.What == "":
			l.What, l.Section = run.Says, run.Section
		default:
			l.What += "; " + run.Says
		}
	}
	if l.What != "" {
		return
	}
	switch l.Runs[0].Kind {
	case Method:
		l.What, l.Section = "request-line", "RFC 9112 §3"
	case Version:
		l.What, l.Section = "status-line", "RFC 9112 §4"
	case Name:
		l.What = "a field, forwarded as it is"
		if len(l.Decides) > 0 || r.Refusal != nil || r.Incomplete != "" {
			l.What = "a field"
		}
	case TrailerName:
		l.What, l.Section = "a field of the trailer section: checked and dropped", "RFC 9112 §7.1.2"
	case Wrong:
		if l.What = "the line that is refused"; l.From == 0 {
			l.What = "no message begins so"
		}
	case Unread:
		l.What = count(int64(l.To-l.From), "byte") + ", not read because of that"
	}
}

func (l *Line) has(kind Kind) bool {
	for _, run := range l.Runs {
		if run.Kind == kind {
			return true
		}
	}
	return false
}
