// Package storetest has the tests that every store of jobs passes: what it promises, also when it is killed between any two writes.
//
//	var suite = storetest.Suite{Open: func(dir string, caps jobs.Caps, step func(string) error) (jobs.Store, error) { … }}
//
//	func TestMain(m *testing.M) {
//		if suite.Child() { // this process is one that a test kills
//			return
//		}
//		os.Exit(m.Run())
//	}
//	func TestStore(t *testing.T)       { suite.Run(t) }
//	func TestStore_kill9(t *testing.T) { suite.Kill(t) }
//
// A test knows the store by jobs.Store alone, so another store runs the same tests unchanged. What only one store has, such as its
// file, is tested beside it.
package storetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
)

// Suite is a kind of store.
type Suite struct {
	// Open opens the store that is at dir. Opened again after Close, or after a crash, it has what it has promised. It calls step
	// before each step of a write, whatever its steps are, with a name; step's error is the step's.
	Open func(dir string, caps jobs.Caps, step func(string) error) (jobs.Store, error)
	// Bodies is how many large bodies are stored at dir, also those that no record has. nil for a store that cannot tell.
	Bodies func(dir string) int
}

// noon is the moment at which the jobs of these tests are created.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// plenty is caps that no test reaches.
var plenty = jobs.Caps{Jobs: 1 << 20, Bytes: 1 << 40}

// Run runs all tests but the one that kills.
func (s Suite) Run(t *testing.T) {
	for name, test := range map[string]func(*testing.T, Suite){
		"returns what was created":                     testCreate,
		"changes only the revision that it has":        testConflict,
		"loses no change of many goroutines":           testHammer,
		"keeps bodies of every size":                   testBodies,
		"removes the bodies that a record has no more": testBodiesGo,
		"joins equal requests":                         testDedupe,
		"is bounded in jobs":                           testCapOfJobs,
		"is bounded in bytes":                          testCapOfBytes,
		"lists jobs by state, while they change":       testList,
		"removes what has expired":                     testSweep,
		"says that it is closed":                       testClosed,
		"does what a map would do":                     testModel,
		"keeps its promises when it fails at any step": testFaults,
		"goes on after the disk was full":              testFull,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

// open opens a store of the test's own.
func (s Suite) open(t testing.TB, dir string, caps jobs.Caps) jobs.Store {
	t.Helper()
	store, err := s.Open(dir, caps, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// job returns a job that is new.
func job() jobs.Job {
	return jobs.Job{
		ID: jobs.NewID(), Created: noon, Deadline: noon.Add(time.Hour), Keep: time.Hour,
		Request: jobs.Request{Route: "/", Method: "POST", Target: []byte("/caf\xe9"), Fields: []byte("X-A: \xff\r\n")},
	}
}

// must fails the test when there is an error.
func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// wants fails the test unless err is what was wanted.
func wants(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// created creates a job with a body.
func created(t testing.TB, store jobs.Store, j jobs.Job, body []byte) jobs.Job {
	t.Helper()
	j.Request.Body = put(t, store, j.ID, body)
	j, err := store.Create(j)
	return must(t, j, err)
}

// put puts a body.
func put(t testing.TB, store jobs.Store, id jobs.ID, content []byte) jobs.Body {
	t.Helper()
	b, err := store.PutBody(id, bytes.NewReader(content), 8<<20)
	return must(t, b, err)
}

// read reads a body.
func read(t testing.TB, store jobs.Store, b jobs.Body) []byte {
	t.Helper()
	r, err := store.OpenBody(b)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	return must(t, content, err)
}

// begun is j with an attempt that may have been sent; ended is it with its answer.
func begun(t testing.TB, j jobs.Job) jobs.Job {
	t.Helper()
	j, err := j.Begin(noon)
	must(t, j, err)
	j, err = j.Reach("127.0.0.1:9001", forward.PartlySent)
	return must(t, j, err)
}

func ended(t testing.TB, j jobs.Job, result jobs.Body) jobs.Job {
	t.Helper()
	o := jobs.Outcome{Reached: forward.Answering, Result: jobs.Result{Status: 200, Body: result}}
	j, err := j.End(noon, o, jobs.Verdict{State: jobs.Done})
	return must(t, j, err)
}

// text is a job as text, so that two can be compared.
func text(j jobs.Job) string {
	b, err := json.Marshal(j)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// content is n bytes that are others for each id.
func content(id jobs.ID, n int) []byte {
	return bytes.Repeat(id[:], n/len(id)+1)[:n]
}
