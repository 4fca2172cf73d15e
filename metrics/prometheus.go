package metrics

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	victoria "github.com/VictoriaMetrics/metrics"
)

// The text for Prometheus. Each family of metrics is a row of the table below, which is also that of docs/metrics.md. The lines are
// written by VictoriaMetrics/metrics; the buckets are ours, because theirs take a lock for each duration, and have other bounds than
// Prometheus expects.

// A family is the metrics of one name.
type family struct {
	name, kind, help string
	labels           []string
	write            func(*page)
}

const (
	counter     = "counter"
	gauge       = "gauge"
	histogramOf = "histogram"
)

// page is one answer to /metrics.
type page struct {
	w        *bufio.Writer
	s        *Status
	routes   []*Route
	backends []*Backend
	family   *family
}

// WritePrometheus writes all that is counted, and what a status says, in the text format of Prometheus 0.0.4. m has filled the status.
func (m *Metrics) WritePrometheus(w io.Writer, s *Status) error {
	p := &page{w: bufio.NewWriter(w), s: s}
	m.mu.Lock()
	p.routes = append(append(p.routes, m.routes...), m.unrouted)
	p.backends = append(p.backends, m.backends...)
	if sum(m.otherRoutes.answered()) > 0 {
		p.routes = append(p.routes, m.otherRoutes)
	}
	if m.otherBackends.attempts() > 0 {
		p.backends = append(p.backends, m.otherBackends)
	}
	m.mu.Unlock()
	for i := range families {
		p.add(&families[i])
	}
	return p.w.Flush()
}

// add writes a family. One without a value is left out.
func (p *page) add(f *family) {
	var lines strings.Builder
	of := *p
	of.w, of.family = bufio.NewWriter(&lines), f
	f.write(&of)
	of.w.Flush()
	if lines.Len() == 0 {
		return
	}
	p.w.WriteString("# HELP " + f.name + " " + f.help + "\n# TYPE " + f.name + " " + f.kind + "\n" + lines.String())
}

// named is a metric's name with its labels, whose values come in the order of the family's labels.
func (p *page) named(suffix string, values ...string) string {
	b := append([]byte(p.family.name), suffix...)
	for i, v := range values {
		label := "le"
		if i < len(p.family.labels) {
			label = p.family.labels[i]
		}
		b = append(b, "{,"[min(i, 1)])
		b = append(append(b, label...), '=', '"')
		b = append(append(b, escape.Replace(v)...), '"')
	}
	if len(values) > 0 {
		b = append(b, '}')
	}
	return string(b)
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (p *page) count(n uint64, labels ...string) {
	victoria.WriteCounterUint64(p.w, p.named("", labels...), n)
}

func (p *page) gauge(v float64, labels ...string) {
	victoria.WriteGaugeFloat64(p.w, p.named("", labels...), v)
}

// known writes a gauge, if it is known.
func (p *page) known(v *int64, labels ...string) {
	if v != nil {
		p.gauge(float64(*v), labels...)
	}
}

// durations writes a histogram, if it has any duration.
func (p *page) durations(s *spread, sum int64, labels ...string) {
	if s.count() == 0 {
		return
	}
	below, next := uint64(0), 0
	for _, b := range le {
		for ; next < b.beyond; next++ {
			below += s[next]
		}
		victoria.WriteCounterUint64(p.w, p.named("_bucket", append(labels, strconv.FormatFloat(b.seconds, 'f', -1, 64))...), below)
	}
	for ; next < buckets; next++ {
		below += s[next]
	}
	victoria.WriteCounterUint64(p.w, p.named("_bucket", append(labels, "+Inf")...), below)
	victoria.WriteCounterFloat64(p.w, p.named("_sum", labels...), float64(sum)/1e9)
	victoria.WriteCounterUint64(p.w, p.named("_count", labels...), below)
}

// byClass writes a counter for each class of responses.
func (p *page) byClass(by [classes]uint64, label string, without class) {
	for c, name := range classNames {
		if class(c) != without {
			p.count(by[c], label, name)
		}
	}
}

// noClass is no class of responses.
const noClass class = classes
