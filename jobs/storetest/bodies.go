package storetest

import (
	"bytes"
	"testing"
	"testing/iotest"

	"tenfour/jobs"
	"tenfour/tests/await"
)

func testBodies(t *testing.T, s Suite) {
	dir := t.TempDir()
	store := s.open(t, dir, plenty)
	const edge = 64 << 10
	var all []jobs.Job
	for _, n := range []int{0, 1, edge - 1, edge, edge + 1, 1 << 20} {
		j := job()
		all = append(all, created(t, store, j, content(j.ID, n)))
	}
	for range 2 {
		for _, j := range all {
			b := j.Request.Body
			if got := read(t, store, b); !bytes.Equal(got, content(j.ID, int(b.Size))) {
				t.Errorf("of a body of %d bytes came %d, or others", b.Size, len(got))
			}
		}
		must(t, 0, store.Close())
		store = s.open(t, dir, plenty)
	}
	for _, most := range []int{0, 10, edge, edge + 5} {
		for n, want := range map[int]error{most: nil, most + 1: jobs.ErrBodyTooLarge} {
			b, err := store.PutBody(jobs.NewID(), bytes.NewReader(make([]byte, n)), int64(most))
			wants(t, "a body beside the most", err, want)
			must(t, 0, store.DropBody(b))
		}
	}
	for _, n := range []int{10, edge + 10} {
		from := iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(make([]byte, n))))
		_, err := store.PutBody(jobs.NewID(), from, 1<<20)
		wants(t, "a body that breaks off", err, iotest.ErrTimeout)
	}
	_, err := store.OpenBody(jobs.Body{Name: "../jobs.db", Size: 1})
	wants(t, "a name that is not a body's", err, jobs.ErrUnknown)
	s.haveBodies(t, dir, 2)
}

func testBodiesGo(t *testing.T, s Suite) {
	for _, n := range []int{100, 100_000} {
		dir := t.TempDir()
		store := s.open(t, dir, plenty)
		first := created(t, store, job(), make([]byte, n))
		second, err := store.Update(begun(t, first))
		must(t, second, err)
		if got := read(t, store, second.Request.Body); len(got) != n {
			t.Errorf("a job that runs has %d bytes of its request, want %d", len(got), n)
		}
		result := put(t, store, first.ID, content(first.ID, n))
		third, err := store.Update(ended(t, second, result))
		must(t, third, err)
		_, err = store.OpenBody(first.Request.Body)
		wants(t, "the request of a job that is done", err, jobs.ErrUnknown)
		if got := read(t, store, third.Result.Body); !bytes.Equal(got, content(first.ID, n)) {
			t.Errorf("the result has %d bytes, or others than were put", len(got))
		}
		must(t, 0, store.Remove(third))
		_, err = store.OpenBody(third.Result.Body)
		wants(t, "the result of a job that was removed", err, jobs.ErrUnknown)
		s.haveBodies(t, dir, 0)
	}
}

// haveBodies waits until there are n large bodies.
func (s Suite) haveBodies(t testing.TB, dir string, n int) {
	t.Helper()
	if s.Bodies != nil {
		await.Until(t, "there are no more large bodies than records have", func() bool { return s.Bodies(dir) == n })
	}
}
