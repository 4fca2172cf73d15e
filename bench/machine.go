package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// Machine describes the machine on which a report was made.
type Machine struct {
	CPU    string
	CPUs   int
	Memory string
	Kernel string
	Go     string
	Load   string // the load average before the run, which shows what else was running
}

func describeMachine() Machine {
	m := Machine{CPU: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	if name := fileField("/proc/cpuinfo", "model name"); name != "" {
		m.CPU = name
	}
	var kib int
	fmt.Sscanf(fileField("/proc/meminfo", "MemTotal"), "%d", &kib)
	m.Memory = fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	release, _, _ := strings.Cut(strings.TrimSpace(string(kernel)), "-")
	m.Kernel = "Linux " + release
	load, _ := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(load)); len(f) >= 3 {
		m.Load = strings.Join(f[:3], " ")
	}
	return m
}

// fileField returns the value in a line "name : value" of a file in /proc.
func fileField(path, name string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// mostFiles returns the limit of descriptors, which the started programs inherit.
func mostFiles() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 1024
	}
	return int(min(l.Cur, 1<<20))
}

// moduleRoot returns the folder of tenfour's go.mod.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").CombinedOutput()
	path, dir, _ := strings.Cut(string(bytes.TrimSpace(out)), " ")
	if err != nil || path != "tenfour" {
		return "", fmt.Errorf("run it in tenfour's tree: it builds tenfour from there (go list -m: %s)", bytes.TrimSpace(out))
	}
	return dir, nil
}

// buildTenfour builds the tree's tenfour into dir. It uses a default.pgo of the tree, as every go build does.
func buildTenfour(ctx context.Context, root, dir string) (path, about string, err error) {
	path = filepath.Join(dir, "tenfour")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, ".")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("build tenfour: %w: %s", err, bytes.TrimSpace(out))
	}
	git := func(args ...string) string {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = root
		out, _ := cmd.Output()
		return strings.TrimSpace(string(out))
	}
	about = "from the tree"
	if commit := git("rev-parse", "--short", "HEAD"); commit != "" {
		about = commit
		if git("status", "--porcelain", "--untracked-files=no", "--", "*.go", "go.mod") != "" {
			about += " with changes"
		}
	}
	if _, err := os.Stat(filepath.Join(root, "default.pgo")); err == nil {
		about += ", PGO"
	}
	return path, about, nil
}
