package metrics

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// everything is a page with each family, and names that need to be escaped.
func everything(t *testing.T) []byte {
	start := time.Now()
	m := New(start)
	const odd = `/a"b\c` + "\nGET"
	r, b := m.AddRoute(odd), m.AddBackend("a:1")
	all := Exchange{Status: 503, Own: true, In: 1, Out: 2}
	for p := range all.Took {
		all.Took[p] = time.Duration(p+1) * 3 * time.Millisecond
	}
	r.Ended(&all)
	all.Status, all.Own = 200, false
	r.Ended(&all)
	m.otherRoutes.Ended(&all)
	b.Ended(Answered, 200, time.Millisecond, 100*time.Second)
	m.otherBackends.Ended(NoConnect, 0, None, None)
	bytes1 := int64(1)
	s := &Status{
		Routes: []RouteStatus{{Name: odd, Queue: QueueStatus{Oldest: Unknown}}}, Backends: []BackendStatus{{Name: "a:1", Up: true}},
		Memory: Memory{Held: &bytes1, HeldMost: &bytes1, Spool: &bytes1, SpoolMost: &bytes1, Files: &bytes1},
		Jobs:   &JobsStatus{Counts: map[string]int{"accepted": 1}, Ended: map[string]uint64{"done": 1}, Changes: map[string]map[string]uint64{"new": {"accepted": 1}}},
	}
	m.Fill(s)
	var page bytes.Buffer
	if err := m.WritePrometheus(&page, s); err != nil {
		t.Fatal(err)
	}
	return page.Bytes()
}

// promlint is what promtool checks with. Where promtool is installed, it is asked itself too.
func TestPrometheus_promtoolHasNothingToSay(t *testing.T) {
	page := everything(t)
	problems, err := promlint.New(bytes.NewReader(page)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint says %v, %v of\n%s", problems, err, page)
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Log("promtool is not installed: its library alone was asked")
		return
	}
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = bytes.NewReader(page)
	if said, err := check.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("promtool check metrics says %q, %v", said, err)
	}
}

// The buckets of a histogram are cumulative, and the last has all.
func TestPrometheus_histogramsAreCumulative(t *testing.T) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(bytes.NewReader(everything(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tenfour_phase_seconds", "tenfour_backend_phase_seconds"} {
		for _, one := range all[name].GetMetric() {
			h := one.GetHistogram()
			below := uint64(0)
			for _, b := range h.GetBucket() {
				if b.GetCumulativeCount() < below || b.GetCumulativeCount() > h.GetSampleCount() {
					t.Errorf("%s: the bucket up to %v has %d, the one before it %d, of %d", name, b.GetUpperBound(), b.GetCumulativeCount(), below, h.GetSampleCount())
				}
				below = b.GetCumulativeCount()
			}
			if below != h.GetSampleCount() || h.GetSampleSum() <= 0 {
				t.Errorf("%s: the last bucket has %d of %d, the sum is %v s", name, below, h.GetSampleCount(), h.GetSampleSum())
			}
		}
	}
}

// The table of docs/metrics.md, the families, and what is written are the same names, types and labels.
func TestPrometheus_isWhatItsPageSays(t *testing.T) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(bytes.NewReader(everything(t)))
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	for name, f := range all {
		labels := map[string]bool{}
		for _, one := range f.GetMetric() {
			for _, l := range one.GetLabel() {
				labels[l.GetName()] = true
			}
		}
		written[name] = strings.ToLower(f.GetType().String()) + " of " + strings.Join(slices.Sorted(maps.Keys(labels)), ", ")
	}
	said := map[string]string{}
	doc, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `(tenfour_[a-z_]+)` \\| ([a-z]+) \\|([^|]*)\\|")
	for _, m := range row.FindAllStringSubmatch(string(doc), -1) {
		labels := strings.Split(strings.ReplaceAll(strings.TrimSpace(m[3]), "`", ""), ", ")
		slices.Sort(labels)
		said[m[1]] = m[2] + " of " + strings.Join(labels, ", ")
	}
	if !maps.Equal(written, said) {
		for _, name := range slices.Sorted(maps.Keys(said)) {
			if written[name] != said[name] {
				t.Errorf("docs/metrics.md says that %s is a %s; written is a %s", name, said[name], written[name])
			}
		}
		for name := range written {
			if said[name] == "" {
				t.Errorf("docs/metrics.md does not have %s, a %s", name, written[name])
			}
		}
	}
	for _, f := range families {
		if written[f.name] == "" {
			t.Errorf("%s was not written", f.name)
		}
	}
}
