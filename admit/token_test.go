package admit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTokens_errorsContainNoToken, not even if name and token are swapped.
func TestTokens_errorsContainNoToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	text := "s3cret1 ann\ns3cret2 ann\nann s3cret3 s3cret4\ns3cret5\nann sha256:s3cret6\nann s3cret7\x01\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := NewTokens(file)
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v, want an error without a token", err)
	}
	if want := file + ":2: it has the token of line 1"; err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
}
