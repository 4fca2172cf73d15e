package main

import (
	"fmt"
	"slices"
	"strings"
)

// A scenario at a glance is one sentence, headline, and one picture, bars: which contender is best, and at what cost.

// headline returns the sentence: "nginx answers most: 24,600 requests/s, 32.2 µs CPU/request. tenfour: 20,100, 23.7 µs." It is
// "" if no proxy has a good sample. A difference that not all rounds agree on is none.
func (r *Report) headline(s ScenarioInfo) string {
	f, ok := figureOf(s, s.Lead.Figure)
	if !ok {
		return ""
	}
	order := r.ranked(s.Name, f)
	if len(order) == 0 {
		return ""
	}
	var b strings.Builder
	level := r.levelWith(s.Name, f, order)
	if len(level) > 1 {
		fmt.Fprintf(&b, "%s are level: ", and(level))
		for i, c := range level {
			if i > 0 {
				b.WriteString("; ")
			}
			fmt.Fprintf(&b, "%s %s", c, r.worth(s, c))
		}
		b.WriteString(".")
	} else {
		fmt.Fprintf(&b, "%s %s: %s.", order[0], s.Lead.Says, r.worth(s, order[0]))
		if len(order) > 1 && order[0] == "tenfour" {
			fmt.Fprintf(&b, " The next is %s: %s.", order[1], r.worth(s, order[1]))
		}
	}
	if !slices.Contains(level, "tenfour") && slices.Contains(order, "tenfour") {
		fmt.Fprintf(&b, " tenfour: %s.", r.worth(s, "tenfour"))
	}
	b.WriteString(r.troubles(s.Name, f))
	return b.String()
}

// troubles returns sentences about the proxies that had no good round, or left clients without an answer.
func (r *Report) troubles(scenario string, f Figure) string {
	var text string
	var over []string
	for _, c := range r.partakers(scenario) {
		if r.overloaded(scenario, c) {
			over = append(over, fmt.Sprintf("%s (%.0f of %d clients got no answer)", c, r.spread(scenario, c, unanswered.Name).Median, seedClients))
		}
	}
	if len(over) > 0 {
		text += " Overloaded: " + and(over) + "."
	}
	if bad := r.onlyBad(scenario, f); len(bad) > 0 {
		text += " Without one good round: " + and(bad) + "."
	}
	return text
}

// figureOf returns the figure of a scenario with that key.
func figureOf(s ScenarioInfo, name string) (Figure, bool) {
	i := slices.IndexFunc(s.Figures, func(f Figure) bool { return f.Name == name })
	if i < 0 {
		return Figure{}, false
	}
	return s.Figures[i], true
}

// isProxy reports whether a contender can be the best: tenfour in any form, or a peer.
func isProxy(name string) bool { return isPeer(name) || strings.HasPrefix(name, "tenfour") }

// ranked returns the proxies with a good sample of a figure, the best first, and overloaded ones last.
func (r *Report) ranked(scenario string, f Figure) []string {
	var names []string
	for _, c := range r.partakers(scenario) {
		if isProxy(c) && r.spread(scenario, c, f.Name).N > 0 {
			names = append(names, c)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		x, y := r.spread(scenario, a, f.Name).Median, r.spread(scenario, b, f.Name).Median
		switch over := r.overloaded(scenario, a); {
		case over != r.overloaded(scenario, b):
			if over {
				return 1
			}
			return -1
		case x == y:
			return 0
		case f.Higher == (x > y):
			return -1
		}
		return 1
	})
	return names
}

// levelWith returns the first of order, and those whose median is within its spread, and its median within theirs, or that differ by less
// than 1 %.
func (r *Report) levelWith(scenario string, f Figure, order []string) []string {
	best := r.spread(scenario, order[0], f.Name)
	var level []string
	for _, c := range order {
		s := r.spread(scenario, c, f.Name)
		alike := s.Median == best.Median || s.Median >= 0.99*best.Median && s.Median <= 1.01*best.Median
		within := s.Min <= best.Median && best.Median <= s.Max && best.Min <= s.Median && s.Median <= best.Max
		if (alike || within) && !r.overloaded(scenario, c) {
			level = append(level, c)
		}
	}
	return level
}

// onlyBad returns the proxies that have no good sample of a figure.
func (r *Report) onlyBad(scenario string, f Figure) []string {
	var bad []string
	for _, c := range r.partakers(scenario) {
		if isProxy(c) && r.spread(scenario, c, f.Name).N == 0 && len(r.problems(scenario, c)) > 0 {
			bad = append(bad, c)
		}
	}
	return bad
}

// worth returns the two figures of a contender in words.
func (r *Report) worth(s ScenarioInfo, contender string) string {
	text := r.words(s, contender, s.Lead.Figure)
	if s.Lead.Cost != "" {
		text += ", " + r.words(s, contender, s.Lead.Cost)
	}
	return text
}

// words returns a figure of a contender with its unit and its name: "32.2 µs CPU/request". A name that is a unit stands alone.
func (r *Report) words(s ScenarioInfo, contender, figure string) string {
	f, ok := figureOf(s, figure)
	if !ok {
		return "–"
	}
	parts := []string{number(r.spread(s.Name, contender, f.Name).Median, f.Digits)}
	if f.Unit != "" {
		parts = append(parts, f.Unit)
	}
	return strings.Join(append(parts, f.Title), " ")
}

// and joins names: "a", "a and b", "a, b and c".
func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// bar is a contender's bar of a figure. Widths are in percent of the longest bar.
type bar struct {
	N       int // the number of the contender's colour
	Name    string
	Value   string
	Cost    string  // what stands beside the value; "" for nothing
	Width   float64 // of all
	Second  float64 // of the paler part at its end; 0 for none
	Bad     bool    // no sample is good
	Over    bool    // some clients got no answer at all
	NoProxy bool    // it is no proxy, so that it cannot be the best
}

// bars returns the bars of a figure, one for each contender that has it. CPU time has two parts, user and system. With cost, the
// figure of that key stands beside each value.
func (r *Report) bars(s ScenarioInfo, f Figure, cost string) []bar {
	var all []bar
	longest := 0.0
	for n, c := range r.Contenders {
		sp := r.spread(s.Name, c.Name, f.Name)
		if !sp.Known() {
			continue
		}
		b := bar{N: n % seriesColors, Name: c.Name, Value: number(sp.Median, f.Digits), Width: sp.Median, Bad: sp.OnlyBad(), Over: r.overloaded(s.Name, c.Name), NoProxy: !isProxy(c.Name)}
		user, system := r.spread(s.Name, c.Name, f.Name+"_user"), r.spread(s.Name, c.Name, f.Name+"_system")
		if user.Known() && system.Known() {
			// The medians of user and system time do not add up to the median of all. Shares of the latter do.
			b.Second = sp.Median * system.Median / max(user.Median+system.Median, 1e-9)
		}
		if g, ok := figureOf(s, cost); ok && r.spread(s.Name, c.Name, cost).Known() {
			b.Cost = strings.TrimSpace(number(r.spread(s.Name, c.Name, cost).Median, g.Digits) + " " + g.Unit)
		}
		longest = max(longest, sp.Median)
		all = append(all, b)
	}
	for i := range all {
		all[i].Width = percentOf(all[i].Width, longest)
		all[i].Second = percentOf(all[i].Second, longest)
	}
	return all
}

func percentOf(v, of float64) float64 {
	if of <= 0 {
		return 0
	}
	return 100 * v / of
}

// First is the width of the bar without its paler part.
func (b bar) First() float64 { return b.Width - b.Second }
