package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tenfour/explain"
	"tenfour/httpparse"
	"tenfour/trace"
)

// page is what is printed: blocks, each of a line that says what passes, and lines below it. Only the printer's goroutine uses it.
type page struct {
	colours bool
	b       []byte // of the block
}

// The colours of a terminal, by what they are for.
const (
	plain   = ""
	faint   = "2"
	red     = "31"
	green   = "32"
	yellow  = "33"
	blue    = "34"
	magenta = "35"
	cyan    = "36"
)

// block is what is printed of p. It is overwritten by the next one.
func (pg *page) block(p *trace.Passing) []byte {
	pg.b = pg.b[:0]
	switch p.Moment {
	case trace.FromClient:
		pg.title(p, p.Moment, cameHow(p))
		pg.came(p, p.From.Refused)
	case trace.ToBackend:
		pg.title(p, p.Moment, wentHow(p))
		pg.made(p)
	case trace.FromBackend:
		pg.title(p, p.Moment, "")
		pg.came(p, p.Head.Refused >= 0)
	case trace.ToClient:
		how := ""
		switch {
		case p.Job != nil:
			how = "the job's record keeps it"
		case p.Made == nil:
			how = "tenfour's own answer"
		}
		pg.title(p, p.Moment, how)
		pg.made(p)
	case trace.ChunkLine:
		pg.title(p, p.Of, chunk(p.Size))
	case trace.SentAgain:
		pg.title(p, trace.ToBackend, "the connection that was kept has ended: the request goes out again, on a new one")
	case trace.AttemptOver:
		pg.line(red, "", pg.id(p)+p.Backend+"  "+took(p.After)+"  no response: "+words(p.Reason))
	case trace.Lasting:
		pg.line(faint, "", pg.id(p)+"lasts  "+took(p.After)+"  it goes on without a worker")
	case trace.Over:
		pg.over(p)
	}
	pg.b = append(pg.b, '\n')
	return pg.b
}

// line appends a line with a mark in front of it.
func (pg *page) line(colour, mark, text string) {
	if colour != plain && pg.colours {
		pg.b = fmt.Appendf(pg.b, "%s\x1b[%sm%s\x1b[0m\n", mark, colour, text)
		return
	}
	pg.b = append(append(append(pg.b, mark...), text...), '\n')
}

// id is the part of an exchange's id that differs from those of others of this process.
func (pg *page) id(p *trace.Passing) string { return short(p.ID) + "  " }

func short(id string) string { return "#" + id[strings.LastIndexByte(id, '-')+1:] }

// title appends the line that says what passes where, and when.
func (pg *page) title(p *trace.Passing, m trace.Moment, how string) {
	backend := p.Backend
	if p.Attempt > 1 {
		backend += " (attempt " + strconv.Itoa(p.Attempt) + ")"
	}
	peer := "client"
	if p.Job != nil {
		peer = "job " + p.Job.ID
	}
	where := [...]string{
		trace.FromClient: peer + " -> tenfour", trace.ToBackend: "tenfour -> " + backend,
		trace.FromBackend: "tenfour <- " + backend, trace.ToClient: peer + " <- tenfour",
	}[m]
	colour := [...]string{trace.FromClient: cyan, trace.ToBackend: green, trace.FromBackend: magenta, trace.ToClient: blue}[m]
	text := pg.id(p) + where + "  " + took(p.After)
	if how != "" {
		text += "  " + how
	}
	pg.line(colour, "", text)
}

// came appends a head that came, and what tenfour takes from it.
func (pg *page) came(p *trace.Passing, refused bool) {
	if !refused {
		pg.lines(p.Head.Raw)
		pg.cut(p.Head.Left)
		pg.decided(p)
		return
	}
	before, _ := cutAt(p.Head.Raw, p.Head.Refused)
	pg.lines(before)
	pg.refused(p)
}

// lines appends the lines of a head, without the empty one that ends it.
func (pg *page) lines(head []byte) {
	for line := range bytes.Lines(head) {
		if text := bytes.TrimRight(line, "\r\n"); len(text) > 0 {
			pg.line(plain, "    ", visible(string(text)))
		}
	}
}

// cutAt cuts p in front of the line that has the byte at.
func cutAt(p []byte, at int) (before, line []byte) {
	i := bytes.LastIndexByte(p[:min(at, len(p))], '\n') + 1
	return p[:i], p[i:]
}

// refused appends the line at which a head was refused, a caret below the byte, and why.
func (pg *page) refused(p *trace.Passing) {
	var refusal *httpparse.Refusal
	var err error
	if p.Moment == trace.FromClient {
		_, err = new(httpparse.Request).Parse(p.Head.Raw, nil)
	} else {
		_, err = new(httpparse.Response).Parse(p.Head.Raw, verb(p.Made), nil)
	}
	refusal, is := err.(*httpparse.Refusal)
	if !is { // by a limit that is set otherwise
		_, line := cutAt(p.Head.Raw, p.Head.Refused)
		pg.lines(line)
		pg.line(red, "  ! ", "refused at byte "+strconv.Itoa(p.Head.Refused))
		return
	}
	line, caret := refusal.Excerpt(p.Head.Raw, nil)
	pg.line(plain, "    ", line)
	pg.line(red, "    ", caret)
	pg.line(red, "  ! ", "refused "+refusal.Place()+": "+refusal.Words()+" ("+refusal.Section()+")")
}

func (pg *page) cut(left int) {
	if left > 0 {
		pg.line(faint, "    ", "... and "+strconv.Itoa(left)+" bytes more")
	}
}

