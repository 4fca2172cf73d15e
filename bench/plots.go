package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"regexp"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Plots are drawn in stand-in colours, which inline then turns into the page's own: a plot is light or dark with its page.
var (
	inkColor  = color.RGBA{R: 1, G: 1, B: 1, A: 255}
	gridColor = color.RGBA{R: 1, G: 1, B: 2, A: 255}
)

// seriesColor stands in for the colour of contender n; shade 1 is the paler one of its system time.
func seriesColor(n, shade int) color.RGBA {
	return color.RGBA{R: 2, G: uint8(shade), B: uint8(n % seriesColors), A: 255}
}

const seriesColors = 8

// dashes tell the lines apart without colours; the first, tenfour's, is whole.
var dashes = [seriesColors][]vg.Length{nil, {6, 2}, {2, 2}, {8, 2, 2, 2}, {4, 4}, {1, 3}, {10, 4}, {3, 1}}

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
	svgColor  = regexp.MustCompile(`#0([12])0([0-9])0([0-9])`)
	svgFont   = regexp.MustCompile(`font-family:[^;"]*;font-variant:[^;"]*;font-weight:[^;"]*;font-style:[^;"]*;?`)
	svgNumber = regexp.MustCompile(`(\d+\.\d\d)\d+`)
)

// inline turns a plot into an <svg> for the page: no prologue, no namespaces, no fonts, colours of the page's.
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
		case s[4] == '1':
			return "var(--s" + s[6:] + "b)"
		}
		return "var(--s" + s[6:] + ")"
	}), nil
}

// ninesTicks label an axis of -log10(1-p).
func ninesTicks() plot.ConstantTicks {
	var t plot.ConstantTicks
	for _, p := range []float64{50, 75, 90, 95, 99, 99.5, 99.9} {
		t = append(t, plot.Tick{Value: nines(p), Label: fmt.Sprintf("%g %%", p)})
	}
	return t
}

// nines spreads the high percentiles out.
func nines(p float64) float64 { return -math.Log10(1 - p/100) }

// msTicks label a logarithmic axis of milliseconds at 1, 2 and 5.
type msTicks struct{}

func (msTicks) Ticks(least, most float64) []plot.Tick {
	var t []plot.Tick
	for e := math.Floor(math.Log10(least)); e <= math.Ceil(math.Log10(most)); e++ {
		for _, m := range []float64{1, 2, 5} {
			if v := m * math.Pow(10, e); v >= least*0.999 && v <= most*1.001 {
				t = append(t, plot.Tick{Value: v, Label: fmt.Sprintf("%.5g", v)})
			}
		}
	}
	return t
}

// fewTicks label a linear axis from 0 on as one writes numbers.
type fewTicks struct{}

func (fewTicks) Ticks(least, most float64) []plot.Tick {
	var t []plot.Tick
	for _, tick := range (plot.DefaultTicks{}).Ticks(max(0, least), most) {
		if !tick.IsMinor() {
			digits := 0
			for digits < 3 && math.Abs(tick.Value*math.Pow10(digits)-math.Round(tick.Value*math.Pow10(digits))) > 1e-6 {
				digits++
			}
			tick.Label = number(tick.Value, digits)
			t = append(t, tick)
		}
	}
	return t
}

// addLine adds one contender's line.
func addLine(p *plot.Plot, name string, n int, xy plotter.XYs) error {
	l, err := plotter.NewLine(xy)
	if err != nil {
		return fmt.Errorf("draw %s: %w", name, err)
	}
	l.Color, l.Dashes, l.Width = seriesColor(n, 0), dashes[n%seriesColors], 1.6
	if n == 0 {
		l.Width = 2.4
	}
	p.Add(l)
	p.Legend.Add(name, l)
	return nil
}

// logMs makes the y axis logarithmic, over what is there.
func logMs(p *plot.Plot) {
	p.Y.Scale = plot.LogScale{}
	p.Y.Tick.Marker = msTicks{}
	p.Y.Min = max(p.Y.Min, 0.001)
	p.Y.Max = max(p.Y.Max*1.1, p.Y.Min*2)
}

// curvePlot shows latencies by percentile: the median of the good rounds at each. It is "" when there are none.
func (r *Report) curvePlot(scenario string) (string, error) {
	p := newPlot("Latency by percentile (log)", "", "ms")
	addGrid(p, true)
	any := false
	for n, c := range r.Contenders {
		var curves [][]float64
		for _, s := range r.Samples {
			if s.Scenario == scenario && s.Contender == c.Name && s.Problem == "" && len(s.Curve) == len(curveAt) {
				curves = append(curves, s.Curve)
			}
		}
		if len(curves) == 0 {
			continue
		}
		xy := make(plotter.XYs, len(curveAt))
		for i, at := range curveAt {
			var v []float64
			for _, curve := range curves {
				v = append(v, curve[i])
			}
			xy[i] = plotter.XY{X: nines(at), Y: max(median(v), 0.001)}
		}
		any = true
		if err := addLine(p, c.Name, n, xy); err != nil {
			return "", err
		}
	}
	if !any {
		return "", nil
	}
	logMs(p)
	p.X.Tick.Marker = ninesTicks()
	p.X.Max += 0.05 // room for the last label
	return inline(p, 940, 260, scenario+": latency by percentile")
}

