package main

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// OpenLoop sends requests at a fixed rate, whether or not the earlier ones have been answered, as the world does. A
// request's latency counts from when it was due. So a stall shows in every request that fell into it; a generator that
// waits for its answers, like ab and wrk, would send less meanwhile, and count the stall once (coordinated omission).
type OpenLoop struct {
	Addr     string // 127.0.0.1:PORT
	Target   string
	Rate     float64       // requests a second
	Time     time.Duration // for which requests are due
	Patience time.Duration // how long to wait for answers after that
	Conns    int           // connections at most; when all are busy, who is due waits, and its time counts
	Close    bool          // a connection for each request, else persistent ones
}

// OpenResult is what came of it.
type OpenResult struct {
	Hist    *hdrhistogram.Histogram // microseconds, of the good answers
	Slots   []float64               // the longest latency in ms of what was due in each slot of slotTime; 0 without any
	Due     int
	Bad     int    // answers of another status than 200, and connections that broke
	Missing int    // unanswered when the patience ended; they stand in Hist with what they had waited until then
	First   string // the first of the Bad
}

// slotTime is the resolution of a time series.
const slotTime = 100 * time.Millisecond

// Latencies are figures of the histogram, in ms.
func (r *OpenResult) Latencies() map[string]float64 {
	ms := func(us int64) float64 { return float64(us) / 1e3 }
	return map[string]float64{
		"p50": ms(r.Hist.ValueAtQuantile(50)), "p90": ms(r.Hist.ValueAtQuantile(90)), "p99": ms(r.Hist.ValueAtQuantile(99)),
		"p999": ms(r.Hist.ValueAtQuantile(99.9)), "max": ms(r.Hist.Max()),
	}
}

// Problem says why this is not a good sample; "" if it is one.
func (r *OpenResult) Problem() string {
	switch {
	case r.Bad > 0:
		return fmt.Sprintf("open loop: %d of %d requests failed (%s)", r.Bad, r.Due, r.First)
	case r.Missing > 0:
		return fmt.Sprintf("open loop: %d of %d requests were never answered", r.Missing, r.Due)
	}
	return ""
}

func newOpenResult(o *OpenLoop) *OpenResult {
	return &OpenResult{
		Hist:  hdrhistogram.New(1, time.Minute.Microseconds(), 3),
		Slots: make([]float64, (o.Time+slotTime-1)/slotTime),
		Due:   max(1, int(o.Rate*o.Time.Seconds())),
	}
}

// record takes in an answer to what was due at due (from the start).
func (r *OpenResult) record(due, latency time.Duration) {
	r.Hist.RecordValue(min(max(latency.Microseconds(), 1), time.Minute.Microseconds()))
	slot := min(int(due/slotTime), len(r.Slots)-1)
	r.Slots[slot] = max(r.Slots[slot], float64(latency.Microseconds())/1e3)
}
