package bolt

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tenfour/jobs"

	bbolt "go.etcd.io/bbolt"
)

// smallMost is the largest body, in bytes, that is stored in jobs.db with its record. A larger one is a file: jobs.db would copy it, and
// its pages would be in pieces when it is gone.
const smallMost = 64 << 10

// A body's name is one of these letters, and hexadecimal digits: a number, or a key of a job, a dash, and random digits. So a
// file names the job that has it, if there is one, and a name is never used twice.
const (
	smallPrefix = "s"
	filePrefix  = "f"
)

// PutBody stores a body. A small one stays in memory until its record is stored.
func (s *Store) PutBody(id jobs.ID, content io.Reader, most int64) (jobs.Body, error) {
	content = io.LimitReader(content, most+1)
	small, err := io.ReadAll(io.LimitReader(content, min(most, smallMost)+1)) // it takes memory for what there is: most bodies are far smaller
	switch n := int64(len(small)); {
	case err != nil:
		return jobs.Body{}, fmt.Errorf("read the body of job %s: %w", id, err)
	case n == 0:
		return jobs.Body{}, nil
	case n <= min(most, smallMost):
		return jobs.Body{Size: n, Content: small}, nil
	case most <= smallMost:
		return jobs.Body{}, tooLarge(id, most)
	}
	return s.putFile(id, io.MultiReader(bytes.NewReader(small), content), most)
}

func tooLarge(id jobs.ID, most int64) error {
	return fmt.Errorf("put a body of job %s: %w: more than %d bytes", id, jobs.ErrBodyTooLarge, most)
}

// putFile stores a large body. When it returns, the file and its name survive a power cut.
func (s *Store) putFile(id jobs.ID, content io.Reader, most int64) (jobs.Body, error) {
	b := jobs.Body{Name: fileName(id)}
	size, err := s.fill(b.Name, content)
	if err == nil && size > most {
		err = tooLarge(id, most)
	}
	if err == nil {
		if err = s.o.step("sync names"); err == nil {
			err = syncDirectory(s.bodies)
		}
	}
	if err != nil {
		s.removeFile(b.Name)
		return jobs.Body{}, s.failure("write a body", err)
	}
	b.Size = size
	return b, nil
}

// fill makes a file, writes to it, and syncs it.
func (s *Store) fill(name string, content io.Reader) (size int64, err error) {
	if err := s.o.step("make body"); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(filepath.Join(s.bodies, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := s.o.step("write body"); err != nil {
		return 0, err
	}
	if size, err = io.Copy(f, content); err != nil {
		return size, err
	}
	if err := s.o.step("sync body"); err != nil {
		return size, err
	}
	return size, f.Sync()
}

// OpenBody reads a body.
func (s *Store) OpenBody(b jobs.Body) (io.ReadCloser, error) {
	if b.Name == "" {
		return io.NopCloser(bytes.NewReader(b.Content)), nil
	}
	if key := smallKey(b.Name); key != nil {
		return s.openSmall(key)
	}
	if _, ok := keyOf(b.Name); !ok {
		return nil, fmt.Errorf("open body %q: %w", b.Name, jobs.ErrUnknown)
	}
	f, err := os.Open(filepath.Join(s.bodies, b.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open body %s: %w", b.Name, jobs.ErrUnknown)
	}
	if err != nil {
		return nil, s.failure("open a body", err)
	}
	return f, nil
}

func (s *Store) openSmall(key []byte) (io.ReadCloser, error) {
	var content []byte
	err := s.view(func(tx *bbolt.Tx) error {
		content = smallBody(tx, key)
		return nil
	})
	switch {
	case err != nil:
		return nil, s.failure("read a body", err)
	case content == nil:
		return nil, fmt.Errorf("open body %x: %w", key, jobs.ErrUnknown)
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// DropBody removes a body that is in no record.
func (s *Store) DropBody(b jobs.Body) error {
	if _, ok := keyOf(b.Name); !ok {
		return nil // a small one is nowhere but in memory
	}
	return s.remove(b.Name)
}

// remove removes a file, if it is there.
func (s *Store) remove(name string) error {
	err := s.o.step("remove body")
	if err == nil {
		err = os.Remove(filepath.Join(s.bodies, name))
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.failure("remove a body", err)
}

// removeFile removes a file. If that fails, the next start does it.
func (s *Store) removeFile(name string) {
	if err := s.remove(name); err != nil {
		s.o.Told(err)
	}
}

// listBodies returns the names of the large bodies.
func (s *Store) listBodies() ([]string, error) {
	dir, err := os.Open(s.bodies)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}

// sweepBodies removes those of the files found at start that no record has: tenfour stopped after it wrote the file and before the
// record, or after it removed the record and before the file. A record never gets one of them later, because no name is used twice.
func (s *Store) sweepBodies(found []string) {
	for _, name := range found {
		select {
		case <-s.quit:
			return
		default:
		}
		if key, ok := keyOf(name); ok && !s.has(key, name) {
			s.removeFile(name)
		}
	}
}

// has reports whether the job with this key has a body of that name.
func (s *Store) has(key []byte, name string) (has bool) {
	err := s.view(func(tx *bbolt.Tx) error {
		record := tx.Bucket(jobsBucket).Get(key)
		if record == nil {
			return nil
		}
		j, err := decode(record)
		has = err != nil || j.Request.Body.Name == name || j.Result.Body.Name == name
		return err
	})
	if err != nil {
		s.o.Told(s.failure("read", err))
	}
	return has || err != nil
}

// fileName is a new name for a body of a job.
func fileName(id jobs.ID) string {
	key := id.Key()
	var unique [8]byte
	rand.Read(unique[:])
	return filePrefix + hex.EncodeToString(key[:]) + "-" + hex.EncodeToString(unique[:])
}

// keyOf is the key of the job that a file was made for.
func keyOf(name string) (key []byte, ok bool) {
	digits, unique, ok := strings.Cut(strings.TrimPrefix(name, filePrefix), "-")
	key, err := hex.DecodeString(digits)
	_, err2 := hex.DecodeString(unique)
	return key, ok && strings.HasPrefix(name, filePrefix) && err == nil && err2 == nil && len(key) == 16
}

// smallKey is the key of a small body in its bucket; nil for the name of a file.
func smallKey(name string) []byte {
	digits, ok := strings.CutPrefix(name, smallPrefix)
	key, err := hex.DecodeString(digits)
	if !ok || err != nil || len(key) != 8 {
		return nil
	}
	return key
}
