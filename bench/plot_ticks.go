package main

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
)

// ninesTicks label an axis of -log10(1-p).
func ninesTicks() plot.ConstantTicks {
	var t plot.ConstantTicks
	for _, p := range []float64{50, 75, 90, 95, 99, 99.5, 99.9} {
		t = append(t, plot.Tick{Value: nines(p), Label: fmt.Sprintf("%g %%", p)})
	}
	return t
}

// nines maps percentiles so that the high ones are spread out.
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

// fewTicks label a linear axis from 0 on with a few round numbers.
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
