package main

import (
	_ "embed"
	"os"
	"path/filepath"
)

//go:embed peers/jobqueue.py
var queueSource []byte

// pythonQueue is peers/jobqueue.py: what one would write instead of jobs, with a server and a database of Python's own.
var pythonQueue = &kind{
	name:    "python-queue",
	program: "python3",
	args: func(path, _ string, s *setup) []string {
		return []string{path, s.Queue, s.Listen, s.Backends[0]}
	},
	version: func(path string) []string { return []string{path, "--version"} },
	only:    []string{"jobs"},
}

// writeQueue writes the queue's source into dir.
func writeQueue(dir string) (path string, err error) {
	path = filepath.Join(dir, "jobqueue.py")
	return path, os.WriteFile(path, queueSource, 0o644)
}
