package main

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// addLine adds one contender's line.
func addLine(p *plot.Plot, name string, n int, xy plotter.XYs) error {
	l, err := plotter.NewLine(xy)
	if err != nil {
		return fmt.Errorf("draw %s: %w", name, err)
	}
	l.Color, l.Dashes, l.Width = seriesColor(n), dashes[n%seriesColors], 1.6
	if n == 0 {
		l.Width = 2.4
	}
	p.Add(l)
	p.Legend.Add(name, l)
	return nil
}

// logMs makes the y axis logarithmic, in the range of the values.
func logMs(p *plot.Plot) {
	p.Y.Scale = plot.LogScale{}
	p.Y.Tick.Marker = msTicks{}
	p.Y.Min = max(p.Y.Min, 0.001)
	p.Y.Max = max(p.Y.Max*1.1, p.Y.Min*2)
}

// curvePlot shows latencies by percentile: at each, the median of the good rounds. It is "" without values.
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

// seriesPlot shows the longest latency in each tenth of a second, all rounds one after the other, including bad ones.
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
