package main

import (
	"slices"
	"strings"
	"testing"

	"tenfour/tests/walk/steps"
)

// at is a step on a goroutine, from the names of the functions on its stack: the first is the goroutine's own. With "!" in front of the
// goroutine it is a wake-up.
func at(goroutine string, names ...string) steps.Step {
	s := steps.Step{Goroutine: strings.TrimPrefix(goroutine, "!"), Wake: goroutine[0] == '!'}
	for _, n := range slices.Backward(names) {
		s.Stack = append(s.Stack, steps.Frame{Name: n, File: packageOf(n) + "/" + strings.ToLower(n[strings.LastIndexByte(n, '.')+1:]) + ".go"})
	}
	return s
}

// kernel makes a step one of a function that makes a system call.
func kernel(s steps.Step) steps.Step {
	s.Kernel = true
	return s
}

// noise is a step that one round has and the others have not.
var noise = at("9", "logs.Write")

func TestDraw_findsFilesHandoversAndCallsUp(t *testing.T) {
	above := func(pkg, imports string) bool { return pkg == "forward" && imports == "pool" }
	for name, tc := range map[string]struct {
		cut             bool
		steps           []steps.Step
		files, up, over []string
	}{
		"a goroutine wakes another": {
			steps: []steps.Step{
				at("1", "front.Serve"), at("1", "front.Serve", "pool.Enter"), at("!1", "front.Serve", "pool.Enter"), at("1", "front.Accept"),
				at("2", "pool.Work", "forward.Run"),
			},
			files: []string{"forward/run.go", "front/accept.go", "front/serve.go", "pool/enter.go"},
			up:    []string{"`pool.Work` → `forward.Run`"},
			over:  []string{"front.Serve>pool.Work: `front.Serve` → `pool.Enter`"},
		},
		"a worker takes the request from a queue when the one before has ended": {
			cut: true,
			steps: []steps.Step{
				at("1", "front.Serve"), at("1", "front.Serve", "pool.Enter"), at("1", "front.Serve", "pool.Enter", "pool.Queue"),
				at("3", "lot.Turn"), at("!3", "lot.Turn"), // the clock wakes the worker for the one before
				at("2", "pool.Work", "forward.Run", "forward.Before"),
				at("2", "pool.Work", "pool.Next"), at("2", "pool.Work", "forward.Run"),
			},
			files: []string{"forward/run.go", "front/serve.go", "pool/enter.go", "pool/next.go", "pool/queue.go"},
			up:    []string{"`pool.Work` → `forward.Run`"},
			over:  []string{"front.Serve>pool.Work: `front.Serve` → `pool.Enter`, taken by `pool.Next`"},
		},
		"the lot's goroutine looks at what waits, and wakes the worker": {
			steps: []steps.Step{
				at("2", "pool.Work", "forward.Run"), at("3", "lot.Poll", "front.Unpark"), at("3", "lot.Poll"), at("!3", "lot.Poll"),
				at("2", "pool.Work", "forward.Run", parks),
			},
			files: []string{"forward/run.go", "lot/park.go", "lot/poll.go"},
			up:    []string{"`pool.Work` → `forward.Run`"},
			over:  []string{"pool.Work>the lot: `pool.Work` → `forward.Run` → `" + parks + "`"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rounds := [][]steps.Step{append(slices.Clone(tc.steps), noise), tc.steps, tc.steps}
			d := draw(walk{Rounds: rounds, Cut: tc.cut}, above)
			var over []string
			for _, h := range d.handovers {
				over = append(over, h.from+">"+h.to+": "+h.way)
			}
			if !slices.Equal(d.files(), tc.files) || !slices.Equal(d.up, tc.up) || !slices.Equal(over, tc.over) {
				t.Errorf("got files %q, calls up %q, handovers %q; want %q, %q, %q", d.files(), d.up, over, tc.files, tc.up, tc.over)
			}
		})
	}
}

// TestDraw_theWayHasTheCallersOfSystemCallsAndHandovers: and not the files that only compute something.
func TestDraw_theWayHasTheCallersOfSystemCallsAndHandovers(t *testing.T) {
	round := []steps.Step{
		at("1", "front.Serve"), kernel(at("1", "front.Serve", "sock.Read")), at("1", "front.Serve", "front.Compute"),
		at("1", "front.Serve", "pool.Enter"), at("!1", "front.Serve", "pool.Enter"),
		at("2", "pool.Work", "forward.Run"), at("2", "pool.Work", "forward.Run", "forward.Count"), at("2", "pool.Work", "forward.Run", parks),
	}
	d := draw(walk{Rounds: [][]steps.Step{round, round, round}}, func(_, _ string) bool { return false })
	want := []string{"forward/run.go", "front/serve.go", "lot/park.go", "pool/enter.go", "pool/work.go", "sock/read.go"}
	if got := d.way(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestGist_differsWithAFileOrACount: and not with the order of files, or a function's name.
func TestGist_differsWithAFileOrACount(t *testing.T) {
	const was = "\n#### A GET\n\nHandovers: **2**.\n\n1. `a.B` passes **front/** client, head; **lot/** lot\n"
	for is, same := range map[string]bool{
		was: true,
		strings.ReplaceAll(was, "client, head", "head, client"): true,
		strings.ReplaceAll(was, "a.B", "a.C"):                   true,
		strings.ReplaceAll(was, "**2**", "**3**"):               false,
		strings.ReplaceAll(was, "head", "head, date"):           false,
		strings.ReplaceAll(was, "; **lot/** lot", ""):           false,
	} {
		if got := slices.Equal(gist(was), gist(is)); got != same {
			t.Errorf("same: %t, want %t, for %q", got, same, is)
		}
	}
}
