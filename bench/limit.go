package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// The limit is limit/relay.c: what passing bytes on costs when nobody reads them. It is shown, and counts in no goal.
var (
	// relay has a connection to the backend for each of a client's. With persistent ones no proxy can do with less.
	relay = &kind{
		name: "relay",
		args: func(path, _ string, s *setup) []string { return []string{path, s.Listen, s.Backends[0]} },
		only: []string{"close", "keep"},
	}
	// pooledRelay keeps its connections to the backend, as the proxies do. It closes its clients, and so has no place in keep.
	pooledRelay = &kind{
		name: "relay-pooled",
		args: func(path, _ string, s *setup) []string {
			return []string{path, s.Listen, s.Backends[0], "pooled", smallTarget}
		},
		only: []string{"close"},
	}
)

func isLimit(contender string) bool { return strings.HasPrefix(contender, relay.name) }

// buildLimit builds the tree's relay into dir. Without a C compiler there is no relay, and a sentence that says so.
func buildLimit(ctx context.Context, root, dir string) (path, missing string, err error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", "no C compiler (cc), so nobody shows the limit: there is no row for relay", nil
	}
	path = filepath.Join(dir, "relay")
	out, err := exec.CommandContext(ctx, cc, "-O2", "-o", path, filepath.Join(root, "bench", "limit", "relay.c")).CombinedOutput()
	if err != nil {
		return "", "", fmt.Errorf("build bench/limit/relay.c: %w: %s", err, bytes.TrimSpace(out))
	}
	return path, "", nil
}
