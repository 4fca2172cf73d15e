package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tenfour/tests/walk/steps"
)

// A drawing is what most rounds of a walk have in common.
type drawing struct {
	title     string
	legs      []*leg     // in the order in which they begin
	wakers    []*leg     // goroutines that only wake others
	handovers []handover // in the order in which they happen
	up        []string   // calls from a package to one that imports it, sorted
	steps     []steps.Step
}

// A leg is what the request passes on the goroutines that began with the same function.
type leg struct {
	role       string // that function
	goroutines []string
	files      []string // in the order in which they come
}

// A handover is where one goroutine gives the request up and another goes on with it.
type handover struct{ from, to, way string }

// parks is the function by which a goroutine gives something up to the lot.
const parks = "lot.(*Waiter).Park"

// parses is the package of which only that it is passed is drawn.
const parses = "httpparse"

// draw draws a walk. above reports whether a package imports another, directly or not.
func draw(w walk, above func(pkg, imports string) bool) drawing {
	var rounds [][]steps.Step
	for _, r := range w.Rounds {
		r = withoutLooks(r)
		if w.Cut {
			r = own(r)
		}
		rounds = append(rounds, r)
	}
	common := common(rounds)
	// The round that has all of it and least else.
	best := slices.MaxFunc(rounds, func(a, b []steps.Step) int {
		return cmp.Or(cmp.Compare(has(a, common), has(b, common)), cmp.Compare(len(b), len(a)))
	})
	d := drawing{title: w.Title, steps: slices.DeleteFunc(slices.Clone(best), func(s steps.Step) bool { return !common[key(s)] })}
	d.part()
	for _, s := range d.steps {
		if len(s.Stack) > 1 && !s.Wake {
			if from, to := s.Stack[1], s.Stack[0]; above(to.Package(), from.Package()) {
				d.up = append(d.up, fmt.Sprintf("`%s` → `%s`", from.Name, to.Name))
			}
		}
	}
	slices.Sort(d.up)
	d.up = slices.Compact(d.up)
	return d
}

// part parts the steps into legs, and finds the handovers.
func (d *drawing) part() {
	carries, wakes := map[string]bool{}, map[string]bool{} // by goroutine
	for _, s := range d.steps {
		carries[s.Goroutine] = carries[s.Goroutine] || moves(s)
		wakes[s.Goroutine] = wakes[s.Goroutine] || s.Wake
	}
	t := tracker{drawing: d, moved: map[string]bool{}, deepest: map[string]steps.Step{}}
	for _, s := range d.steps {
		if carries[s.Goroutine] {
			d.legs = pass(d.legs, s)
			t.follow(s)
		} else if wakes[s.Goroutine] { // else it is the clock
			d.wakers = pass(d.wakers, s)
		}
	}
}

// A tracker knows which goroutine has the request, step after step.
type tracker struct {
	*drawing
	holder  string                // the role of the goroutine that has the request
	moved   map[string]bool       // by goroutine: it has had the request
	woken   []handover            // to goroutines that have not moved yet
	deepest map[string]steps.Step // of the holder's, by package
}

// follow notes a handover that s is, or that s shows to have happened.
func (t *tracker) follow(s steps.Step) {
	r := role(s)
	if moves(s) && !t.moved[s.Goroutine] {
		t.moved[s.Goroutine] = true
		t.takes(r, s)
	}
	if r != t.holder {
		return
	}
	switch p := s.Stack[0].Package(); {
	case s.Wake:
		t.woken = append(t.woken, handover{from: r, way: way(s.Stack)})
	case s.Stack[0].Name == parks:
		t.handOver(handover{r, "the lot", way(s.Stack)})
	case len(s.Stack) > len(t.deepest[p].Stack):
		t.deepest[p] = s
	}
}

// takes makes a role the holder. s is its first step that does more than wait.
func (t *tracker) takes(r string, s steps.Step) {
	switch {
	case t.holder == "":
	case len(t.woken) > 0:
		t.handOver(handover{t.woken[0].from, r, t.woken[0].way})
		t.woken = t.woken[1:]
	default: // what was left in some place is taken from there
		t.handOver(handover{t.holder, r, way(t.deepest[packageOf(r)].Stack) + ", taken by `" + s.Stack[0].Name + "`"})
	}
	t.holder = r
}

func (d *drawing) handOver(h handover) {
	if !slices.Contains(d.handovers, h) {
		d.handovers = append(d.handovers, h)
	}
}

// pass has the leg of s pass its file; if there is none, it is a new one.
func pass(legs []*leg, s steps.Step) []*leg {
	i := slices.IndexFunc(legs, func(l *leg) bool { return l.role == role(s) })
	if i < 0 {
		i = len(legs)
		legs = append(legs, &leg{role: role(s)})
	}
	l := legs[i]
	if !slices.Contains(l.goroutines, s.Goroutine) {
		l.goroutines = append(l.goroutines, s.Goroutine)
	}
	if file := s.Stack[0].File; !slices.Contains(l.files, file) {
		l.files = append(l.files, file)
	}
	return legs
}

