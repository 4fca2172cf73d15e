package secret

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWebhookKeys_areALineEach(t *testing.T) {
	key := func(n int) string {
		return "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, n))
	}
	name := filepath.Join(t.TempDir(), "keys")
	for text, want := range map[string]struct {
		sizes []int
		err   string
	}{
		key(24): {[]int{24}, ""}, key(64) + "\n": {[]int{64}, ""}, " " + key(32) + " \r\n\n" + key(24) + "\n": {[]int{32, 24}, ""},
		"": {nil, "empty"}, "\n\n": {nil, "empty"}, key(23): {nil, "not 23"}, key(65): {nil, "not 65"}, "whsec_": {nil, "not 0"},
		key(24) + "\n" + key(24) + "\n" + key(24):    {nil, "3 keys"},
		strings.TrimPrefix(key(24), "whsec_"):        {nil, "line 1: a key begins with whsec_"},
		key(24) + "\nhunter2hunter2":                 {nil, "line 2: a key begins with whsec_"},
		key(24) + key(24):                            {nil, "not base64"},
		strings.TrimRight(key(25), "="):              {nil, "not base64"},
		"whsec_" + strings.Repeat("-_", 20):          {nil, "not base64"},
		"whsec_" + strings.Repeat("A", 33) + "B==\n": {nil, "not base64"},
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		keys, err := WebhookKeys(name)
		if want.err != "" {
			if err == nil || !strings.Contains(err.Error(), want.err) || strings.Contains(err.Error(), "hunter2") || len(keys) != 0 {
				t.Errorf("%q: got %v, %v; want an error with %q", text, keys, err, want.err)
			}
			continue
		}
		if err != nil || len(keys) != len(want.sizes) {
			t.Errorf("%q: got %d keys, %v; want %d", text, len(keys), err, len(want.sizes))
			continue
		}
		for i, size := range want.sizes {
			if len(keys[i]) != size || keys[i][0] != 0xfb {
				t.Errorf("%q: key %d has %d bytes, want %d", text, i+1, len(keys[i]), size)
			}
		}
	}
}
