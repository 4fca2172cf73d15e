package control

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenfour/jobs"
)

func TestList_isNewestFirst(t *testing.T) {
	r := newRig(t)
	all := r.add(20, func(i int, j jobs.Job) jobs.Job {
		if i%2 == 1 {
			j.Request.Route = "/odd"
		}
		if i%5 == 0 {
			j = failed(j, noon.Add(time.Duration(i)*time.Minute))
		}
		return j
	})
	if _, err := r.store.Update(pausedOnce(all[7])); err != nil {
		t.Fatal(err)
	}
	id := func(i int) string { return all[i].ID.String() }
	for name, tc := range map[string]struct {
		s        Selection
		limit    int
		want     []int
		matching int
	}{
		"all":                       {Selection{}, 0, []int{19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, 20},
		"the first of them":         {Selection{}, 3, []int{19, 18, 17}, 20},
		"one fewer than there are":  {Selection{Route: "/odd"}, 9, []int{19, 17, 15, 13, 11, 9, 7, 5, 3}, 10},
		"as many as there are":      {Selection{Route: "/odd"}, 10, []int{19, 17, 15, 13, 11, 9, 7, 5, 3, 1}, 10},
		"in a state":                {Selection{States: jobs.Only(jobs.Failed)}, 0, []int{15, 10, 5, 0}, 4},
		"in a state and of a route": {Selection{States: jobs.Only(jobs.Failed, jobs.Done), Route: "/odd"}, 0, []int{15, 5}, 2},
		"that are paused":           {Selection{Paused: true}, 0, []int{7}, 1},
		"by id":                     {Selection{IDs: []string{id(3), id(8)[:12]}}, 0, []int{8, 3}, 2},
		"of a route that is not":    {Selection{Route: "/none"}, 0, nil, 0},
	} {
		var want []string
		for _, i := range tc.want {
			want = append(want, id(i))
		}
		if got, matching := r.list(tc.s, tc.limit); !slices.Equal(got, want) || matching != tc.matching {
			t.Errorf("%s: got %d jobs of %d, want %d of %d\n%q\n%q", name, len(got), matching, len(want), tc.matching, got, want)
		}
	}
}

func pausedOnce(j jobs.Job) jobs.Job {
	j, err := j.Pause()
	if err != nil {
		panic(err)
	}
	return j
}

// TestList_olderIsSinceTheEnd of a job that has ended, and since its beginning of another one: a moment more, and less.
func TestList_olderIsSinceTheEnd(t *testing.T) {
	made := noon
	j := jobs.Job{Created: made, Deadline: made.Add(time.Hour)}
	ended := failed(j, made.Add(time.Minute))
	for name, tc := range map[string]struct {
		j    jobs.Job
		now  time.Time
		want bool
	}{
		"just before":        {j, made.Add(time.Hour - 1), false},
		"at it":              {j, made.Add(time.Hour), true},
		"ended, just before": {ended, made.Add(time.Hour + time.Minute - 1), false},
		"ended, at it":       {ended, made.Add(time.Hour + time.Minute), true},
	} {
		if got := (Selection{Older: time.Hour}).has(tc.j, tc.now); got != tc.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// TestList_pagesHaveEachJobOnce, whatever their size, also when jobs were made in the same moment.
func TestList_pagesHaveEachJobOnce(t *testing.T) {
	r := newRig(t)
	all := r.add(23, func(i int, j jobs.Job) jobs.Job {
		j.Created = noon.Add(time.Duration(i/4) * time.Second)
		return j
	})
	for _, size := range []int{1, 4, 22, 23, 24} {
		seen, pages := map[string]int{}, 0
		for after := ""; ; pages++ {
			var page struct {
				Jobs []Record
				Next string
			}
			if err := r.get(t.Context(), fmt.Sprintf("/jobs?limit=%d&after=%s", size, url.QueryEscape(after)), &page); err != nil {
				t.Fatal(err)
			}
			for _, j := range page.Jobs {
				seen[j.ID.String()]++
			}
			if after = page.Next; after == "" {
				break
			}
			r.add(1, func(_ int, j jobs.Job) jobs.Job { j.Created = noon.Add(time.Hour); return j }) // a newer one changes no page after
		}
		for _, j := range all {
			if seen[j.ID.String()] != 1 {
				t.Errorf("pages of %d: job %s came %d times", size, j.ID, seen[j.ID.String()])
			}
		}
		for j, err := range r.store.Jobs(jobs.All) {
			if err == nil && j.Created.Equal(noon.Add(time.Hour)) {
				err = r.store.Remove(j)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestNewest_keepsAsManyAsItMay: the newest of all, in order.
func TestNewest_keepsAsManyAsItMay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newest{most: rapid.IntRange(0, 12).Draw(t, "most")}
		var all []entry
		for range rapid.IntRange(0, 40).Draw(t, "jobs") {
			e := entry{made: int64(rapid.IntRange(0, 9).Draw(t, "made")), id: jobs.ID{byte(rapid.IntRange(0, 255).Draw(t, "id"))}}
			all = append(all, e)
			n.add(e)
			if n.most > 0 && len(n.entries) > n.most {
				t.Fatalf("it has %d entries of %d", len(n.entries), n.most)
			}
		}
		slices.SortFunc(all, func(a, b entry) int { return b.compare(a) })
		if n.most > 0 && len(all) > n.most {
			all = all[:n.most]
		}
		if got := n.sorted(); !slices.Equal(got, all) {
			t.Fatalf("got %v, want %v", got, all)
		}
	})
}

func TestShow_hasAllButCredentials(t *testing.T) {
	r := newRig(t)
	j := r.add(1, func(_ int, j jobs.Job) jobs.Job {
		j.Request.Target = []byte("/a\xff?q=1&api_key=hunter2")
		j.Request.Fields = []byte("Host: a\r\nauthorization: Bearer hunter2\r\nCookie: hunter2\r\nX-Api-Key: hunter2\r\nReferer: http://u:hunter2@a/?token=hunter2\r\nAccept: \xff\r\n")
		j.Callback = jobs.Callback{URL: "https://u:hunter2@hooks.example/a?k=hunter2", On: jobs.Ended}
		j.Request.Body = jobs.Body{Size: 5, Content: []byte("hello")}
		j, err := j.Begin(noon)
		if err != nil {
			t.Fatal(err)
		}
		j.Result = jobs.Result{Status: 200, Fields: []byte("Set-Cookie: hunter2\r\nLocation: /?sig=hunter2\r\nX-A: b\r\n")}
		return j
	})[0]
	got, err := r.Show(t.Context(), j.ID.String())
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(got)
	if strings.Contains(string(text), "hunter2") {
		t.Errorf("it has a credential: %s", text)
	}
	want := []string{"Host: a", "authorization: ***", "Cookie: ***", "X-Api-Key: ***", "Referer: http://***@a/?token=***", "Accept: \uFFFD"}
	if !slices.Equal(got.RequestFields, want) || !slices.Equal(got.ResponseFields, []string{"Set-Cookie: ***", "Location: /?sig=***", "X-A: b"}) {
		t.Errorf("got fields %q, %q", got.RequestFields, got.ResponseFields)
	}
	if got.Target != "/a%FF?q=1&api_key=***" || got.CallbackURL != "https://***@hooks.example/a?***" || got.RequestBytes != 5 || len(got.Attempts) != 1 {
		t.Errorf("got %+v", got)
	}
}

// TestShow_takesTheFirstDigits of an id, if only one job has them.
func TestShow_takesTheFirstDigits(t *testing.T) {
	r := newRig(t)
	all := r.add(3, func(i int, j jobs.Job) jobs.Job {
		j.ID = jobs.ID{1, 2, 3, 4, byte(i / 2), byte(i)}
		return j
	})
	for text, want := range map[string]string{
		all[0].ID.String(): "", all[2].ID.String()[:10]: "", strings.ToUpper(all[1].ID.String()[:12]): "",
		"0102030400": "2 jobs begin so: write more digits", "01020304": "3 jobs begin so", "0102030": "is no id of a job", "09020304": "there is no such job",
	} {
		j, err := r.Show(t.Context(), text)
		if want == "" {
			if err != nil || !strings.HasPrefix(j.ID.String(), strings.ToLower(text)) {
				t.Errorf("%s: got %s, %v", text, j.ID, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
