package lab

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// record is a server that writes each request that it receives, and what it answers, into files of a directory. A name has
// nothing of what a client sent: it is the time and a number.
type record struct {
	dir  string
	most int
	size size

	root *os.Root // dir, once the backend is started

	mu    sync.Mutex // guards the rest
	count int        // of requests that came, written or not
}

func newRecord(o *options) fault {
	f := new(record)
	o.text(&f.dir, "dir", "lab-record", "where it writes; it is made if it is missing", func(dir string) error {
		if dir == "" {
			return errors.New("write the name of a directory")
		}
		return nil
	})
	o.count(&f.most, "most", "200", 1, 100_000, "requests that it writes; it answers later ones without writing them")
	o.size(&f.size, "size", "1MiB", 1, "bytes of a request that it writes; the rest is only counted")
	return f
}

func (f *record) does() string {
	return fmt.Sprintf("writes each request, and what it answers, into files of %s", f.dir)
}

func (f *record) backlog() int { return roomy }

// begin opens the directory, which is for its owner only: requests may have credentials. It writes a file and removes it, so that a directory
// that cannot be written is an error at the start, and not an answer of 500 later.
func (f *record) begin() error {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return err
	}
	f.root = root
	try := fmt.Sprintf("%d.try", os.Getpid())
	if err = f.write(try, nil); err != nil {
		root.Close()
		return f.where(err)
	}
	return root.Remove(try)
}

func (f *record) run(b *Faulty) {
	defer f.root.Close()
	b.each(f.meet)
	b.visits.Wait()
}

func (f *record) meet(v *visit) {
	v.recorded(f.size)
	for {
		r, m, err := v.hear()
		if errors.Is(err, io.EOF) {
			return
		}
		if _, err := v.Write(f.keep(v, r, m, err)); err != nil {
			return
		}
		if err != nil || r.Close {
			v.endAfterReading()
			return
		}
	}
}

// keep writes a request and its answer, and returns the answer.
func (f *record) keep(v *visit, r request, m message, wrong error) []byte {
	name, n := f.next()
	if n > f.most {
		if n == f.most+1 {
			v.backend.say(fmt.Sprintf("has written %d requests (most=); it answers others without writing them", f.most))
		}
		return f.answer(r, wrong, "not recorded: this backend has written as many requests as it may\n")
	}
	whole := f.answer(r, wrong, fmt.Sprintf("recorded as %s.request: %s\n", name, f.extent(m)))
	err := f.write(name+".request", m.bytes)
	if err == nil {
		err = f.write(name+".answer", whole)
	}
	if err != nil {
		f.root.Remove(name + ".request") // the files of a request are both there, and whole, or neither is
		v.backend.say(fmt.Sprintf("cannot record request %d: %v: its client gets 500", n, f.where(err)))
		return reply{http.StatusInternalServerError, "text/plain", []byte("not recorded: the backend cannot write\n")}.bytes(r)
	}
	v.backend.say(fmt.Sprintf("wrote %s/%s.request (%s) and .answer (%s)", f.dir, name, f.extent(m), inBytes(int64(len(whole)))))
	return whole
}

// next returns the name of the next request's files, and its number. Names in the order of the alphabet are in that of the
// requests.
func (f *record) next() (string, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	return fmt.Sprintf("%s-%06d", time.Now().UTC().Format("20060102T150405.000000Z"), f.count), f.count
}

func (f *record) answer(r request, wrong error, text string) []byte {
	if wrong != nil {
		return reply{http.StatusBadRequest, "text/plain", fmt.Appendf(nil, "this is no whole request: %v\n%s", wrong, text)}.bytes(r)
	}
	return reply{http.StatusOK, "text/plain", []byte(text)}.bytes(r)
}

// extent says how large a request is, and how much of it is kept.
func (f *record) extent(m message) string {
	if kept := int64(len(m.bytes)); kept < m.size {
		return fmt.Sprintf("the first %s of %d", inBytes(kept), m.size)
	}
	return inBytes(m.size)
}

// write makes a new file, whole or not at all. It writes into none that is there, and follows no link out of the directory.
func (f *record) write(name string, content []byte) error {
	out, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err != nil {
		f.root.Remove(name)
	}
	return err
}

// where is an error about a file with the name of the directory in place of the file's.
func (f *record) where(err error) error {
	if file := (*os.PathError)(nil); errors.As(err, &file) {
		err = file.Err
	}
	return &os.PathError{Op: "write into", Path: f.dir, Err: err}
}
