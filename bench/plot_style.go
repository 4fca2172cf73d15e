package main

import (
	"bytes"
	"fmt"
	"image/color"
	"regexp"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Plots are drawn in placeholder colours. inline replaces them by the page's colours, so that a plot is light or dark with its
// page.
var (
	inkColor  = color.RGBA{R: 1, G: 1, B: 1, A: 255}
	gridColor = color.RGBA{R: 1, G: 1, B: 2, A: 255}
)

// seriesColor returns the placeholder for the colour of contender n.
func seriesColor(n int) color.RGBA {
	return color.RGBA{R: 2, B: uint8(n % seriesColors), A: 255}
}

// seriesColors is at least the number of contenders, so that each has its own.
const seriesColors = 16

// dashes distinguish the lines without colours. The first, tenfour's, is solid.
var dashes = [seriesColors][]vg.Length{nil, {6, 2}, {2, 2}, {8, 2, 2, 2}, {4, 4}, {1, 3}, {10, 4}, {3, 1},
	{12, 2}, {6, 6}, {2, 5}, {8, 2, 2, 2, 2, 2}, {14, 3, 4, 3}, {1, 1}, {5, 1, 1, 1}, {9, 5, 3, 5}}

func init() { plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"} }

func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font.Size = 12
	p.Title.TextStyle.Color = inkColor
	p.Title.Padding = 6
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Label.TextStyle.Color, a.Tick.Label.Color, a.Tick.Color = inkColor, inkColor, inkColor, gridColor
		a.LineStyle.Color = gridColor
		a.Label.TextStyle.Font.Size, a.Tick.Label.Font.Size = 10, 10
	}
	p.Legend.TextStyle.Color = inkColor
	p.Legend.TextStyle.Font.Size = 10
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = 2
	return p
}

func addGrid(p *plot.Plot, vertical bool) {
	g := plotter.NewGrid()
	g.Horizontal.Color, g.Vertical.Color = gridColor, gridColor
	g.Horizontal.Width, g.Vertical.Width = 0.5, 0.5
	if !vertical {
		g.Vertical.Color = nil
	}
	p.Add(g)
}

var (
	svgHead   = regexp.MustCompile(`(?s)^.*?<svg width="[^"]*" height="[^"]*" viewBox="([^"]*)".*?>`)
	svgColor  = regexp.MustCompile(`#0([12])0([0-9])0([0-9a-fA-F])`)
	svgFont   = regexp.MustCompile(`font-family:[^;"]*;font-variant:[^;"]*;font-weight:[^;"]*;font-style:[^;"]*;?`)
	svgNumber = regexp.MustCompile(`(\d+\.\d\d)\d+`)
)

// inline turns a plot into an <svg> for the page: no prologue, no namespaces, no fonts, and the page's colours.
func inline(p *plot.Plot, w, h vg.Length, label string) (string, error) {
	c := vgsvg.NewWith(vgsvg.UseWH(w, h))
	p.Draw(drawOn(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", fmt.Errorf("draw %q: %w", label, err)
	}
	text := svgHead.ReplaceAllString(b.String(), fmt.Sprintf(`<svg class="plot" viewBox="$1" role="img" aria-label="%s">`, escape(label)))
	text = svgFont.ReplaceAllString(text, "")
	text = svgNumber.ReplaceAllString(text, "$1")
	return svgColor.ReplaceAllStringFunc(text, func(s string) string {
		switch {
		case s == "#010101":
			return "var(--ink)"
		case s == "#010102":
			return "var(--grid)"
		}
		n, _ := strconv.ParseInt(s[6:], 16, 0) // the pattern lets nothing else through
		return fmt.Sprintf("var(--s%d)", n)
	}), nil
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
