package control

import (
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"tenfour/jobs"
	"tenfour/jobs/callback"
)

// TestStats_hasNamesThatStay: programs read them.
func TestStats_hasNamesThatStay(t *testing.T) {
	r := newRig(t)
	r.add(3, func(i int, j jobs.Job) jobs.Job {
		if i == 0 {
			return failed(j, noon)
		}
		return j
	})
	if _, err := r.Change(t.Context(), "cancel", Selection{}, false, nil); err != nil {
		t.Fatal(err)
	}
	body, err := r.ask(t.Context(), "GET", "/stats", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	got, _ := io.ReadAll(body)
	want := fmt.Sprintf(`{"jobs":3,"states":{"accepted":0,"cancelled":2,"done":0,"failed":1,"interrupted":0,"running":0,"waiting":0},"bytes":%d,`+
		`"oldest_seconds":0,"due":0,"running":0,"unsaved":0,"awaited":0,"attempts":0,"ended":{"cancelled":2,"done":0,"failed":0,"interrupted":0},`+
		`"callbacks":{"due":0,"running":0,"delivered":0,"gave_up":0,"attempts":0,"failures":0}}`+"\n", r.store.Usage().Bytes)
	if string(got) != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// TestStats_countsWhatIsDue: jobs that have not ended, the age of the oldest of them, and callbacks.
func TestStats_countsWhatIsDue(t *testing.T) {
	r := newRig(t)
	sender := callback.New(callback.Config{Store: r.store}) // it sends nothing, because it is not started
	r.server.Close()
	r.callbacks = sender
	r.listen(r.store, patient)
	all := r.add(2, func(i int, j jobs.Job) jobs.Job {
		if i == 0 {
			j.Callback = jobs.Callback{URL: "https://hooks.example/", On: jobs.Ended}
			return failed(j, noon)
		}
		return j
	})
	sender.Due(all[0])
	if _, err := r.Change(t.Context(), "pause", Selection{IDs: []string{all[1].ID.String()}}, false, nil); err != nil { // the runner hears of it
		t.Fatal(err)
	}
	got, err := r.Stats(t.Context())
	if err != nil || got.Callbacks.Due != 1 || got.States["accepted"] != 1 || got.Oldest < time.Since(noon).Seconds()-60 {
		text, _ := json.Marshal(got)
		t.Errorf("got %s, %v", text, err)
	}
}