// seriesPlot shows the longest latency of each tenth of a second, all rounds one after the other, the bad ones too.
func (r *Report) seriesPlot(scenario string) (string, error) {
	p := newPlot("Longest latency in each 100 ms (log), round after round", "s", "ms")
	addGrid(p, false)
	any := false
	for n, c := range r.Contenders {
		var xy plotter.XYs
		at := 0.0
		for _, s := range r.Samples {
			if s.Scenario != scenario || s.Contender != c.Name {
				continue
			}
			for _, v := range s.Series {
				at += slotTime.Seconds()
				if v > 0 {
					xy = append(xy, plotter.XY{X: at, Y: max(v, 0.001)})
				}
			}
		}
		if len(xy) == 0 {
			continue
		}
		any = true
		if err := addLine(p, c.Name, n, xy); err != nil {
			return "", err
		}
	}
	if !any {
		return "", nil
	}
	logMs(p)
	p.X.Min = -0.11 * p.X.Max // room for the legend
	p.X.Tick.Marker = fewTicks{}
	p.X.Max *= 1.01
	return inline(p, 940, 240, scenario+": longest latency over time")
}

// barPlot shows a figure's medians with their spread, a bar for each contender that has one.
func (r *Report) barPlot(scenario string, f Figure) (string, error) {
	p := newPlot(heading(f), "", "")
	addGrid(p, false)
	var names []string
	for n, c := range r.Contenders {
		s := r.spread(scenario, c.Name, f.Name)
		if !s.Known() {
			continue
		}
		at := float64(len(names))
		if err := addBar(p, at, s.Median, seriesColor(n, 0), nil); err != nil {
			return "", err
		}
		if err := addSpread(p, at, s); err != nil {
			return "", err
		}
		names = append(names, c.Name+badMark(s))
	}
	return r.finishBars(p, names, scenario+": "+heading(f))
}

// cpuPlot shows the processor time as bars of user and, above it, system time.
func (r *Report) cpuPlot(scenario string, f Figure) (string, error) {
	p := newPlot(heading(f)+": user below, system above", "", "")
	addGrid(p, false)
	var names []string
	for n, c := range r.Contenders {
		user, system := r.spread(scenario, c.Name, f.Name+"_user"), r.spread(scenario, c.Name, f.Name+"_system")
		all := r.spread(scenario, c.Name, f.Name)
		if !all.Known() || !user.Known() || !system.Known() {
			continue
		}
		at := float64(len(names))
		// Medians do not add up; shares of the median do.
		share := all.Median * user.Median / max(user.Median+system.Median, 1e-9)
		below, err := plotter.NewBarChart(plotter.Values{share}, barWidth)
		if err != nil {
			return "", err
		}
		below.XMin, below.Color, below.LineStyle.Width = at, seriesColor(n, 0), 0
		p.Add(below)
		if err := addBar(p, at, all.Median-share, seriesColor(n, 1), below); err != nil {
			return "", err
		}
		if err := addSpread(p, at, all); err != nil {
			return "", err
		}
		names = append(names, c.Name+badMark(all))
	}
	return r.finishBars(p, names, scenario+": "+heading(f)+", user and system")
}

func badMark(s Spread) string {
	if s.OnlyBad() {
		return " !"
	}
	return ""
}

const barWidth = vg.Length(34)

func addBar(p *plot.Plot, at, value float64, c color.Color, on *plotter.BarChart) error {
	bar, err := plotter.NewBarChart(plotter.Values{value}, barWidth)
	if err != nil {
		return err
	}
	bar.XMin, bar.Color, bar.LineStyle.Width = at, c, 0
	if on != nil {
		bar.StackOn(on)
	}
	p.Add(bar)
	return nil
}

// addSpread draws a line from the least to the most.
func addSpread(p *plot.Plot, at float64, s Spread) error {
	l, err := plotter.NewLine(plotter.XYs{{X: at, Y: s.Min}, {X: at, Y: s.Max}})
	if err != nil {
		return err
	}
	l.Color, l.Width = inkColor, 1.5
	p.Add(l)
	return nil
}

func (r *Report) finishBars(p *plot.Plot, names []string, label string) (string, error) {
	if len(names) == 0 {
		return "", nil
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.6, float64(len(names))-0.4
	p.Y.Min = 0
	p.Y.Max *= 1.05
	p.Y.Tick.Marker = fewTicks{}
	p.X.Tick.Label.Font.Size = 9
	return inline(p, 460, 230, label)
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
