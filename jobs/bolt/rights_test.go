package bolt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpen_tellsWhenOthersMayReadJobs: what tenfour made, or a directory that others can only list, is no reason to say anything.
func TestOpen_tellsWhenOthersMayReadJobs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	told := func() (all []string) {
		s, err := Open(dir, Options{Caps: plenty.Caps, Told: func(err error) { all = append(all, err.Error()) }})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := told(); len(got) != 0 {
		t.Errorf("its own files: %q", got)
	}
	for name, mode := range map[string]os.FileMode{"": 0o777, "bodies": 0o777, "jobs.db": 0o644} {
		path := filepath.Join(dir, name)
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []os.FileMode{mode, before.Mode().Perm()} {
			if err := os.Chmod(path, m); err != nil {
				t.Fatal(err)
			}
			got := told()
			if m != mode && len(got) != 0 || m == mode && (len(got) != 1 || !strings.Contains(got[0], path) || !strings.Contains(got[0], "chmod")) {
				t.Errorf("%s with %o: %q", path, m, got)
			}
		}
	}
}
