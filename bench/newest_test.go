package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestNewest_isTheHighestVersion(t *testing.T) {
	versions := map[string]string{"/a": "2.6.12", "/b": "2.11.9", "/c": "2.9", "/d": "", "/e": "3.5"}
	for _, tc := range []struct{ paths, want string }{
		{"/a /b /c", "/b"}, {"/d /c", "/c"}, {"/d", "/d"}, {"/b /b", "/b"}, {"/e /b", "/e"},
	} {
		if got := newest(strings.Fields(tc.paths), func(path string) string { return versions[path] }); got != tc.want {
			t.Errorf("of %s: got %s, want %s", tc.paths, got, tc.want)
		}
	}
}

// TestLookPeer_findsTheNewest: two programs of one name in PATH, the older first.
func TestLookPeer_findsTheNewest(t *testing.T) {
	old, now := t.TempDir(), t.TempDir()
	for dir, version := range map[string]string{old: "v2.9.1", now: "v2.11.9"} {
		script := "#!/bin/sh\necho " + version + " h1:abc=\n"
		if err := os.WriteFile(filepath.Join(dir, "caddy"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", old+":"+now+":relative:"+os.Getenv("PATH"))
	got, err := lookPeer("caddy")
	if err != nil || got != filepath.Join(now, "caddy") {
		t.Errorf("got %s, %v; want the one in %s", got, err, now)
	}
	if _, err := lookPeer("no-such-program"); err == nil {
		t.Error("a program that there is not was found")
	}
}

// TestFindContenders_saysWhichPeersAreMissing, and that each kind with a limit has a tuned one too.
func TestFindContenders_saysWhichPeersAreMissing(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"tenfour", "caddy", "haproxy"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho 3.4.5\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	all, err := findContenders(t.Context(), filepath.Join(dir, "tenfour"), "", []string{"caddy=" + filepath.Join(dir, "caddy"), "haproxy=" + filepath.Join(dir, "haproxy")})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range all {
		if c.Name != "nginx" { // it may be installed
			names = append(names, c.Name)
		}
	}
	for _, want := range []string{"caddy", "caddy-tuned", "haproxy", "haproxy-tuned"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s among %s", want, names)
		}
	}
	missing := missingPeers(slices.DeleteFunc(all, func(c *Contender) bool { return c.Name == "nginx" }))
	if len(missing) != 1 || !strings.HasPrefix(missing[0], "nginx does not take part") || !strings.Contains(missing[0], "--peer nginx=PATH") {
		t.Errorf("got %q", missing)
	}
}

func TestStatic_servesADirectory(t *testing.T) {
	set := setup{Listen: "127.0.0.1:8000", Site: "/srv/site", Files: 2000}
	for _, k := range kinds {
		c := &Contender{Name: k.name, Kind: k}
		if c.TakesPart(static) != k.serves {
			t.Errorf("%s takes part: %t", k.name, c.TakesPart(static))
		}
		if !k.serves {
			continue
		}
		text, err := c.Configuration(set)
		if err != nil || !strings.Contains(text, "/srv/site") || strings.Contains(text, "proxy_pass") || strings.Contains(text, "reverse_proxy") || strings.Contains(text, "upstream") {
			t.Errorf("%s: %v\n%s", k.name, err, text)
		}
	}
}

func TestConfiguration_nginxHasLargeBuffersForLargeBodies(t *testing.T) {
	for _, bulk := range []bool{false, true} {
		set := setup{Listen: "127.0.0.1:8000", Backends: []string{"127.0.0.1:1"}, Bulk: bulk, Files: 2000}
		text, err := (&Contender{Name: "nginx", Kind: kindOf("nginx")}).Configuration(set)
		if err != nil || strings.Contains(text, "proxy_buffers 16 256k") != bulk || strings.Contains(text, "proxy_buffers 32 16k") == bulk {
			t.Errorf("bulk %t: %v\n%s", bulk, err, text)
		}
	}
	if !big.Bulk || !up.Bulk || keep.Bulk {
		t.Error("big and up have large bodies, keep has not")
	}
}
