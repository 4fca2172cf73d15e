package program

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestExplain_printsWhatItsPageShows runs the examples of docs/explain.md: what follows the command in a block marked console must be what
// it prints. With UPDATE_DOCS=1 it writes the page.
func TestExplain_printsWhatItsPageShows(t *testing.T) {
	page, err := filepath.Abs("../docs/explain.md") // runOn changes the directory
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```console\n\\$ (printf '[^\n]*') \\| tenfour (explain[^\n]*)\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(examples) == 0 || len(examples) != strings.Count(string(text), "```console") {
		t.Fatalf("%s: %d examples can be run, of %d blocks marked console", page, len(examples), strings.Count(string(text), "```console"))
	}
	shown := string(text)
	for _, example := range examples {
		raw, err := exec.Command("sh", "-c", example[1]).Output()
		if err != nil {
			t.Fatalf("%s: %v", example[1], err)
		}
		_, got, stderr := runOn(t, string(raw), strings.Fields(example[2])...)
		if got != example[3] {
			t.Errorf("%s | tenfour %s\ngot\n%s%s\nwant, as the page has it,\n%s", example[1], example[2], got, stderr, example[3])
		}
		shown = strings.Replace(shown, example[0], strings.TrimSuffix(example[0], example[3]+"```")+got+"```", 1)
	}
	if os.Getenv("UPDATE_DOCS") == "1" {
		if err := os.WriteFile(page, []byte(shown), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
