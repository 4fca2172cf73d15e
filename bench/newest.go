package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// lookPeer returns the newest program of that name in PATH, and in the folders of Debian's servers, which are not in an ordinary
// user's PATH. A machine often has the system's and, in /usr/local, the one that its owner wants.
func lookPeer(name string) (string, error) {
	found := programs(name, append(filepath.SplitList(os.Getenv("PATH")), "/usr/local/sbin", "/usr/sbin"))
	if len(found) == 0 {
		return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
	}
	if k := kindOf(name); len(found) > 1 && k != nil && k.version != nil {
		return newest(found, func(path string) string {
			argv := k.version(path)
			out, _ := exec.Command(argv[0], argv[1:]...).CombinedOutput() // one that does not run has no version, and loses
			if v := versionNumber.FindString(string(out)); v != "" {
				return v
			}
			return versionNumber.FindString(builtVersion(path, ""))
		}), nil
	}
	return found[0], nil
}

// programs returns the executable files of that name in the folders, each once.
func programs(name string, folders []string) []string {
	var found []string
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if !filepath.IsAbs(path) { // a relative folder of PATH: exec refuses it too
			continue
		}
		if _, err := exec.LookPath(path); err == nil && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	return found
}

// newest returns the path with the highest version; the first of equal ones.
func newest(paths []string, version func(path string) string) string {
	best, bestVersion := paths[0], version(paths[0])
	for _, path := range paths[1:] {
		if v := version(path); compareVersions(v, bestVersion) > 0 {
			best, bestVersion = path, v
		}
	}
	return best
}

// compareVersions compares "2.11.9" with "2.6.12" number by number. What is no number is 0, so that no version is older than any.
func compareVersions(a, b string) int {
	return slices.Compare(versionNumbers(a), versionNumbers(b))
}

func versionNumbers(version string) []int {
	var all []int
	for part := range strings.SplitSeq(version, ".") {
		end := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' })
		if end >= 0 {
			part = part[:end]
		}
		n, _ := strconv.Atoi(part)
		all = append(all, n)
	}
	return all
}

// builtVersion returns the version of the module that a Go program was built from, because a Caddy from "go install" does not know its
// own; or else.
func builtVersion(path, or string) string {
	info, err := buildinfo.ReadFile(path)
	if err != nil || info.Main.Version == "" {
		return or
	}
	return info.Main.Version
}

func (c *Contender) askVersion(ctx context.Context) (string, error) {
	if c.Kind.version == nil {
		return "no parsing", nil
	}
	argv := c.Kind.version(c.Path)
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: ask for its version: %w: %s", c.Name, err, bytes.TrimSpace(out))
	}
	line, _, _ := strings.Cut(string(bytes.TrimSpace(out)), "\n")
	if !versionNumber.MatchString(line) {
		line = builtVersion(c.Path, line)
	}
	for _, cut := range []string{"nginx version: ", "HAProxy version ", "tenfour "} {
		line = strings.TrimPrefix(line, cut)
	}
	line, _, _ = strings.Cut(line, " - http") // leaves HAProxy's address out
	return line, nil
}
