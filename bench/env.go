package main

import (
	"os"
	"path/filepath"
	"time"
)

// Sizes are the numbers and durations of a run.
type Sizes struct {
	Load, Open, Transfer time.Duration
	SeedRequests         int
	SeedMost             time.Duration
	Idle, Loris, Readers int
	RestartRequests      int
	ForkRequests         int
	RaceRequests         int
	JobsHeld             int // jobs that are kept, for what each of them takes
}

var (
	fullSizes  = Sizes{Load: 3 * time.Second, Open: 3 * time.Second, Transfer: 3 * time.Second, SeedRequests: 4000, SeedMost: 15 * time.Second, Idle: 8000, Loris: 2000, Readers: 30, RestartRequests: 6000, ForkRequests: 100, RaceRequests: 300, JobsHeld: 100000}
	quickSizes = Sizes{Load: time.Second, Open: 600 * time.Millisecond, Transfer: 600 * time.Millisecond, SeedRequests: 800, SeedMost: 5 * time.Second, Idle: 2000, Loris: 500, Readers: 30, RaceRequests: 100, JobsHeld: 2000}
)

// Env is the environment of a run: its files, its sizes, and the results of earlier passes that later ones need.
type Env struct {
	Sizes
	Dir, Site string
	Script    string // the script of wrk
	Files     int
	Cert      *certFiles
	Queue     string             // the source of python-queue
	rates     map[string]float64 // of the open loop, by scenario; the same in all rounds
}

func newEnv(o *Options, dir string) (*Env, error) {
	e := &Env{Sizes: fullSizes, Dir: dir, Site: filepath.Join(dir, "site"), Files: mostFiles(), rates: map[string]float64{}}
	if o.Quick {
		e.Sizes = quickSizes
	}
	if err := os.Mkdir(e.Site, 0o755); err != nil {
		return nil, err
	}
	if err := writeSite(e.Site); err != nil {
		return nil, err
	}
	var err error
	if e.Cert, err = writeCert(dir); err != nil {
		return nil, err
	}
	if e.Queue, err = writeQueue(dir); err != nil {
		return nil, err
	}
	e.Script, err = writeWrkScript(dir)
	return e, err
}
