package program

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
		"what a terminal shows":      {"$ nc a 80\n" + plainHead + "$ ", []string{"explain"}, Stopped, "were left out: 2\n"},
		"a hex dump":                 {"00000000  47 45 54 20 2f 20 48 54  |GET / HT|\n", []string{"explain", "--json"}, Stopped, "this looks like a hex dump"},
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

// TestExplain_throughPrintsNoCredentialOfTheConfiguration: what it prints is shown to others. A credential that came in is shown.
func TestExplain_throughPrintsNoCredentialOfTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TENFOUR_TEST_KEY", "kept-private-1")
	writeText(t, filepath.Join(dir, "credential"), "kept-private-2\n")
	config := writeText(t, filepath.Join(dir, "tenfour.toml"), `
[[route]]
backends = "127.0.0.1:9001"
credential_file = "`+filepath.Join(dir, "credential")+`"
request.set = { X-Own = "env:TENFOUR_TEST_KEY" }
`)
	const raw = "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer mine\r\nCookie: sid=mine-too\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	for _, format := range []string{"--json=true", "--json=false"} {
		code, stdout, stderr := runOn(t, raw, "explain", format, "--config", config)
		if code != Stopped || strings.Contains(stdout+stderr, "kept-private") {
			t.Errorf("%s: got %d, and a credential of the configuration in\n%s%s", format, code, stdout, stderr)
		}
		for _, want := range []string{"Authorization: Bearer ***", "X-Own: ***", "sid=mine-too", "the route's credential"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: got\n%s\nwant %q in it", format, stdout, want)
			}
		}
	}
}

func writeText(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestExplain_throughReadsEachResponseAsTheAnswerToItsRequest: the second of two pipelined requests is a HEAD, and its response alone has no body.
func TestExplain_throughReadsEachResponseAsTheAnswerToItsRequest(t *testing.T) {
	const response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
	raw := plainHead + "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + response + "ok" + response + "HTTP/1.1 204 No Content\r\n\r\n"
	_, stdout, _ := runOn(t, raw, "explain", "--json", "--as-request-through")
	var lengths []int
	var bodies []string
	for lines := json.NewDecoder(strings.NewReader(stdout)); lines.More(); {
		var r struct {
			Length  int
			Through []struct{ Body string }
		}
		if err := lines.Decode(&r); err != nil {
			t.Fatal(err)
		}
		lengths = append(lengths, r.Length)
		bodies = append(bodies, r.Through[0].Body)
	}
	if want := []int{len(plainHead), 28, 28, len(response) + 2, len(response), 27}; !slices.Equal(lengths, want) {
		t.Fatalf("got messages of %d bytes, want %d\n%s", lengths, want, stdout)
	}
	if bodies[3] == bodies[4] {
		t.Errorf("the bodies of a GET's and a HEAD's response are both %q", bodies[3])
	}
}

func TestExplain_namesTheOwnBackendOfARouteThatServesFiles(t *testing.T) {
	config := writeText(t, filepath.Join(t.TempDir(), "tenfour.toml"), "[[route]]\nserve = \".\"\n")
	if _, stdout, stderr := runOn(t, plainHead, "explain", "--config", config); !strings.Contains(stdout, "to tenfour's own backend, which serves the files of .") {
		t.Errorf("got\n%s%s", stdout, stderr)
	}
}

func TestExplain_failsWhenItCannotWrite(t *testing.T) {
	file := writeText(t, filepath.Join(t.TempDir(), "bytes"), plainHead)
	for _, flags := range [][]string{nil, {"--json"}, {"--as-request-through"}, {"--json", "--as-request-through"}} {
		var stderr bytes.Buffer
		code := Run(t.Context(), append(append([]string{"explain"}, flags...), file), full{}, &stderr, nil)
		if code != Failed || !strings.Contains(stderr.String(), "the disk is full") {
			t.Errorf("%q: got %d, %q; want %d and why", flags, code, stderr.String(), Failed)
		}
	}
}

// full is a file on a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }
