package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"tenfour/jobs"
)

// TestPowerCut_leavesTheStateBeforeOrAfter takes the file before a write and after it, and makes the files that a power cut between them could
// leave: of pages that were not synced yet any may be on the disk, also in part; the meta page is written only when they are synced.
func TestPowerCut_leavesTheStateBeforeOrAfter(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, plenty)
	var promised []jobs.Job
	for range 30 {
		promised = append(promised, created(t, s, 3000))
	}
	before := image(t, s)
	j := promised[7]
	after, err := j.Cancel(noon)
	if err == nil {
		after, err = s.Update(after)
	}
	if err != nil {
		t.Fatal(err)
	}
	then := image(t, s)
	s.Close()
	page := os.Getpagesize()
	meta, pages := changed(before, then, page)
	if len(pages) < 2 || len(meta) != 1 {
		t.Fatalf("the write changed the pages %v and the meta pages %v", pages, meta)
	}
	var cut []byte
	reopen := func(what string, revisions ...uint64) {
		t.Helper()
		if err := os.WriteFile(s.path(), cut, 0o600); err != nil {
			t.Fatal(err)
		}
		s := opened(t, dir, plenty)
		defer s.Close()
		for i, want := range promised {
			got, err := s.Get(want.ID)
			if err != nil || i != 7 && got.Revision != 1 {
				t.Errorf("%s: job %d is of revision %d, %v", what, i, got.Revision, err)
			}
		}
		got, _ := s.Get(j.ID)
		if !bytes.Contains(fmt.Append(nil, revisions), fmt.Append(nil, got.Revision)) {
			t.Errorf("%s: it has revision %d, want one of %d", what, got.Revision, revisions)
		}
	}
	for range 10 {
		cut = grown(before, len(then))
		for _, p := range pages {
			half := p*page + rand.IntN(page+1)
			copy(cut[p*page:half], then[p*page:half])
		}
		reopen("some pages", 1)
	}
	for _, half := range []int{0, 20, 40, 60, page} {
		cut = grown(before, len(then))
		for _, p := range pages {
			copy(cut[p*page:(p+1)*page], then[p*page:])
		}
		m := meta[0] * page
		copy(cut[m:m+half], then[m:])
		reopen("a part of the meta page", 1, after.Revision)
	}
	reopen("all of it", after.Revision)
	_, err = s.Get(j.ID)
	if !errors.Is(err, jobs.ErrClosed) {
		t.Errorf("a store that was closed: %v", err)
	}
}

func image(t *testing.T, s *Store) []byte {
	t.Helper()
	b, err := os.ReadFile(s.path())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// grown is a copy of b with zeros up to n bytes: the file grows, and that is synced, before its pages are written.
func grown(b []byte, n int) []byte { return append(bytes.Clone(b), make([]byte, max(0, n-len(b)))...) }

// changed is the pages that differ; the first two are meta pages.
func changed(before, after []byte, page int) (meta, pages []int) {
	before = grown(before, len(after))
	for p := range len(after) / page {
		switch {
		case bytes.Equal(before[p*page:(p+1)*page], after[p*page:(p+1)*page]):
		case p < 2:
			meta = append(meta, p)
		default:
			pages = append(pages, p)
		}
	}
	return meta, pages
}
