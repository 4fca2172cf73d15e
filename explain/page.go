package explain

import (
	"fmt"
	"io"
	"strings"

	"tenfour/httpparse"
)

// Page prints reports in columns: the bytes, what they are, what tenfour decides from them, the section.
type Page struct {
	To     io.Writer
	Width  int  // columns of the screen; below narrow what is said of a line stands below it
	Colour bool // each kind of run has a colour

	began bool // something was printed
	err   error
}

// narrow is how wide a page must be to have columns.
const narrow = 72

// bytesMost is how many rows of bytes a line has; what is left of it is counted.
const bytesMost = 6

// Report prints a report. It returns the first error of a write, also of an earlier call.
func (p *Page) Report(r *Report) error {
	if p.began {
		p.printf("\n")
	}
	p.began = true
	p.printf("%s\n", p.bold(r.title()))
	if r.Length > 0 {
		p.titles("WHAT IT IS", "WHAT TENFOUR DECIDES")
	}
	for _, l := range r.Lines() {
		p.line(r, &l)
	}
	if f := r.Refusal; f != nil && f.Offset >= r.Length {
		p.refusal(f)
	}
	if r.Incomplete != "" {
		p.printf("  incomplete: %s\n", r.Incomplete)
	}
	return p.err
}

// title is one line about the message as a whole.
func (r *Report) title() string {
	title := fmt.Sprintf("%s, %s", r.What, count(int64(r.Length), "byte"))
	if r.From > 0 {
		title += fmt.Sprintf(", from byte %d", r.From)
	}
	if f := r.Refusal; f != nil {
		title += fmt.Sprintf(": refused with %d", f.Status)
	}
	return title
}

// line prints a line of the message.
func (p *Page) line(r *Report, l *Line) {
	units := p.units(r, l)
	what, section := l.What, l.Section
	if len(l.Decides) == 0 {
		p.row(units, what, "", section)
	}
	for i, d := range l.Decides {
		if i > 0 {
			units, what = nil, ""
		}
		p.row(units, what, d.Says, d.Section)
	}
	if f := r.Refusal; f != nil && f.Offset >= l.From && f.Offset < l.To {
		p.refusal(f)
	}
}

// refusal prints why the message is refused, with a caret at the byte.
func (p *Page) refusal(f *Refusal) {
	p.printf("\n  %s\n  %s\n", f.Excerpt, p.red(f.Caret))
	text := fmt.Sprintf("refused with %d %s: %s (%s). %s", f.Status, f.Place, f.Rule, f.Section, f.Means)
	for _, row := range wrapped(text, p.Width-2) {
		p.printf("  %s\n", row)
	}
	p.printf("\n")
}

// unit is a byte as it is shown, and its kind.
type unit struct {
	text string
	kind Kind
}

// units are the bytes of a line, as many as there is room for.
func (p *Page) units(r *Report, l *Line) (units []unit) {
	most := bytesMost * p.columns()[0]
	if !l.has(Name) && !l.has(Method) && !l.has(Version) && !l.has(Wrong) {
		most = p.columns()[0] // of content, the first bytes are enough
	}
	shown := 0
	for _, run := range l.Runs {
		for _, c := range r.Bytes[run.From:run.To] {
			text := httpparse.Escape(c)
			if shown += len(text); shown > most {
				return append(units, unit{"…", run.Kind})
			}
			units = append(units, unit{text, run.Kind})
		}
	}
	return units
}

// columns are the widths of the four columns.
func (p *Page) columns() [4]int {
	if p.Width < narrow {
		return [4]int{max(8, p.Width-2), max(8, p.Width-6), max(8, p.Width-6), 0}
	}
	const section = 16 // "RFC 9110 §15.2.1"
	left := p.Width - section - 2 - 3*2
	bytes, what := left*38/100, left*26/100
	return [4]int{bytes, what, left - bytes - what, section}
}

// titles prints the titles of the columns, on a page that has some.
func (p *Page) titles(what, decides string) {
	if p.Width >= narrow {
		p.row([]unit{{"BYTES", Blank}}, what, decides, "SECTION")
	}
}

// row prints one row of cells, each of which may take several rows of the screen.
func (p *Page) row(units []unit, what, decides, section string) {
	w := p.columns()
	if p.Width < narrow {
		p.stacked(units, what, decides, section)
		return
	}
	left := wrappedUnits(units, w[0])
	cells := [3][]string{wrapped(what, w[1]), wrapped(decides, w[2]), wrapped(section, w[3])}
	for i := 0; i < max(len(left), len(cells[0]), len(cells[1]), len(cells[2])); i++ {
		var row strings.Builder
		row.WriteString("  ")
		used := 0
		if i < len(left) {
			used = p.paint(&row, left[i])
		}
		row.WriteString(strings.Repeat(" ", w[0]-used))
		for k, cell := range cells {
			text := ""
			if i < len(cell) {
				text = cell[i]
			}
			row.WriteString("  " + text + strings.Repeat(" ", max(0, w[k+1]-len([]rune(text)))))
		}
		p.printf("%s\n", strings.TrimRight(row.String(), " "))
	}
}

// stacked prints a row for a narrow page: what is said stands below the bytes.
func (p *Page) stacked(units []unit, what, decides, section string) {
	w := p.columns()
	for _, part := range wrappedUnits(units, w[0]) {
		var row strings.Builder
		p.paint(&row, part)
		p.printf("  %s\n", row.String())
	}
	if section != "" {
		section = " (" + section + ")"
	}
	if what != "" && decides == "" {
		what += section
	}
	for _, row := range wrapped(what, w[1]) {
		p.printf("    %s\n", row)
	}
	for i, row := range wrapped(decides+section, w[1]) {
		if decides != "" {
			p.printf("    %s %s\n", [...]string{"→", " "}[min(i, 1)], row)
		}
	}
}

// printf prints, unless a write has failed before.
func (p *Page) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.To, format, args...)
	}
}
