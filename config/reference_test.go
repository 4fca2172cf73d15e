package config

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/settings.md anew")

// TestReference_isWhatTheSettingsSay compares docs/settings.md with what is made of the settings.
func TestReference_isWhatTheSettingsSay(t *testing.T) {
	const page = "../docs/settings.md"
	var want bytes.Buffer
	if err := Reference(&want); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == want.String() {
		return
	}
	lines := strings.Split(string(got), "\n")
	for i, line := range strings.Split(want.String(), "\n") {
		if i >= len(lines) || lines[i] != line {
			t.Fatalf("docs/settings.md differs from line %d on: go generate ./config\nwant %s", i+1, line)
		}
	}
	t.Fatal("docs/settings.md has more than the settings say: go generate ./config")
}

// TestReference_hasEverySetting: none has been left without what the reference and the example need.
func TestReference_hasEverySetting(t *testing.T) {
	for _, s := range settings {
		name := s.key + " --" + s.flag
		if s.unit == "" || s.more == "" || (s.flag != "") != (s.help != "") || s.flag != "" && (s.arg() == "") != s.isSwitch() {
			t.Errorf("%s: it has no unit, help or explanation", name)
		}
		if s.byDefault() == "" {
			t.Errorf("%s: it has no default, and does not say what that means", name)
		}
		if s.key != "" && s.flag != "" && s.of != ofLimit && !strings.Contains(s.key, ".") && s.key != "backends" &&
			strings.ReplaceAll(s.flag, "-", "_") != s.key {
			t.Errorf("%s: key and flag differ", name)
		}
	}
}

// TestReference_showsWhatIsTrue: its file is right, and its mistakes are told as it says.
func TestReference_showsWhatIsTrue(t *testing.T) {
	var page strings.Builder
	if err := Reference(&page); err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(page.String(), "```")
	file, said := strings.TrimPrefix(blocks[1], "toml\n"), strings.TrimSpace(blocks[3])
	if got := holds(t, file); !strings.Contains(got, `path = "/api/" # tenfour.toml:9`) {
		t.Errorf("its file: got %s", got)
	}
	wrong := strings.Replace(strings.Replace(file, "workers = 8", `workers = "many"`, 1), "backends", "backend", 1)
	if got := holds(t, wrong); got != said {
		t.Errorf("got %s\nwant %s", got, said)
	}
}
