package storetest

import (
	"testing"
	"time"

	"tenfour/jobs"

	"pgregory.net/rapid"
)

// testModel draws calls, and a map does the same. On a slow disk it draws for two seconds only.
func testModel(t *testing.T, s Suite) {
	late := time.Now().Add(2 * time.Second)
	rapid.Check(t, func(r *rapid.T) {
		if time.Now().After(late) {
			return
		}
		dir := t.TempDir()
		store := s.open(t, dir, plenty)
		defer func() { store.Close() }()
		model := map[jobs.ID]jobs.Job{}
		var ids []jobs.ID
		for range rapid.IntRange(1, 12).Draw(r, "calls") {
			var old, now jobs.Job
			if len(ids) > 0 {
				now = model[rapid.SampledFrom(ids).Draw(r, "job")]
				old = now
			}
			switch do := rapid.SampledFrom([]string{"create", "begin", "end", "cancel", "stale", "remove", "sweep", "open"}).Draw(r, "call"); {
			case do == "create":
				j := job()
				j.Request.Body = put(t, store, j.ID, content(j.ID, rapid.SampledFrom([]int{0, 10, 70_000}).Draw(r, "body")))
				j, err := store.Create(j)
				model[must(t, j, err).ID] = j
				ids = append(ids, j.ID)
			case do == "open":
				must(t, 0, store.Close())
				store = s.open(t, dir, plenty)
			case do == "sweep":
				_, err := store.Sweep(noon.Add(2 * time.Hour))
				must(t, 0, err)
				for id, j := range model {
					if j.State.Ended() {
						delete(model, id)
					}
				}
			case old.Revision == 0: // there is no job, or it is gone
			case do == "remove":
				must(t, 0, store.Remove(now))
				delete(model, now.ID)
			case do == "stale":
				now.Revision--
				_, err := store.Update(now)
				wants(t, "an update of the revision before", err, jobs.ErrConflict)
			case do == "begin" && now.State == jobs.Accepted:
				j, err := store.Update(begun(t, now))
				model[now.ID] = must(t, j, err)
			case do == "end" && now.State == jobs.Running:
				result := put(t, store, now.ID, content(now.ID, rapid.SampledFrom([]int{0, 10, 70_000}).Draw(r, "result")))
				j, err := store.Update(ended(t, now, result))
				model[now.ID] = must(t, j, err)
			case do == "cancel" && !now.State.Ended():
				now, _ = now.Cancel(noon)
				j, err := store.Update(now)
				model[now.ID] = must(t, j, err)
			}
		}
		same(t, s, store, dir, ids, model)
	})
}

// same compares a store with what it must have.
func same(t testing.TB, s Suite, store jobs.Store, dir string, ids []jobs.ID, model map[jobs.ID]jobs.Job) {
	t.Helper()
	var usage jobs.Usage
	large := 0
	for _, id := range ids {
		want, there := model[id]
		got, err := store.Get(id)
		if !there {
			wants(t, "a job that is gone", err, jobs.ErrUnknown)
			continue
		}
		if text(must(t, got, err)) != text(want) {
			t.Fatalf("got  %s\nwant %s", text(got), text(want))
		}
		usage.States[want.State]++
		large += haveAll(t, store, got)
	}
	if got := store.Usage(); got.States != usage.States {
		t.Fatalf("there are %v jobs by state, want %v", got.States, usage.States)
	}
	s.haveBodies(t, dir, large)
}

// haveAll reads the bodies of a job that content made, and returns how many are large.
func haveAll(t testing.TB, store jobs.Store, j jobs.Job) (large int) {
	t.Helper()
	for _, b := range []jobs.Body{j.Request.Body, j.Result.Body} {
		if string(read(t, store, b)) != string(content(j.ID, int(b.Size))) {
			t.Fatalf("a body of job %s, which is %s, has other bytes", j.ID, j.In())
		}
		if b.Size > 64<<10 {
			large++
		}
	}
	return large
}
