package main

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tenfour/look"
)

// autoStyle gives the plots their colours. They are a file of their own, which a page shows as an image and cannot style.
var autoStyle = "<style>\n" + look.CSS + "svg { font-family: var(--text); }\n</style>"

// workerTicks label a logarithmic axis of workers.
type workerTicks struct{}

func (workerTicks) Ticks(least, most float64) []plot.Tick {
	var t []plot.Tick
	for n := 1.0; n <= most; n *= 2 {
		if n >= least {
			t = append(t, plot.Tick{Value: n, Label: fmt.Sprint(n)})
		}
	}
	return t
}

// draw returns the two plots as one file: the number of workers over time, and how auto compares with fixed numbers.
func (r *autoReport) draw() (string, error) {
	over, err := r.drawTime()
	if err != nil {
		return "", err
	}
	among, err := r.drawSizes()
	if err != nil {
		return "", err
	}
	at := func(svg string, y, h int) string {
		return strings.Replace(svg, `<svg class="plot"`, fmt.Sprintf(`<svg x="0" y="%d" width="860" height="%d"`, y, h), 1)
	}
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 600" role="img" aria-label="The number of workers that auto finds">` +
		"\n" + autoStyle + "\n" + at(over, 5, 290) + "\n" + at(among, 305, 290) + "\n</svg>\n", nil
}

func (r *autoReport) drawTime() (string, error) {
	p := newPlot("Workers that auto finds, with 80 clients; the backend changes after 8 s", "s", "workers (log)")
	addGrid(p, true)
	for i, s := range autoStories {
		var xy plotter.XYs
		for n, step := range r.traces[s.Name] {
			if n > 0 {
				xy = append(xy, plotter.XY{X: step.At, Y: xy[len(xy)-1].Y})
			}
			xy = append(xy, plotter.XY{X: step.At, Y: float64(step.Workers)})
		}
		if err := addLine(p, s.Name, i, xy); err != nil {
			return "", err
		}
	}
	logWorkers(&p.Y)
	p.X.Tick.Marker = fewTicks{}
	p.Y.Max = 200 // room for the legend
	return inline(p, 860, 290, "workers over time")
}

func (r *autoReport) drawSizes() (string, error) {
	p := newPlot("requests/s of each fixed number, of the best one; the dots are auto", "workers (log)", "%")
	addGrid(p, true)
	for i, c := range autoCases {
		best := r.of(c, r.best(c), autoRate)
		var xy plotter.XYs
		for _, n := range autoSizes {
			xy = append(xy, plotter.XY{X: float64(n), Y: 100 * r.of(c, n, autoRate) / best})
		}
		if err := addLine(p, strings.Trim(c.Name, "`"), i, xy); err != nil {
			return "", err
		}
		dot, err := plotter.NewScatter(plotter.XYs{{X: max(1, r.of(c, 0, autoWorkers)), Y: 100 * r.of(c, 0, autoRate) / best}})
		if err != nil {
			return "", err
		}
		dot.Color, dot.Radius, dot.Shape = seriesColor(i), vg.Points(5), draw.CircleGlyph{}
		p.Add(dot)
	}
	logWorkers(&p.X)
	p.Y.Min, p.Y.Max = 0, math.Max(175, p.Y.Max) // room for the legend
	p.Y.Tick.Marker = fewTicks{}
	return inline(p, 860, 290, "requests/s by workers")
}

func logWorkers(a *plot.Axis) {
	a.Scale, a.Tick.Marker, a.Min = plot.LogScale{}, workerTicks{}, 0.95
	a.Max = math.Max(a.Max, 68)
}
