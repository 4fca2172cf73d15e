package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// The limit is limit/relay.c: the cost of forwarding bytes without parsing them. It is shown, and counts in no goal.
var (
	// relay opens a connection to the backend for each connection of a client. With persistent connections no proxy can be
	// cheaper.
	relay = &kind{
		name: "relay",
		args: func(path, _ string, s *setup) []string { return []string{path, s.Listen, s.Backends[0]} },
		only: []string{"close", "keep"},
	}
	// pooledRelay keeps its connections to the backend, as the proxies do. It closes its clients' connections, so that it cannot
	// take part in keep.
	pooledRelay = &kind{
		name: "relay-pooled",
		args: func(path, _ string, s *setup) []string {
			return []string{path, s.Listen, s.Backends[0], "pooled", smallTarget}
		},
		only: []string{"close"},
	}
)

func isLimit(contender string) bool { return strings.HasPrefix(contender, relay.name) }

// buildLimit builds the relay into dir. Without a C compiler there is no relay, and missing is a sentence that says so.
func buildLimit(ctx context.Context, root, dir string) (path, missing string, err error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", "no C compiler (cc) was found, so that there is no row for relay, which shows the limit", nil
	}
	path = filepath.Join(dir, "relay")
	out, err := exec.CommandContext(ctx, cc, "-O2", "-o", path, filepath.Join(root, "bench", "limit", "relay.c")).CombinedOutput()
	if err != nil {
		return "", "", fmt.Errorf("build bench/limit/relay.c: %w: %s", err, bytes.TrimSpace(out))
	}
	return path, "", nil
}
