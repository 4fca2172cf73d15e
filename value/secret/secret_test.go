package secret

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// TestDoubt_looksAtTheTimeOfACertificate one moment before a bound, at it, and one after.
func TestDoubt_looksAtTheTimeOfACertificate(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	end := begin.Add(90 * 24 * time.Hour)
	pair := tls.Certificate{Leaf: &x509.Certificate{NotBefore: begin, NotAfter: end}}
	for name, tc := range map[string]struct {
		now  time.Time
		want string
	}{
		"before it begins":       {begin.Add(-time.Second), "is not valid before 2026-01-01 00:00 UTC"},
		"when it begins":         {begin, ""},
		"more than a week left":  {end.Add(-soon - time.Second), ""},
		"a week left":            {end.Add(-soon), "ends on 2026-04-01 00:00 UTC"},
		"at its end":             {end, "ends on"},
		"a second after its end": {end.Add(time.Second), "has expired on 2026-04-01 00:00 UTC"},
	} {
		if got := Doubt(pair, tc.now); (got == "") != (tc.want == "") || !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}
