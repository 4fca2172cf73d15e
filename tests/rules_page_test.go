package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// section is one that a row of docs/rules.md cites, or an answer: "9112 §3.2". In a row the number of the RFC may stand before several.
var section = regexp.MustCompile(`(?:(\d{4}) )?(§[\d.]*\d)`)

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

// TestRules_citeTheSectionsOfTheirRows: each answer under a table of docs/rules.md cites a section of the row that its command belongs
// to, each row has a test, and each row that refuses has a command or says which test shows it. scripts/test.sh runs the commands.
func TestRules_citeTheSectionsOfTheirRows(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`^\| ([A-Z]\d+) \| (.*) \|$`)
	command := regexp.MustCompile(`^\$ .* # ([A-Z]\d+)$`)
	cited := regexp.MustCompile(`RFC (\d{4} §[\d.]*\d): `)
	sections, shown, of := map[string][]string{}, map[string]bool{}, ""
	answers := 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if m := row.FindStringSubmatch(line); m != nil {
			if sections[m[1]] != nil {
				t.Errorf("two rows have the id %s", m[1])
			}
			cells := strings.Split(m[2], " | ")
			sections[m[1]] = append(sectionsIn(m[2]), "–")
			if !regexp.MustCompile(`\[Test\w+\]\(`).MatchString(cells[len(cells)-1]) {
				t.Errorf("%s has no test: %s", m[1], line)
			}
			continue
		}
		if m := command.FindStringSubmatch(line); m != nil {
			of = m[1]
			shown[of] = true
			if sections[of] == nil {
				t.Errorf("no row has the id of %s", line)
			}
			continue
		}
		if m := cited.FindStringSubmatch(line); m != nil && of != "" {
			answers++
			if !slices.Contains(sections[of], m[1]) {
				t.Errorf("%s cites %s, and is answered: %s", of, sections[of], line)
			}
		}
	}
	if len(sections) < 100 || len(shown) < 70 || answers < 60 {
		t.Errorf("the page has %d rows, %d of them with commands, and %d answers that cite a section: is it written in another way?", len(sections), len(shown), answers)
	}
}
