package secret

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenfour/value/field"
)

func TestFieldValue_isATextWithoutTheSpaceAroundIt(t *testing.T) {
	name := filepath.Join(t.TempDir(), "secret")
	for text, want := range map[string]struct {
		value string
		err   error
	}{
		"hunter2": {"hunter2", nil}, " hunter2 \r\n": {"hunter2", nil}, "Basic a b": {"Basic a b", nil},
		"": {"", ErrEmpty}, " \n": {"", ErrEmpty}, "hunter2\nhunter3": {"", field.ErrControl}, "hunter2\x00": {"", field.ErrControl},
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := FieldValue(name); got != want.value || !errors.Is(err, want.err) {
			t.Errorf("%q: got %q, %v; want %+v", text, got, err, want)
		}
	}
	t.Setenv("TENFOUR_TEST_SECRET", "hunter2\n")
	if got, err := FieldValue("env:TENFOUR_TEST_SECRET"); err != nil || got != "hunter2" {
		t.Errorf("of a variable: got %q, %v", got, err)
	}
	if got, err := Value("env:TENFOUR_TEST_NO_SECRET"); err == nil || got != "" {
		t.Errorf("of no variable: got %q, %v", got, err)
	}
	if err := os.WriteFile(name, []byte(strings.Repeat("a", Most+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(name); err == nil {
		t.Error("more than Most is read")
	}
}

func TestIsIn_findsNamesOfSecrets(t *testing.T) {
	for _, name := range []string{
		"token", "access_token", "Api-Key", "client_secret", "password", "passwd", "pass", "X-Signature", "sig", "oauth", "Authorization",
		"credential", "Set-Cookie", "sessionid",
	} {
		if !IsIn(name) {
			t.Errorf("%s: no secret is expected", name)
		}
	}
	for _, name := range []string{"", "q", "page", "X-Name", "Accept", "id", "user"} {
		if IsIn(name) {
			t.Errorf("%s: a secret is expected", name)
		}
	}
}