// way is the files that lie on the way: those of all functions that run while the request makes a system call, or is handed over. To
// follow it one reads them; the other files only compute, decide or remember something for them. It is sorted.
func (d *drawing) way() []string {
	all := map[string]bool{}
	for _, s := range d.steps {
		carries := slices.ContainsFunc(d.legs, func(l *leg) bool { return l.role == role(s) })
		if !carries || !s.Kernel && !s.Wake && s.Stack[0].Name != parks {
			continue
		}
		for _, f := range s.Stack {
			if p := f.Package(); p != parses && p != "program" {
				all[f.File] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// files is all the files that the walk passes, sorted.
func (d *drawing) files() []string {
	all := map[string]bool{}
	for _, l := range append(slices.Clone(d.legs), d.wakers...) {
		for _, f := range l.files {
			all[f] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// withoutLooks leaves out what the lot's goroutines call outside of the lot, unless the request begins there: they look at something
// that waits, and leave it. How often they do depends on when the kernel says that a descriptor can be written.
func withoutLooks(all []steps.Step) (kept []steps.Step) {
	first := slices.IndexFunc(all, moves)
	inside := func(f steps.Frame) bool { return f.Package() == steps.Waits }
	for _, s := range all {
		outside := slices.ContainsFunc(s.Stack, func(f steps.Frame) bool { return !inside(f) })
		if s.Goroutine == all[first].Goroutine || packageOf(role(s)) != steps.Waits || !outside {
			kept = append(kept, s)
		}
	}
	return kept
}

// own leaves out what the request's worker does for the exchange before. The worker's own function calls another package to run an
// exchange; what its package does right before that, it does for the request too.
func own(all []steps.Step) []steps.Step {
	first := slices.IndexFunc(all, moves)
	begins, worker := -1, ""
	for i, s := range all {
		if s.Goroutine != all[first].Goroutine && moves(s) && outer(s) {
			begins, worker = i, s.Goroutine
		}
	}
	for i := begins - 1; i >= 0; i-- {
		s := all[i]
		if s.Goroutine != worker {
			continue
		}
		if moves(s) && s.Stack[0].Package() != packageOf(role(s)) && !outer(s) {
			break
		}
		begins = i
	}
	carries := map[string]bool{} // by goroutine
	for _, s := range all {
		carries[s.Goroutine] = carries[s.Goroutine] || moves(s)
	}
	var kept []steps.Step
	for i, s := range all {
		if i >= begins || carries[s.Goroutine] && s.Goroutine != worker {
			kept = append(kept, s)
		}
	}
	return kept
}

// outer reports whether a goroutine's own function has called another package.
func outer(s steps.Step) bool {
	return len(s.Stack) == 2 && s.Stack[0].Package() != s.Stack[1].Package()
}

// common is the steps that most rounds have.
func common(rounds [][]steps.Step) map[string]bool {
	count, most := map[string]int{}, map[string]bool{}
	for _, r := range rounds {
		seen := map[string]bool{}
		for _, s := range r {
			if k := key(s); !seen[k] {
				seen[k] = true
				count[k]++
				most[k] = count[k] > len(rounds)/2
			}
		}
	}
	return most
}

// has is how many different steps of those in want the round has.
func has(round []steps.Step, want map[string]bool) int {
	seen := map[string]bool{}
	for _, s := range round {
		if k := key(s); want[k] {
			seen[k] = true
		}
	}
	return len(seen)
}

// key is what makes a step the same in two rounds.
func key(s steps.Step) string { return fmt.Sprint(role(s), " ", s.Stack[0].Name, s.Wake) }

// moves reports whether s is more than waiting.
func moves(s steps.Step) bool { return s.Stack[0].Package() != steps.Waits }

// role is the function that the goroutine of s began with, but for those of the program around.
func role(s steps.Step) string {
	for _, f := range slices.Backward(s.Stack) {
		if f.Package() != "program" {
			return f.Name
		}
	}
	return s.Stack[len(s.Stack)-1].Name
}

// way is the calls that led to the first of stack: where they leave the goroutine's own package, and where they enter each further one.
func way(stack []steps.Frame) string {
	var names []string
	for i, f := range slices.Backward(stack) {
		switch {
		case f.Package() == "program":
		case len(names) == 0, f.Package() != stack[i+1].Package():
			names = append(names, "`"+f.Name+"`")
		case len(names) == 1:
			names[0] = "`" + f.Name + "`"
		}
	}
	return strings.Join(names, " → ")
}

// packageOf is the folder of a function's package.
func packageOf(function string) string {
	slash := strings.LastIndexByte(function, '/') + 1
	name, _, _ := strings.Cut(function[slash:], ".")
	return function[:slash] + name
}
