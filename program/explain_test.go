package program

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runOn runs tenfour with arguments, the last of which is a file of raw bytes.
func runOn(t *testing.T, raw string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	file := filepath.Join(t.TempDir(), "bytes")
	if err := os.WriteFile(file, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code = Run(t.Context(), append(args, file), &out, &errs, nil)
	return code, out.String(), errs.String()
}

const plainHead = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

func TestExplain_exitCodes(t *testing.T) {
	tests := map[string]struct {
		raw  string
		args []string
		code int
		says string // stdout, or stderr
	}{
		"a request":                  {plainHead, []string{"explain"}, Stopped, "request, 27 bytes\n"},
		"one that is refused":        {"GET / HTTP/1.1\r\n\r\n", []string{"explain"}, Stopped, "refused with 400 at byte 16, in line 2: HTTP/1.1 without Host (RFC 9112 §3.2)"},
		"no bytes":                   {"", []string{"explain"}, Stopped, "incomplete: there are no bytes"},
		"too many bytes":             {plainHead + strings.Repeat("\n", explainMost), []string{"explain"}, Stopped, "only the first 1048576 bytes are read"},
		"a flag that is not":         {plainHead, []string{"explain", "--jsn"}, Usage, "did you mean --json?"},
		"a config that is not there": {plainHead, []string{"explain", "--config", "/nonexistent/tenfour.toml"}, Usage, "/nonexistent/tenfour.toml"},
		"two configs":                {plainHead, []string{"explain", "--config", "a", "--as-request-through=b"}, Usage, "write one of them"},
		"through the defaults":       {plainHead, []string{"explain", "--as-request-through"}, Stopped, "to the backend 127.0.0.1:9001, "},
		"answered by tenfour":        {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", []string{"explain", "--as-request-through"}, Stopped, "TRACE is not served here"},
		"through, and refused":       {"GET /\r\n", []string{"explain", "--as-request-through"}, Stopped, "refused with 400"},
		"two files":                  {plainHead, []string{"explain", "a"}, Usage, "2 files"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runOn(t, tc.raw, tc.args...)
			if code != tc.code || !strings.Contains(stdout+stderr, tc.says) {
				t.Errorf("got %d, %q, %q; want %d, %q", code, stdout, stderr, tc.code, tc.says)
			}
			if code != Stopped && stdout != "" {
				t.Errorf("an error wrote %q to stdout", stdout)
			}
		})
	}
	var stdout, stderr bytes.Buffer
	if code := Run(t.Context(), []string{"explain", "/nonexistent/bytes"}, &stdout, &stderr, nil); code != Failed || stderr.Len() == 0 {
		t.Errorf("a file that is missing: got %d, %q; want %d and why", code, stderr.String(), Failed)
	}
}

func TestExplain_writesJSONOneMessageInALine(t *testing.T) {
	_, stdout, _ := runOn(t, plainHead+"GET /b\x00", "explain", "--json")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if len(lines) != 2 {
		t.Fatalf("got %d lines, want 2\n%s", len(lines), stdout)
	}
	var first, second struct {
		What, Bytes string
		Runs        []struct{ Kind string }
		Refusal     *struct {
			Offset  int
			Section string
		}
	}
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || first.Bytes != plainHead || first.Refusal != nil || first.Runs[0].Kind != "method" {
		t.Errorf("got %+v, %v; want the first request", first, err)
	}
	if err := json.Unmarshal([]byte(lines[1]), &second); err != nil || second.Refusal == nil || second.Refusal.Offset != 6 || second.Refusal.Section != "RFC 9112 §3.2" {
		t.Errorf("got %s, %v; want a refusal at byte 6", lines[1], err)
	}
}
