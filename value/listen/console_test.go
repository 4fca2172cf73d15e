package listen

import (
	"strings"
	"testing"
)

func TestParseConsole_saysWhichOnesAreOfThisMachineAlone(t *testing.T) {
	for text, want := range map[string]struct {
		at    Console
		local bool
	}{
		"off":                     {Console{}, true},
		"127.0.0.1:8900":          {Console{Where: "127.0.0.1:8900"}, true},
		"http://127.0.0.2:0":      {Console{Where: "127.0.0.2:0"}, true},
		"[::1]:8900":              {Console{Where: "[::1]:8900"}, true},
		"[::ffff:127.0.0.1]:8900": {Console{Where: "[::ffff:127.0.0.1]:8900"}, true},
		"localhost:8900":          {Console{Where: "localhost:8900"}, true},
		"LocalHost:8900":          {Console{Where: "LocalHost:8900"}, true},
		"unix:/run/console":       {Console{"/run/console", true}, true},
		":8900":                   {Console{Where: ":8900"}, false},
		"0.0.0.0:8900":            {Console{Where: "0.0.0.0:8900"}, false},
		"[::]:8900":               {Console{Where: "[::]:8900"}, false},
		"192.0.2.1:8900":          {Console{Where: "192.0.2.1:8900"}, false},
		"localhost.example:8900":  {Console{Where: "localhost.example:8900"}, false},
		"127.0.0.1.example:8900":  {Console{Where: "127.0.0.1.example:8900"}, false},
	} {
		got, err := ParseConsole(text)
		if err != nil || got != want.at || got.Local() != want.local {
			t.Errorf("%s: got %+v, of this machine alone: %t (%v); want %+v, %t", text, got, got.Local(), err, want.at, want.local)
		}
		if again, err := ParseConsole(got.String()); err != nil || again != got {
			t.Errorf("%s: it is written %s, which is read as %+v (%v)", text, got, again, err)
		}
	}
}

func TestParseConsole_refusesInWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                       ConsoleWants,
		"on":                     ConsoleWants,
		"8900":                   ConsoleWants,
		"127.0.0.1":              ConsoleWants,
		"https://127.0.0.1:8900": "plain HTTP",
		"fd://3":                 "plain HTTP",
		"127.0.0.1:99999":        "a port from 0 to 65535",
		"unix:":                  "the path of a socket",
		"a b:8900":               ConsoleWants,
	} {
		if got, err := ParseConsole(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v; want %q", text, got, err, want)
		}
	}
}
