// Command walk draws the walk of a request as it runs: the files that it passes, and where one goroutine hands it to another.
//
//	go run ./tests/walk            prints it as docs/walk.md has it
//	go run ./tests/walk -steps     prints every call
//	go run ./tests/walk -update    writes it into docs/walk.md
//	go run ./tests/walk -check     fails if docs/walk.md shows other files, or another number of handovers
//
// It builds tenfour from copies of the sources in which every function begins by recording that it runs, and sends it requests. No name
// of a function is written here but that of the lot's Park, so it follows the code wherever that goes. It is tried on Linux only.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"tenfour/tests/walk/steps"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "walk:", err)
		os.Exit(1)
	}
}

func run() error {
	following := flag.Bool("follow", false, "what the copy is told: send the requests, and print the steps")
	all := flag.Bool("steps", false, "print every call")
	updates := flag.Bool("update", false, "write "+page)
	checks := flag.Bool("check", false, "fail if "+page+" shows something else")
	flag.Parse()
	if *following {
		walks, err := follow()
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(walks)
	}
	drawings, err := drawAll()
	if err != nil {
		return err
	}
	switch text := markdown(drawings); {
	case *updates:
		return update(text)
	case *checks:
		return checkAgain(check(text))
	case *all:
		for _, d := range drawings {
			fmt.Println(d.title)
			for _, s := range d.steps {
				fmt.Println(line(s))
			}
		}
	default:
		fmt.Print(text)
	}
	return nil
}

// drawnMost is how often the walk is drawn before it counts as another one than the page shows.
const drawnMost = 4

// checkAgain draws the walk again while the page shows another one: which of two racers is woken first depends on the machine. A walk that has
// changed differs every time.
func checkAgain(err error) error {
	for drawn := 1; err != nil && drawn < drawnMost; drawn++ {
		drawings, failed := drawAll()
		if failed != nil {
			return failed
		}
		err = check(markdown(drawings))
	}
	return err
}

// line is a step for people, indented by how deep it is.
func line(s steps.Step) string {
	what := s.Stack[0].Name + "  " + s.Stack[0].File
	if s.Wake {
		what = "wakes another goroutine"
	}
	return fmt.Sprintf("%6s %s%s", s.Goroutine, strings.Repeat("  ", len(s.Stack)), what)
}

// drawAll builds the copy, has it follow its requests, and draws them.
func drawAll() ([]drawing, error) {
	dir, err := os.MkdirTemp("", "walk")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program, err := build(dir)
	if err != nil {
		return nil, err
	}
	copied := exec.Command(program, "-follow")
	copied.Stderr = os.Stderr
	out, err := copied.Output()
	if err != nil {
		return nil, fmt.Errorf("the instrumented copy: %w", err)
	}
	var walks []walk
	if err := json.Unmarshal(out, &walks); err != nil {
		return nil, err
	}
	above, err := imports()
	if err != nil {
		return nil, err
	}
	var drawings []drawing
	for _, w := range walks {
		drawings = append(drawings, draw(w, above))
	}
	return drawings, nil
}

// imports returns what reports whether a package of ours imports another, directly or not.
func imports() (func(pkg, imports string) bool, error) {
	out, err := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./program").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	deps := map[string][]string{}
	for l := range strings.Lines(string(out)) {
		f := strings.Fields(l)
		deps[f[0]] = f[1:]
	}
	return func(pkg, imports string) bool { return slices.Contains(deps["tenfour/"+pkg], "tenfour/"+imports) }, nil
}
