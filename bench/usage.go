package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// CPU is the CPU time of a process tree, in seconds.
type CPU struct{ User, System float64 }

func (c CPU) Total() float64    { return c.User + c.System }
func (c CPU) Minus(o CPU) CPU   { return CPU{c.User - o.User, c.System - o.System} }
func (c CPU) Per(n float64) CPU { return CPU{c.User / n, c.System / n} }

// clockTick is the unit of /proc/PID/stat: USER_HZ, which is 100 on every Linux that Go runs on.
const clockTick = 100

// stat is the part of /proc/PID/stat that is needed.
type stat struct {
	parent int
	cpu    CPU // its own and that of its children that have ended
}

// parseStat reads a line of /proc/PID/stat. The name, in parentheses, may contain anything.
func parseStat(line []byte) (stat, error) {
	end := bytes.LastIndexByte(line, ')')
	if end < 0 {
		return stat{}, fmt.Errorf("stat has no name: %q", line)
	}
	f := bytes.Fields(line[end+1:]) // f[0] is field 3, the state
	if len(f) < 15 {
		return stat{}, fmt.Errorf("stat has %d fields after the name: %q", len(f), line)
	}
	var n [5]int
	for i, at := range [5]int{1, 11, 12, 13, 14} { // ppid, utime, stime, cutime, cstime
		v, err := strconv.Atoi(string(f[at]))
		if err != nil {
			return stat{}, fmt.Errorf("stat, field %d: %w", at+3, err)
		}
		n[i] = v
	}
	return stat{parent: n[0], cpu: CPU{float64(n[1]+n[3]) / clockTick, float64(n[2]+n[4]) / clockTick}}, nil
}

// tree returns root and its descendants.
func tree(root int) map[int]stat {
	dirs, _ := filepath.Glob("/proc/[0-9]*/stat")
	all := make(map[int]stat, len(dirs))
	for _, name := range dirs {
		line, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended meanwhile
		}
		s, err := parseStat(line)
		if err != nil {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		all[pid] = s
	}
	ours := map[int]stat{}
	for pid, s := range all {
		for at, depth := pid, 0; at > 1 && depth < 20; at, depth = all[at].parent, depth+1 {
			if at == root {
				ours[pid] = s
				break
			}
		}
	}
	return ours
}

// cpuOf returns the CPU time of root and its descendants so far.
func cpuOf(root int) CPU {
	var sum CPU
	for _, s := range tree(root) {
		sum.User += s.cpu.User
		sum.System += s.cpu.System
	}
	return sum
}

// pssOf returns the memory of root and its descendants in KiB. A shared page is divided among the processes that share it.
func pssOf(root int) float64 {
	var sum float64
	for pid := range tree(root) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue
		}
		for line := range bytes.Lines(text) {
			if rest, ok := bytes.CutPrefix(line, []byte("Pss:")); ok {
				kib, _ := strconv.ParseFloat(string(bytes.Fields(rest)[0]), 64)
				sum += kib
			}
		}
	}
	return sum
}

// peakMeter samples a process tree's memory until Stop.
type peakMeter struct {
	root  int
	quit  chan struct{} // closed by Stop
	ended sync.WaitGroup
	peak  float64 // KiB; may be read after Stop
}

// peakEvery is long enough not to disturb the process, because reading smaps_rollup holds the lock of its memory map.
const peakEvery = 250 * time.Millisecond

func startPeak(root int) *peakMeter {
	m := &peakMeter{root: root, quit: make(chan struct{})}
	m.ended.Go(m.sample) // ends with Stop
	return m
}

func (m *peakMeter) sample() {
	every := time.NewTicker(peakEvery)
	defer every.Stop()
	for {
		m.peak = max(m.peak, pssOf(m.root))
		select {
		case <-m.quit:
			return
		case <-every.C:
		}
	}
}

// Stop takes a last sample and returns the largest in KiB.
func (m *peakMeter) Stop() float64 {
	close(m.quit)
	m.ended.Wait()
	return max(m.peak, pssOf(m.root))
}
