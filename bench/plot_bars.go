package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// barPlot shows the medians of a figure with their spread, a bar for each contender that has one.
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
		// The medians of user and system time do not add up to the median of all. Shares of the latter do.
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
