package httpparse

import (
	"strings"
	"testing"
)

func TestIsToken_isWhatARequestMayHaveForAMethod(t *testing.T) {
	for c := range 256 {
		text := "a" + string([]byte{byte(c)}) + "b"
		if got := IsToken(text); got != isToken(byte(c)) {
			t.Errorf("%q: got %v", text, got)
		}
	}
	if IsToken("") {
		t.Error("nothing is a token")
	}
}

func TestFieldNamed_findsEveryKnownField(t *testing.T) {
	for id, name := range fieldNames {
		if id == int(FieldOther) {
			continue
		}
		for _, written := range []string{name, strings.ToUpper(name)} {
			if got := FieldNamed(written); got != FieldID(id) {
				t.Errorf("%s: got %d, want %d", written, got, id)
			}
		}
		if got := FieldNamed(name + "x"); got != FieldOther {
			t.Errorf("%sx: got %d", name, got)
		}
	}
}
