package bolt

import (
	"errors"
	"io"
	"testing"
	"time"

	"tenfour/jobs"
	"tenfour/tests/await"
)

// TestStore_readersNeverGoBack: from when bbolt shows a commit until the store has it, whatever is read after a reader that has seen the
// new state shows the new state too.
func TestStore_readersNeverGoBack(t *testing.T) {
	ended := func(j jobs.Job) jobs.Job {
		j.State, j.Request.Body = jobs.Done, jobs.Body{}
		return j
	}
	for name, write := range map[string]func(*Store, jobs.Job) error{
		"a job that ends":       func(s *Store, j jobs.Job) error { _, err := s.Update(ended(j)); return err },
		"a job that is removed": func(s *Store, j jobs.Job) error { return s.Remove(j) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			armed, shown, goOn := false, make(chan struct{}), make(chan struct{}) // armed is set while nothing is written
			o := plenty
			o.step = func(step string) error {
				if armed && step == "answer" {
					close(shown)
					<-goOn
				}
				return nil
			}
			s := opened(t, t.TempDir(), o)
			j := job()
			j.Request.Body = jobs.Body{Size: 4, Content: []byte("body")}
			j.Dedupe = jobs.Dedupe{Key: jobs.HashOf([]byte("key")), Until: j.Created.Add(time.Hour)}
			j, err := s.Create(j)
			if err != nil {
				t.Fatal(err)
			}
			readers := readersOf(s, j)
			for name, isNew := range readers {
				if isNew() {
					t.Fatalf("before the write %s shows it", name)
				}
			}
			armed = true
			written, read := make(chan error, 1), make(chan struct{})
			go func() { written <- write(s, j) }()
			await.Value(t, shown, "the commit")
			go func() {
				defer close(read)
				for first, isNew := range readers {
					if !isNew() {
						continue
					}
					for then, isNew := range readers {
						if !isNew() {
							t.Errorf("%s shows the new state, and %s, asked after it, does not", first, then)
						}
					}
				}
			}()
			select {
			case <-read:
			case <-time.After(50 * time.Millisecond): // it waits for the store, as it may
			}
			close(goOn)
			if err := await.Value(t, written, "the write"); err != nil {
				t.Error(err)
			}
			await.Value(t, read, "the readers")
			for name, isNew := range readers {
				if !isNew() {
					t.Errorf("after the write %s does not show it", name)
				}
			}
		})
	}
}

// readersOf is every way to read of a job, each of which reports whether it shows that the job has ended or is removed.
func readersOf(s *Store, old jobs.Job) map[string]func() bool {
	return map[string]func() bool{
		"Get": func() bool {
			j, err := s.Get(old.ID)
			return err != nil || j.Revision > old.Revision
		},
		"Jobs": func() bool {
			for range s.Jobs(jobs.Unfinished) {
				return false
			}
			return true
		},
		"Same": func() bool {
			j, err := s.Same(old)
			return !errors.Is(err, jobs.ErrDuplicate) || j.Revision > old.Revision
		},
		"Usage": func() bool { return s.Usage().States[old.State] == 0 },
		"OpenBody": func() bool {
			r, err := s.OpenBody(old.Request.Body)
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			return err != nil
		},
	}
}
