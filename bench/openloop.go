package main

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// OpenLoop sends requests at a fixed rate, whether or not the earlier ones have been answered, as real clients do. A
// request's latency counts from when it was due. So a stall shows in every request that was due during it. A generator that
// waits for its answers, like ab and wrk, sends less during a stall and counts it only once (coordinated omission).
type OpenLoop struct {
	Addr     string // 127.0.0.1:PORT
	Target   string
	Rate     float64       // requests a second
	Time     time.Duration // for how long requests are due
	Patience time.Duration // how long to wait for answers after that
	Conns    int           // at most so many connections; when all are busy a request that is due waits, and its time counts
	Close    bool          // a new connection for each request, else persistent ones
}

// OpenResult is the result of an OpenLoop.
type OpenResult struct {
	Hist    *hdrhistogram.Histogram // microseconds, of the good answers
	Slots   []float64               // the longest latency in ms of the requests due in each slot of slotTime; 0 without any
	Due     int
	Bad     int    // answers with a status other than 200, and connections that broke
	Missing int    // unanswered after Patience; they count in Hist with the time that they had waited
	First   string // describes the first of Bad
}

// slotTime is the resolution of a time series.
const slotTime = 100 * time.Millisecond

// Latencies returns figures of the histogram, in ms.
func (r *OpenResult) Latencies() map[string]float64 {
	ms := func(us int64) float64 { return float64(us) / 1e3 }
	return map[string]float64{
		"p50": ms(r.Hist.ValueAtQuantile(50)), "p90": ms(r.Hist.ValueAtQuantile(90)), "p99": ms(r.Hist.ValueAtQuantile(99)),
		"p999": ms(r.Hist.ValueAtQuantile(99.9)), "max": ms(r.Hist.Max()),
	}
}

// Problem returns why this is not a good sample, or "".
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

// record records the answer to the request that was due at due, counted from the start.
func (r *OpenResult) record(due, latency time.Duration) {
	r.Hist.RecordValue(min(max(latency.Microseconds(), 1), time.Minute.Microseconds()))
	slot := min(int(due/slotTime), len(r.Slots)-1)
	r.Slots[slot] = max(r.Slots[slot], float64(latency.Microseconds())/1e3)
}
