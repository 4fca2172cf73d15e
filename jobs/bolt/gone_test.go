package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrite_promisesNothingInAFileThatIsGone: what is written to a file without a name, or to one that is elsewhere now, the next start does
// not find.
func TestWrite_promisesNothingInAFileThatIsGone(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(dir, away string) error{
		"moved away": os.Rename,
		"replaced": func(dir, away string) error {
			return errors.Join(os.Rename(dir, away), os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "jobs.db"), nil, 0o600))
		},
	} {
		dir, away := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "away")
		s := opened(t, dir, plenty)
		first := created(t, s, 10)
		if err := take(dir, away); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Create(job()); !errors.Is(err, errGone) || !strings.Contains(err.Error(), "put the directory back") {
			t.Errorf("%s: a job is accepted with %v", name, err)
		}
		if err := errors.Join(os.RemoveAll(dir), os.Rename(away, dir)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(first.ID); err != nil {
			t.Errorf("%s: the job from before: %v", name, err)
		}
		created(t, s, 10) // it is there again
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Create(job()); !errors.Is(err, errGone) {
			t.Errorf("%s, and removed: a job is accepted with %v", name, err)
		}
	}
}
