package tests

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// standingFile in the environment is where the test binary, when it is tenfour, writes how it stands on SIGUSR1.
const standingFile = "TENFOUR_TEST_STANDING"

// standing is what a process has at a moment.
type standing struct {
	Goroutines  map[string]int // by what started them
	Heap        uint64         // bytes in use
	descriptors []string       // by what they lead to, without pipes: some of those are kept
}

// tellStanding has the process write how it stands whenever it is asked. It is called before the program begins.
func tellStanding() {
	file := os.Getenv(standingFile)
	if file == "" {
		return
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() { // ends with the process
		for range asked {
			s, err := json.Marshal(standingNow())
			if err == nil {
				err = os.WriteFile(file+".next", s, 0o600)
			}
			if err == nil {
				os.Rename(file+".next", file)
			}
		}
	}()
}

func standingNow() standing {
	runtime.GC()
	runtime.GC() // what pools keep goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s := standing{Goroutines: map[string]int{}, Heap: m.HeapAlloc}
	for one := range strings.SplitSeq(string(stacks()), "\n\n") {
		by := "the program"
		if _, after, found := strings.Cut(one, "created by "); found {
			by, _, _ = strings.Cut(after, " in goroutine")
			by, _, _ = strings.Cut(by, "\n")
		}
		s.Goroutines[by]++
	}
	return s
}

// standingProcess is tenfour in a process of its own that tells how it stands.
type standingProcess struct {
	*ownProcess
	t    *testing.T
	file string
}

// startStanding is startProgram.
func startStanding(t *testing.T, env, backends []string, flags ...string) *standingProcess {
	t.Helper()
	file := filepath.Join(t.TempDir(), "standing")
	return &standingProcess{startProgram(t, append(env, standingFile+"="+file), backends, flags...), t, file}
}

// standing asks tenfour how it stands.
func (w *standingProcess) standing() standing {
	w.t.Helper()
	os.Remove(w.file)
	w.cmd.Process.Signal(syscall.SIGUSR1)
	var now standing
	eventually(w.t, "tenfour tells how it stands", func() bool {
		b, err := os.ReadFile(w.file)
		return err == nil && json.Unmarshal(b, &now) == nil
	})
	dir := fmt.Sprintf("/proc/%d/fd", w.cmd.Process.Pid)
	list, err := os.ReadDir(dir)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range list {
		to, err := os.Readlink(filepath.Join(dir, e.Name()))
		to, _, _ = strings.Cut(to, ":[")
		if err == nil && to != "pipe" {
			now.descriptors = append(now.descriptors, to)
		}
	}
	slices.Sort(now.descriptors)
	return now
}

// rest returns how tenfour stands when nothing changes any more.
func (w *standingProcess) rest() standing {
	w.t.Helper()
	last := w.standing()
	eventually(w.t, "tenfour comes to rest", func() bool {
		await.Pace(50 * time.Millisecond) // in which something may change
		now := w.standing()
		same := now.like(last)
		last = now
		return same
	})
	return last
}

// returnsTo waits until tenfour stands as it did before, and fails the test when it does not come to that.
func (w *standingProcess) returnsTo(before standing) {
	w.t.Helper()
	var now standing
	await.Holds(patience, func() bool { // the checks below say what is different
		now = w.standing()
		return now.like(before)
	})
	if !maps.Equal(before.Goroutines, now.Goroutines) {
		w.t.Errorf("goroutines by what started them: before\n%v\nand after\n%v", before.Goroutines, now.Goroutines)
	}
	if !slices.Equal(before.descriptors, now.descriptors) {
		w.t.Errorf("descriptors: before\n%v\nand after\n%v", before.descriptors, now.descriptors)
	}
	if now.Heap > before.Heap+heapMost {
		w.t.Errorf("%d bytes of heap were in use before, %d after", before.Heap, now.Heap)
	}
	w.t.Logf("heap: %d KiB before, %d KiB after", before.Heap>>10, now.Heap>>10)
}

func (s standing) like(other standing) bool {
	return maps.Equal(s.Goroutines, other.Goroutines) && slices.Equal(s.descriptors, other.descriptors)
}

// heapMost is how much more of the heap may be in use after an attack: what grows with the number of things that were ever
// there at a time, and is not given back.
const heapMost = 4 << 20
