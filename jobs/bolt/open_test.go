package bolt

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenfour/jobs"
	"tenfour/tests/await"

	bbolt "go.etcd.io/bbolt"
)

// noon is the moment at which the jobs of these tests are created.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// job returns a job that is new.
func job() jobs.Job {
	return jobs.Job{ID: jobs.NewID(), Created: noon, Deadline: noon.Add(time.Hour), Keep: time.Hour, Request: jobs.Request{Method: "POST"}}
}

var plenty = Options{Caps: jobs.Caps{Jobs: 1 << 20, Bytes: 1 << 40}}

// opened opens a store of the test's own.
func opened(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// created creates a job with a body of n bytes.
func created(t testing.TB, s *Store, n int) jobs.Job {
	t.Helper()
	j := job()
	body, err := s.PutBody(j.ID, bytes.NewReader(make([]byte, n)), 8<<20)
	if err == nil {
		j.Request.Body = body
		j, err = s.Create(j)
	}
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestOpen_makesFilesThatOnlyTheirOwnerReads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "data")
	created(t, opened(t, dir, plenty), 100_000)
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOpen_refusesASecondProcess(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, plenty)
	o := plenty
	o.LockWait = 20 * time.Millisecond
	_, err := Open(dir, o)
	if !errors.Is(err, jobs.ErrInUse) || !strings.Contains(err.Error(), "choose another directory") {
		t.Errorf("got %v, want ErrInUse and what to do", err)
	}
	second := make(chan error)
	go func() { // ends when it has the directory
		s, err := Open(dir, plenty) // waits, as one that takes over does
		if err == nil {
			err = s.Close()
		}
		second <- err
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := await.Value(t, second, "the second one to have the directory"); err != nil {
		t.Error(err)
	}
}

// TestOpen_refusesADamagedFile: it says so and what to do, and the file is as it was.
func TestOpen_refusesADamagedFile(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, plenty)
	j := created(t, s, 60_000)
	for range 200 {
		created(t, s, 100)
	}
	used := int64(0)
	err := s.db.View(func(tx *bbolt.Tx) error { used = tx.Size(); return nil })
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	good, err := os.ReadFile(s.path())
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	other, _ := encode(j)
	other[0] = 9
	tests := map[string]func([]byte) []byte{
		"it is of another program":       func([]byte) []byte { return bytes.Repeat([]byte("text\n"), 10_000) },
		"it is too short for a page":     func(b []byte) []byte { return b[:100] },
		"both meta pages are zero":       func(b []byte) []byte { clear(b[:2*page]); return b },
		"all but the meta pages is zero": func(b []byte) []byte { clear(b[2*page:]); return b },
		"it ends after the meta pages":   func(b []byte) []byte { return b[:2*page] },
		"its last page is cut":           func(b []byte) []byte { return b[:used-1] },
		"a record has another byte": func(b []byte) []byte { // in each copy: some may lie in pages that are free
			return bytes.ReplaceAll(b, []byte(j.ID.String()), []byte("x"+j.ID.String()[1:]))
		},
		"its pages are random": func(b []byte) []byte { copy(b[2*page:], bytes.Repeat([]byte{0xa5, 3, 0x11}, len(b))); return b },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			bad := damage(bytes.Clone(good))
			if err := os.WriteFile(s.path(), bad, 0o600); err != nil {
				t.Fatal(err)
			}
			tried := Try(dir)
			s, err := Open(dir, plenty)
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, jobs.ErrDamaged) || !strings.Contains(err.Error(), "put back a copy") {
				t.Errorf("got %v, want ErrDamaged and what to do", err)
			}
			if !errors.Is(tried, jobs.ErrDamaged) {
				t.Errorf("Try says %v, want ErrDamaged", tried)
			}
			if after, _ := os.ReadFile(filepath.Join(dir, "jobs.db")); !bytes.Equal(after, bad) {
				t.Error("the file is not as it was")
			}
		})
	}
	if _, err := decode(other); err == nil || !strings.Contains(err.Error(), "format is 9") {
		t.Errorf("a record of another format: %v", err)
	}
}

func TestOpen_removesBodiesWithoutARecord(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, plenty)
	kept := created(t, s, 100_000)
	lost := jobs.NewID()
	for _, id := range []jobs.ID{lost, kept.ID} { // one of no job, and one that a job has no more
		if _, err := s.PutBody(id, bytes.NewReader(make([]byte, 100_000)), 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	foreign := filepath.Join(s.bodies, "README")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = opened(t, dir, plenty)
	await.Until(t, "there are the body and the foreign file", func() bool { return suite.Bodies(dir) == 2 })
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a file that is none of its own was removed: %v", err)
	}
	if r, err := s.OpenBody(kept.Request.Body); err != nil {
		t.Error(err)
	} else {
		r.Close()
	}
}

func TestSweep_happensByItself(t *testing.T) {
	o := plenty
	o.SweepEvery = 5 * time.Millisecond
	s := opened(t, t.TempDir(), o)
	j, err := created(t, s, 0).Cancel(time.Now().Add(-2 * time.Hour))
	if err == nil {
		_, err = s.Update(j)
	}
	if err != nil {
		t.Fatal(err)
	}
	await.Until(t, "the job is gone", func() bool { return s.Usage() == jobs.Usage{} })
}

// TestRecord_isReadable: what a person finds in the file is JSON.
func TestRecord_isReadable(t *testing.T) {
	record, err := encode(job())
	if err != nil || !json.Valid(record[headLength:]) || !strings.Contains(string(record), `"State":"accepted"`) {
		t.Errorf("got %q, %v", record, err)
	}
	for n := range record {
		if _, err := readHead(record[:n]); err == nil {
			t.Errorf("%d bytes of %d were read", n, len(record))
		}
	}
}
