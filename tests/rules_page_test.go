package tests

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tenfour/explain"
	"tenfour/program"
)

// rulesPage is docs/rules.md: its rows, by their ids.
type rulesPage map[string]*ruleRow

// ruleRow is a row of a table, with the commands that have its id.
type ruleRow struct {
	line     string
	sections []string // that it cites: "9112 §3.2"
	tested   bool     // it names a test
	commands []string
	shown    []string // the lines under its commands
}

var (
	rulesRow     = regexp.MustCompile(`^\| ([A-Z]\d+) \| (.*) \|$`)
	rulesCommand = regexp.MustCompile(`^\$ .* # ([A-Z]\d+)$`)
	rulesTest    = regexp.MustCompile(`\[Test\w+\]\(`)

	// section is one that a row cites, or an answer: "9112 §3.2". In a row the number of the RFC may stand before several.
	section = regexp.MustCompile(`(?:(\d{4}|draft-[\w-]+) )?(§[\d.]*\d)`)
	cited   = regexp.MustCompile(`(?:RFC )?((?:\d{4}|draft-[\w-]+) §[\d.]*\d): `)
)

func sectionsIn(text string) (all []string) {
	rfc := ""
	for _, m := range section.FindAllStringSubmatch(text, -1) {
		if m[1] != "" {
			rfc = m[1]
		}
		all = append(all, rfc+" "+m[2])
	}
	return all
}

func readRulesPage(t *testing.T) rulesPage {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	p := rulesPage{}
	var of *ruleRow // the row of the command above; nil for none
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if m := rulesRow.FindStringSubmatch(line); m != nil {
			if p[m[1]] != nil {
				t.Errorf("two rows have the id %s", m[1])
			}
			cells := strings.Split(m[2], " | ")
			p[m[1]] = &ruleRow{line: line, sections: sectionsIn(m[2]), tested: rulesTest.MatchString(cells[len(cells)-1])}
			continue
		}
		switch m := rulesCommand.FindStringSubmatch(line); {
		case m != nil:
			if of = p[m[1]]; of == nil {
				t.Fatalf("no row above has the id of %s", line)
			}
			of.commands = append(of.commands, line)
		case strings.HasPrefix(line, "$ "), strings.HasPrefix(line, "```"):
			of = nil
		case of != nil:
			of.shown = append(of.shown, line)
		}
	}
	return p
}

// TestRules_citeTheSectionsOfTheirRows: each row of docs/rules.md has a test and a command, and each answer under its commands cites a
// section of the row. scripts/test.sh runs the commands.
func TestRules_citeTheSectionsOfTheirRows(t *testing.T) {
	p := readRulesPage(t)
	answers := 0
	for id, row := range p {
		if !row.tested || len(row.commands) == 0 {
			t.Errorf("%s has a test: %t, and %d commands, want both: %s", id, row.tested, len(row.commands), row.line)
		}
		for _, line := range row.shown {
			if m := cited.FindStringSubmatch(line); m != nil {
				answers++
				if !slices.Contains(row.sections, m[1]) {
					t.Errorf("%s cites %s, and is answered: %s", id, row.sections, line)
				}
			}
		}
	}
	if len(p) < 100 || answers < 80 {
		t.Errorf("the page has %d rows, and %d answers that cite a section: is it written in another way?", len(p), answers)
	}
}

// TestRules_standInTheSourceWithTheirSections: a rule that refuses nothing has no answer that cites its section. What tenfour explain says of
// the bytes in its commands cites it then, or else the source does, at the place that acts on it.
func TestRules_standInTheSourceWithTheirSections(t *testing.T) {
	source := sectionsIn(sourceOf(t, "httpparse", "forward", "front"))
	explained := 0
	for id, row := range readRulesPage(t) {
		if len(row.sections) == 0 || slices.ContainsFunc(row.shown, func(line string) bool { return cited.MatchString(line) }) {
			continue
		}
		said := explainedSections(t, row.commands)
		switch {
		case slices.ContainsFunc(row.sections, func(s string) bool { return slices.Contains(said, s) }):
			explained++
		case !slices.ContainsFunc(row.sections, func(s string) bool { return slices.Contains(source, s) }):
			t.Errorf("%s cites %q: neither explain nor the source of httpparse, forward and front cites it for %q", id, row.sections, row.commands)
		}
	}
	if explained < 20 {
		t.Errorf("explain cites the sections of %d rows, want most of those that refuse nothing", explained)
	}
}

// sourceOf returns all the Go source of some packages, without their tests.
func sourceOf(t *testing.T, folders ...string) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has the files %q, error %v", folder, files, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}

// quoted is a text that a command gives to printf, perhaps by way of a function.
var quoted = regexp.MustCompile(`'([^']*HTTP/[^']*)'`)

// explainedSections returns the sections that tenfour explain cites for what it decides of the messages in some commands, and for what
// tenfour changes in them.
func explainedSections(t *testing.T, commands []string) (all []string) {
	t.Helper()
	for _, command := range commands {
		for _, m := range quoted.FindAllStringSubmatch(command, -1) {
			var out, errs bytes.Buffer
			file := writeFile(t, filepath.Join(t.TempDir(), "raw"), printed(t, m[1]))
			if code := program.Run(t.Context(), []string{"explain", "--json", "--as-request-through", file}, &out, &errs, nil); code != program.Stopped {
				t.Fatalf("explain of %q ended with %d: %s", m[1], code, errs.String())
			}
			for lines := json.NewDecoder(&out); lines.More(); {
				var r struct {
					Decisions []explain.Decision
					Through   []explain.Sent
				}
				if err := lines.Decode(&r); err != nil {
					t.Fatal(err)
				}
				for _, d := range r.Decisions {
					all = append(all, sectionsIn(d.Section)...)
				}
				for _, s := range r.Through {
					for _, c := range s.Changes {
						all = append(all, sectionsIn(c.Section)...)
					}
				}
			}
		}
	}
	return all
}

// printed is what the shell's printf prints for a format.
func printed(t *testing.T, format string) string {
	t.Helper()
	escape := regexp.MustCompile(`\\([0-7]{1,3}|.)|%%`)
	return escape.ReplaceAllStringFunc(format, func(e string) string {
		if e == "%%" {
			return "%"
		}
		if n, err := strconv.ParseUint(e[1:], 8, 8); err == nil {
			return string([]byte{byte(n)})
		}
		text, err := strconv.Unquote(`"` + e + `"`)
		if err != nil {
			t.Fatalf("%q: what does printf make of %q?", format, e)
		}
		return text
	})
}
