package choice

import (
	"strings"
	"testing"
)

func TestParse_readsEachWord(t *testing.T) {
	testChoice(t, "off, parallel, serial or hedge", NoRace, Parallel, Serial, Hedge)
	testChoice(t, "auto, bodyless or off", KeepAuto, KeepBodyless, KeepOff)
	testChoice(t, "route, client, token or header:NAME", ByRoute, ByClient, ByToken, ByHeader)
	testChoice(t, "debug, info, warn or error", LogDebug, LogInfo, LogWarn, LogError)
	testChoice(t, "auto, text or json", FormatAuto, FormatText, FormatJSON)
	testChoice(t, "auto, text, json or combined", AccessAuto, AccessText, AccessJSON, AccessCombined)
}

// testChoice checks that each constant is read from its own word, in the order of the words, and that no other word is read.
func testChoice[T Choice](t *testing.T, wants string, all ...T) {
	t.Helper()
	if got := Wants[T](); got != wants {
		t.Errorf("got %q, want %q", got, wants)
	}
	words := strings.Split(strings.Replace(wants, " or ", ", ", 1), ", ")
	if len(words) != len(all) {
		t.Fatalf("%d words for %d values", len(words), len(all))
	}
	for i, word := range words {
		if got, err := Parse[T](word); err != nil || got != all[i] || got.String() != word {
			t.Errorf("%s: got %v, %v", word, got, err)
		}
	}
	for _, word := range []string{"", "OFF", " off", "of", "both"} {
		if got, err := Parse[T](word); err == nil || !strings.Contains(err.Error(), wants) {
			t.Errorf("%q: got %v, %v; want an error that says %q", word, got, err, wants)
		}
	}
}

func TestParseAccessLog_isReadAsItIsWritten(t *testing.T) {
	for text, want := range map[string]AccessLog{"off": {}, "stdout": {Stdout: true}, "access.log": {File: "access.log"}, "./off": {File: "./off"}} {
		if got, err := ParseAccessLog(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: got %+v, %v, written %s", text, got, err, got)
		}
	}
	if got, err := ParseAccessLog(""); err == nil {
		t.Errorf("nothing is taken for %v", got)
	}
}
