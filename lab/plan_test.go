package lab

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestParse_readsOptionsAndAddress(t *testing.T) {
	for spec, want := range map[string]string{
		"fork":                               "127.0.0.1:0 … listens again 40ms later",
		"fork:":                              "127.0.0.1:0 … listens again 40ms later",
		"fork:pause=1s":                      "127.0.0.1:0 … listens again 1s later",
		"fork@127.0.0.1:9001":                "127.0.0.1:9001 … listens again 40ms later",
		"fork:pause=1s@[::1]:9001":           "[::1]:9001 … listens again 1s later",
		"fork:listen=localhost:9001,pause=0": "localhost:9001 … listens again 0s later",
		"slow:rate=1KiB,size=2MB":            "127.0.0.1:0 … sends its 2000000 of body at 1KiB a second",
		"single:backlog=1,keep=true":         "127.0.0.1:0 … while 1 more may wait",
		"mute@:9001":                         ":9001 … accepts, and never answers",
	} {
		p, err := Parse(spec)
		if err != nil {
			t.Errorf("%s: %v", spec, err)
			continue
		}
		listen, does, _ := strings.Cut(want, " … ")
		if p.Listen != listen || !strings.HasSuffix(p.Does(), does) {
			t.Errorf("%s: got %s … %s, want %s", spec, p.Listen, p.Does(), want)
		}
	}
}

func TestParse_returnsWhatIsWrong(t *testing.T) {
	for spec, want := range map[string]string{
		"":                         `"": no such kind; there are slow, single`,
		"forc":                     `forc: "forc": no such kind; did you mean fork?`,
		"rest":                     `did you mean reset?`,
		"toaster":                  `"toaster": no such kind; there are slow, single`,
		"fork:puase=1s":            `"puase": fork has no such option; did you mean pause?; it has pause, listen`,
		"mute:delay=1s":            `"delay": mute has no such option; it has listen`,
		"fork:pause":               `pause: write key=value, such as pause=40ms`,
		"fork:pause=1s,":           `"": fork has no such option`,
		"fork:pause=1s,pause=2s":   `pause: given twice`,
		"fork:pause=40":            `pause=40: write a duration`,
		"fork:pause=-1s":           `0s or more`,
		"restart:up=0":             `up=0: 1ms or more`,
		"flaky:fail=1.1":           `fail=1.1: a share from 0 to 1`,
		"flaky:fail=NaN":           `a share from 0 to 1`,
		"flaky:status=200":         `status=200: write a status from 400 to 599`,
		"flaky:status=500|":        `write a status`,
		"flaky:seed=-1":            `seed=-1: write a whole number`,
		"single:backlog=6":         `backlog=6: 1 to 5`,
		"single:keep=1":            `keep=1: true or false`,
		"big:size=1MiBB":           `write a size`,
		"big:size=1025GiB":         `1024GiB at most`,
		"short:size=0":             `size=0: 1 or more`,
		"mute@127.0.0.1":           `@127.0.0.1: write HOST:PORT`,
		"mute@":                    `@: write HOST:PORT`,
		"mute@127.0.0.1:99999":     `port "99999": 0 to 65535`,
		"mute:listen=9001":         `listen=9001: write HOST:PORT`,
		"mute:listen=:9001@:9002":  `listen= and @: one of the two`,
		"slow:rate=1KiB;delay=10s": `rate=1KiB;delay=10s: write a size`,
	} {
		if _, err := Parse(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one with %q", spec, err, want)
		}
	}
}

func TestDoes_namesTheGivenOptions(t *testing.T) {
	for spec, want := range map[string]string{
		"slow:delay=1s,rate=1KiB":          "answers 1s after each request, then sends its 4KiB of body at 1KiB a second",
		"flaky:fail=0.07,status=500|503":   "answers within 300ms, and 7 % of its answers are 500 or 503",
		"reset:fail=0.5":                   "reads each request, and resets the connection of 50 % of them without an answer",
		"single:backlog=2,keep=true":       "serves one connection until its client ends it, 2ms a request, while 2 more may wait",
		"restart:up=" + time.Hour.String(): "serves well for 1h0m0s, resets every connection, is gone for 500ms, and begins again",
	} {
		p, err := Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Does(); got != want {
			t.Errorf("%s: got %q, want %q", spec, got, want)
		}
	}
}

func TestDocs_haveTheTableOfKinds(t *testing.T) {
	page, err := os.ReadFile("../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| kind | what it does by default | options and their defaults |\n|---|---|---|\n")
	for _, k := range kinds {
		f, o := k.defaults()
		var cells []string
		for _, option := range o {
			what := strings.ReplaceAll(option.what, "|", `\|`)
			cells = append(cells, fmt.Sprintf("`%s=%s`: %s", option.key, option.def, what))
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", k.name, f.does(), strings.Join(cells, "<br>"))
	}
	if !strings.Contains(string(page), table.String()) {
		t.Errorf("docs/lab.md does not have this table:\n%s", table.String())
	}
	var help strings.Builder
	Help(&help)
	for _, k := range kinds {
		f, o := k.defaults()
		for _, want := range append([]string{k.name + " "}, o.keys()...) {
			if !strings.Contains(help.String(), "  "+want) {
				t.Errorf("the help has no %q", want)
			}
		}
		if !strings.Contains(help.String(), f.does()) {
			t.Errorf("the help does not say what %s does", k.name)
		}
	}
}
