package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"tenfour/look"
)

//go:embed report.html.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

func drawOn(c *vgsvg.Canvas) draw.Canvas { return draw.New(c) }

// page is the data of the template.
type page struct {
	*Report
	Look           template.CSS // the colours and the type, which the console has too
	Took, Versions string
	RoundsRun      string // "5 rounds"
	Verdicts       []Verdict
	Met, Judged    int
	Sections       []section
	Legend         []legendEntry
	Since          string
	Changes        [][]string
	ChangeHead     []string
}

type legendEntry struct {
	N             int
	Name, Version string
}

// section is one scenario.
type section struct {
	ScenarioInfo
	Head     []string
	Rows     []tableRow
	Problems []string
	Plots    []template.HTML
	Headline string
	Picture  picture   // of the figure that decides
	Pictures []picture // of the others that are drawn
}

// picture is the bars of one figure.
type picture struct {
	Title string
	Cost  string // what stands beside each value; "" for nothing
	Parts bool   // the bars have two parts
	Bars  []bar
}

type tableRow struct {
	N     int // the number of the contender's colour
	Name  string
	Over  bool // it was overloaded
	Cells []tableCell
}

type tableCell struct {
	Value, Spread, Ratio string
	Good                 string // "win" if tenfour is better than this contender, "loss" if it is worse
	Bad                  bool
}

// renderHTML makes the page. If old is not nil, the page compares r with it.
func renderHTML(r, old *Report) ([]byte, error) {
	p := page{Report: r, Look: template.CSS(look.CSS), Took: fmt.Sprintf("%.0f min %02d s", float64(int(r.Seconds)/60), int(r.Seconds)%60), RoundsRun: rounds(r.Rounds), Verdicts: r.verdicts()}
	for i, c := range r.Contenders {
		if !slices.ContainsFunc(r.Samples, func(s *Sample) bool { return s.Contender == c.Name }) {
			continue
		}
		p.Legend = append(p.Legend, legendEntry{i % seriesColors, c.Name, c.Version})
	}
	var tools []string
	for name, version := range r.Tools {
		tools = append(tools, name+" "+version)
	}
	slices.Sort(tools)
	p.Versions = strings.Join(tools, ", ")
	for _, v := range p.Verdicts {
		if v.Known {
			p.Judged++
		}
		if v.Met {
			p.Met++
		}
	}
	for _, s := range r.visited() {
		sec, err := r.section(s)
		if err != nil {
			return nil, err
		}
		p.Sections = append(p.Sections, sec)
	}
	if old != nil {
		p.Since, p.ChangeHead = old.Date, changeHead
		for _, c := range compareReports(old, r) {
			p.Changes = append(p.Changes, c.row())
		}
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write report.html: %w", err)
	}
	return b.Bytes(), nil
}

// section makes a scenario's table and plots.
func (r *Report) section(s ScenarioInfo) (section, error) {
	sec := section{ScenarioInfo: s}
	for _, f := range s.Figures {
		sec.Head = append(sec.Head, heading(f))
	}
	for n, c := range r.Contenders {
		if !slices.Contains(r.partakers(s.Name), c.Name) {
			continue
		}
		row := tableRow{N: n % seriesColors, Name: c.Name, Over: r.overloaded(s.Name, c.Name)}
		for _, f := range s.Figures {
			row.Cells = append(row.Cells, r.htmlCell(s.Name, c.Name, f))
		}
		sec.Rows = append(sec.Rows, row)
		for _, p := range r.problems(s.Name, c.Name) {
			sec.Problems = append(sec.Problems, c.Name+", "+p)
		}
	}
	sec.Headline = r.headline(s)
	for _, f := range s.Figures {
		switch {
		case f.Name == s.Lead.Figure:
			sec.Picture = r.picture(s, f, s.Lead.Cost)
		case isDrawn(f):
			sec.Pictures = append(sec.Pictures, r.picture(s, f, ""))
		}
	}
	svg, err := r.curvePlot(s.Name)
	if err := addPlot(&sec.Plots, svg, err); err != nil {
		return sec, err
	}
	svg, err = r.seriesPlot(s.Name)
	return sec, addPlot(&sec.Plots, svg, err)
}

// picture returns the bars of a figure. cost is the key of the one beside it, or "".
func (r *Report) picture(s ScenarioInfo, f Figure, cost string) picture {
	p := picture{Title: heading(f), Bars: r.bars(s, f, cost)}
	if g, ok := figureOf(s, cost); ok {
		p.Cost = g.Title
	}
	p.Parts = slices.ContainsFunc(p.Bars, func(b bar) bool { return b.Second > 0 })
	return p
}

// isDrawn reports whether a figure has bars beside its column in the table.
func isDrawn(f Figure) bool {
	return slices.Contains([]string{"rps", "gbs", "kib", "kept", "took", "usable", "mean", "cpu"}, f.Name)
}

// addPlot adds a drawing, if there is one and err is nil. It returns err.
func addPlot(to *[]template.HTML, svg string, err error) error {
	if err == nil && svg != "" {
		*to = append(*to, template.HTML(svg)) // safe: it is drawn from numbers, and its texts are escaped
	}
	return err
}

func (r *Report) htmlCell(scenario, contender string, f Figure) tableCell {
	s := r.spread(scenario, contender, f.Name)
	c := tableCell{Value: number(s.Median, f.Digits), Bad: s.Bad > 0}
	if !s.Known() {
		return c
	}
	if s.Max > s.Min {
		c.Spread = number(s.Min, f.Digits) + "–" + number(s.Max, f.Digits)
	}
	if contender == "tenfour" {
		return c
	}
	if ratio := r.ratio(scenario, contender, f.Name); ratio.Known() {
		c.Ratio = fmt.Sprintf("× %.2f", ratio.Median)
		switch {
		case contender == "direct" || contender == idealName || isLimit(contender): // not a rival of tenfour
		case ratio.Median >= 0.99 && ratio.Median <= 1.01:
		case f.Higher == (ratio.Median > 1):
			c.Good = "win"
		default:
			c.Good = "loss"
		}
	}
	return c
}
