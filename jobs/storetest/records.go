package storetest

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"tenfour/jobs"
)

func testCreate(t *testing.T, s Suite) {
	dir := t.TempDir()
	store := s.open(t, dir, plenty)
	j := created(t, store, job(), []byte("hello"))
	if j.Revision != 1 || j.Request.Body.Name == "" || j.Request.Body.Content != nil {
		t.Errorf("it was created as %+v", j)
	}
	got, err := store.Get(j.ID)
	if text(must(t, got, err)) != text(j) {
		t.Errorf("got  %s\nwant %s", text(got), text(j))
	}
	_, err = store.Create(j)
	wants(t, "another job with its id", err, jobs.ErrConflict)
	_, err = store.Get(jobs.NewID())
	wants(t, "a job that was not created", err, jobs.ErrUnknown)

	before := store.Usage()
	must(t, 0, store.Close())
	store = s.open(t, dir, plenty)
	got, err = store.Get(j.ID)
	if text(must(t, got, err)) != text(j) || store.Usage() != before {
		t.Errorf("opened again it has %s and %+v\nwant %s and %+v", text(got), store.Usage(), text(j), before)
	}
	if string(read(t, store, j.Request.Body)) != "hello" {
		t.Error("opened again it has another body")
	}
}

func testConflict(t *testing.T, s Suite) {
	store := s.open(t, t.TempDir(), plenty)
	first := created(t, store, job(), nil)
	second, err := store.Update(begun(t, first))
	if must(t, second, err); second.Revision != 2 || store.Usage().States[jobs.Running] != 1 || store.Usage().Jobs() != 1 {
		t.Errorf("it is revision %d, and there are %+v", second.Revision, store.Usage())
	}
	_, err = store.Update(first)
	wants(t, "an update of the revision before", err, jobs.ErrConflict)
	wants(t, "a removal of the revision before", store.Remove(first), jobs.ErrConflict)
	must(t, 0, store.Remove(second))
	_, err = store.Get(first.ID)
	wants(t, "a job that was removed", err, jobs.ErrUnknown)
	_, err = store.Update(second)
	wants(t, "an update of one that was removed", err, jobs.ErrUnknown)
	wants(t, "a second removal", store.Remove(second), jobs.ErrUnknown)
	if u := store.Usage(); u != (jobs.Usage{}) {
		t.Errorf("without jobs there are %+v", u)
	}
}