// verb is HEAD or another method, of a request.
func verb(request []byte) httpparse.Verb {
	if bytes.HasPrefix(request, []byte("HEAD ")) {
		return httpparse.Head
	}
	return httpparse.Get
}

// decided appends where the body of a message ends, and whether its connection persists. The request of a job has no connection any more.
func (pg *page) decided(p *trace.Passing) {
	o := explain.Options{Part: true}
	if p.Moment == trace.FromBackend {
		o.Method = verb(p.Made)
	}
	for _, d := range explain.Message(p.Head.Raw, o).Decisions {
		hasConnection := p.Job == nil || p.Moment != trace.FromClient
		if d.About == explain.AboutFraming || d.About == explain.AboutConnection && hasConnection {
			pg.line(yellow, "  = ", d.Says+section(d.Section))
		}
	}
}

func section(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// made appends a head that tenfour has written, with what differs from the one that it was made from.
func (pg *page) made(p *trace.Passing) {
	if p.Made == nil {
		pg.lines(p.Head.Raw)
		pg.cut(p.Head.Left)
		return
	}
	first, _, _ := bytes.Cut(p.Head.Raw, []byte("\r\n"))
	pg.line(plain, "    ", visible(string(first)))
	for _, c := range explain.Changes(p.Made, p.Head.Raw) {
		pg.change(&c)
	}
	pg.cut(p.Head.Left)
}

// startLine are the names of the parts of a start-line, which is printed already.
var startLine = map[string]bool{"method": true, "request-target": true, "version": true, "status": true, "reason": true}

// change appends what became of a field, or of a part of the start-line.
func (pg *page) change(c *explain.Change) {
	why := ""
	if c.Why != "" {
		why = "   <- " + c.Why + section(c.Section)
	}
	text := value(c.Name) + ": " + value(c.Value)
	switch c.Did {
	case explain.Kept:
		if !startLine[c.Name] {
			pg.line(plain, "    ", text)
		}
	case explain.Added:
		pg.line(green, "  + ", text+why)
	case explain.Removed:
		pg.line(red, "  - ", text+why)
	case explain.Changed:
		pg.line(yellow, "  ~ ", text+" (was: "+value(c.Was)+")"+why)
	}
}

// over appends how an exchange ended, and where its time went.
func (pg *page) over(p *trace.Passing) {
	s := &p.Kept.Summary
	text := pg.id(p) + "over  " + took(p.After) + "  " + strconv.Itoa(s.Status) + ", " + count(p.Kept.Bytes, "byte") + " of content"
	if s.Attempts > 1 {
		text += ", " + strconv.Itoa(s.Attempts) + " attempts"
	}
	if p.Kept.JoinedTo != "" {
		text += ", the response of " + short(p.Kept.JoinedTo)
	}
	colour := faint
	if s.Reason != "" {
		text += ": " + words(s.Reason)
		colour = red
	}
	pg.line(colour, "", text)
	var parts []string
	f := &s.Phases
	for _, part := range []struct {
		name string
		took trace.MS
	}{{"limit", f.Limited}, {"body", f.Body}, {"queue", f.Queue}, {"connect", f.Connect}, {"first byte", f.FirstByte}, {"rest", f.Rest}} {
		if part.took.Known() {
			parts = append(parts, part.name+" "+took(part.took))
		}
	}
	pg.line(faint, "  = ", strings.Join(parts, ", "))
}

// cameHow is how a request came.
func cameHow(p *trace.Passing) string {
	if p.Job != nil {
		return "attempt " + strconv.Itoa(p.Job.Attempt) + ", which tenfour begins by itself"
	}
	a, client := &p.From, "unix socket"
	if a.Client.IsValid() {
		client = a.Client.String()
	}
	how := "from " + client
	if a.Secure {
		how += ", over TLS"
	}
	switch {
	case a.Before == 0:
		how += ", a new connection"
	case a.Parked > 0:
		how += ", request " + strconv.Itoa(int(a.Before)+1) + " of its connection, which was parked for " + took(trace.MS(a.Parked)/1e6)
	default:
		how += ", request " + strconv.Itoa(int(a.Before)+1) + " of its connection"
	}
	return how
}

// wentHow is on which connection a request goes out.
func wentHow(p *trace.Passing) string {
	switch p.Story {
	case "reused":
		return "a connection that was kept, idle for " + took(p.Idle)
	case "again":
		return "a new connection, because the one that was kept had ended"
	}
	return "a new connection"
}

func chunk(size int64) string {
	if size == 0 {
		return "the last chunk: 0"
	}
	return "a chunk of " + count(size, "byte") + ": " + strconv.FormatInt(size, 16)
}

func count(n int64, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return strconv.FormatInt(n, 10) + " " + of + "s"
}

// took is a time as it is printed.
func took(m trace.MS) string {
	if m >= 10_000 {
		return (time.Duration(m) * time.Millisecond).Round(100 * time.Millisecond).String()
	}
	return strconv.FormatFloat(max(0, float64(m)), 'f', 2, 64) + " ms"
}

// visible is text of a peer that changes nothing on a terminal but to be read there.
func visible(text string) string { return explain.Escaped([]byte(text)) }

// value is visible for what explain says, in which each character is a byte.
func value(text string) string {
	raw := make([]byte, 0, len(text))
	for _, c := range text {
		raw = append(raw, byte(c))
	}
	return explain.Escaped(raw)
}

// words are tenfour's own, in which something of a peer may stand.
func words(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