// testHammer: several goroutines count in one record, and each begins anew after a conflict.
func testHammer(t *testing.T, s Suite) {
	store := s.open(t, t.TempDir(), plenty)
	j := created(t, store, job(), nil)
	const goroutines, times = 6, 5
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for n := 0; n < times; {
				now, err := store.Get(j.ID)
				if err == nil {
					count, _ := strconv.Atoi(now.Reason)
					now.Reason = strconv.Itoa(count + 1)
					_, err = store.Update(now)
				}
				if err == nil {
					n++
				} else if !errors.Is(err, jobs.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	got, err := store.Get(j.ID)
	if must(t, got, err); got.Reason != strconv.Itoa(goroutines*times) || got.Revision != goroutines*times+1 {
		t.Errorf("%d goroutines counted %d times each to %s, revision %d", goroutines, times, got.Reason, got.Revision)
	}
}

func testDedupe(t *testing.T, s Suite) {
	store := s.open(t, t.TempDir(), plenty)
	keyed := func(key, body string, at time.Time) jobs.Job {
		j := job()
		j.Created = at
		j.Dedupe = jobs.Dedupe{Key: jobs.HashOf([]byte(key)), Body: jobs.HashOf([]byte(body)), Until: at.Add(time.Minute)}
		return j
	}
	if _, err := store.Same(keyed("a", "x", noon)); err != nil {
		t.Errorf("before the first request there was another one: %v", err)
	}
	first := created(t, store, keyed("a", "x", noon), nil)
	found, err := store.Same(keyed("a", "x", noon.Add(time.Minute-1)))
	wants(t, "looking for the same request", err, jobs.ErrDuplicate)
	if !found.ID.Equal(first.ID) {
		t.Errorf("it is %s, not %s", found.ID, first.ID)
	}
	_, err = store.Same(keyed("a", "y", noon))
	wants(t, "looking for the same key with another body", err, jobs.ErrKeyReused)
	for _, j := range []jobs.Job{keyed("a", "x", noon.Add(time.Minute)), keyed("b", "x", noon), job()} {
		if _, err := store.Same(j); err != nil {
			t.Errorf("a request with no other one like it: %v", err)
		}
	}
	same, err := store.Create(keyed("a", "x", noon.Add(time.Minute-1)))
	wants(t, "the same request", err, jobs.ErrDuplicate)
	if !same.ID.Equal(first.ID) {
		t.Errorf("it was joined to %s, not to %s", same.ID, first.ID)
	}
	_, err = store.Create(keyed("a", "y", noon))
	wants(t, "the same key with another body", err, jobs.ErrKeyReused)
	created(t, store, keyed("b", "x", noon), nil)
	created(t, store, job(), nil)
	created(t, store, job(), nil) // no key joins nothing

	late := created(t, store, keyed("a", "y", noon.Add(time.Minute)), nil)
	must(t, 0, store.Remove(first)) // the key is not its own any more
	same, _ = store.Create(keyed("a", "y", noon.Add(time.Minute)))
	if !same.ID.Equal(late.ID) {
		t.Errorf("after its time the key leads to %s, not to %s", same.ID, late.ID)
	}
	must(t, 0, store.Remove(late))
	created(t, store, keyed("a", "z", noon.Add(time.Minute)), nil)

	var wg sync.WaitGroup
	ids := make([]jobs.ID, 16)
	for i := range ids {
		wg.Go(func() {
			j, err := store.Create(keyed("at once", "x", noon))
			if err != nil && !errors.Is(err, jobs.ErrDuplicate) {
				t.Error(err)
			}
			ids[i] = j.ID
		})
	}
	wg.Wait()
	if slices.ContainsFunc(ids, func(id jobs.ID) bool { return !id.Equal(ids[0]) }) {
		t.Errorf("16 equal requests at once got the jobs %v", ids)
	}
}

func testCapOfJobs(t *testing.T, s Suite) {
	store := s.open(t, t.TempDir(), jobs.Caps{Jobs: 2, Bytes: plenty.Bytes})
	created(t, store, job(), nil)
	second := created(t, store, job(), nil)
	_, err := store.Create(job())
	wants(t, "a third of two", err, jobs.ErrFull)
	_, err = store.Update(begun(t, second))
	wants(t, "a change at the cap", err, nil)
	second, _ = store.Get(second.ID)
	must(t, 0, store.Remove(second))
	created(t, store, job(), nil)
}

func testCapOfBytes(t *testing.T, s Suite) {
	store := s.open(t, t.TempDir(), jobs.Caps{Jobs: plenty.Jobs, Bytes: 300_000})
	j := created(t, store, job(), make([]byte, 200_000))
	over := job()
	over.Request.Body = put(t, store, over.ID, make([]byte, 100_000))
	_, err := store.Create(over)
	wants(t, "a body that is too much", err, jobs.ErrFull)
	must(t, 0, store.DropBody(over.Request.Body))
	if used := store.Usage().Bytes; used < 200_000 || used > 205_000 {
		t.Errorf("a body of 200,000 bytes counts as %d", used)
	}
	result := put(t, store, j.ID, make([]byte, 290_000))
	j, err = store.Update(ended(t, begun(t, j), result)) // one that was accepted is not lost
	must(t, j, err)
	if used := store.Usage().Bytes; used < 290_000 || used > 295_000 {
		t.Errorf("a result of 290,000 bytes without the request counts as %d", used)
	}
}

func testList(t *testing.T, s Suite) {
	store := s.open(t, t.TempDir(), plenty)
	want := map[jobs.ID]bool{}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range 700 { // more than a page of any store
		wg.Go(func() {
			j, err := store.Create(job())
			if i%2 == 0 && err == nil {
				j, err = j.Cancel(noon)
				if err == nil {
					_, err = store.Update(j)
				}
			}
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			want[j.ID] = j.State == jobs.Accepted
			mu.Unlock()
		})
	}
	wg.Wait()
	seen := 0
	for j, err := range store.Jobs(jobs.Unfinished) {
		if must(t, j, err); !want[j.ID] {
			t.Errorf("it lists job %s, %s", j.ID, j.In())
		}
		if seen++; seen == 3 {
			must(t, 0, store.Remove(j)) // the loop's body may call the store
		}
	}
	if seen != 350 {
		t.Errorf("it lists %d unfinished jobs, want 350", seen)
	}
	all := 0
	for _, err := range store.Jobs(jobs.All) {
		if must(t, 0, err); all == 10 {
			break
		}
		all++
	}
	if u := store.Usage(); u.States[jobs.Cancelled] != 350 || u.States[jobs.Accepted] != 349 {
		t.Errorf("there are %+v", u)
	}
}

func testSweep(t *testing.T, s Suite) {
	store := s.open(t, t.TempDir(), plenty)
	open := created(t, store, job(), nil)
	over := created(t, store, job(), nil)
	result := put(t, store, over.ID, make([]byte, 100_000))
	over, err := store.Update(ended(t, begun(t, over), result))
	must(t, over, err)
	due := job()
	due.Callback = jobs.Callback{URL: "https://example.net/", On: jobs.Ended}
	due, err = created(t, store, due, nil).Cancel(noon)
	must(t, due, err)
	due, err = store.Update(due)
	must(t, due, err)
	for at, want := range []int{0: 0, 1: 1, 2: 0} { // a nanosecond before its end, at it, and after it
		n, err := store.Sweep(noon.Add(time.Hour - 1 + time.Duration(at)))
		if must(t, n, err) != want {
			t.Errorf("sweep %d removed %d jobs, want %d", at, n, want)
		}
	}
	for _, j := range []jobs.Job{open, due} {
		_, err := store.Get(j.ID)
		wants(t, "a job that is "+j.In(), err, nil)
	}
	_, err = store.Get(over.ID)
	wants(t, "a job that has expired", err, jobs.ErrUnknown)
	_, err = store.OpenBody(over.Result.Body)
	wants(t, "its result", err, jobs.ErrUnknown)
}

func testClosed(t *testing.T, s Suite) {
	store := s.open(t, t.TempDir(), plenty)
	j := created(t, store, job(), nil)
	must(t, 0, store.Close())
	must(t, 0, store.Close())
	_, err := store.Create(job())
	wants(t, "create", err, jobs.ErrClosed)
	_, err = store.Update(j)
	wants(t, "update", err, jobs.ErrClosed)
	_, err = store.Get(j.ID)
	wants(t, "get", err, jobs.ErrClosed)
	for _, err := range store.Jobs(jobs.All) {
		wants(t, "list", err, jobs.ErrClosed)
	}
}
