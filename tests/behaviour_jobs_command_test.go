package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tenfour/program"
)

// jobRecord is what these tests read of a job in JSON.
type jobRecord struct {
	ID, State, Reason, Route string
	Status                   int
	Attempts                 []struct{ Backend, Reached, Failure string }
}

// asOperator runs tenfour jobs, and returns its exit code and what it wrote.
func asOperator(t testing.TB, data string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, wrong bytes.Buffer
	code = program.Run(t.Context(), append(append([]string{"jobs"}, args...), "--data", data), &out, &wrong, nil)
	return code, out.String(), wrong.String()
}

// listed is what tenfour jobs list returns.
func listed(t testing.TB, data string, args ...string) (all []jobRecord) {
	t.Helper()
	code, out, wrong := asOperator(t, data, append([]string{"list"}, args...)...)
	if code != program.Stopped {
		t.Fatalf("list left with %d: %s", code, wrong)
	}
	for line := range strings.Lines(out) {
		var j jobRecord
		if err := json.Unmarshal([]byte(line), &j); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, j)
	}
	return all
}

// becomeJobs sends requests that become jobs, and returns their handles.
func (tf *tenfour) becomeJobs(t testing.TB, method string, n int) []string {
	t.Helper()
	handles := make([]string, n)
	var clients sync.WaitGroup
	places := make(chan struct{}, 16)
	for i := range n {
		clients.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			r, err := http.NewRequest(method, fmt.Sprintf("http://%s/%d", tf.addr, i), nil)
			if err == nil {
				r.Header.Set("Prefer", "respond-async")
				var answer *http.Response
				if answer, err = http.DefaultClient.Do(r); err == nil {
					answer.Body.Close()
					handles[i] = answer.Header.Get("Location")
				}
			}
			if handles[i] == "" {
				t.Errorf("%s became no job: %v", method, err)
			}
		})
	}
	clients.Wait()
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return handles
}

// TestJobsCommand_runsAgainWhatFailed: with its first request, and its handle has the new result.
func TestJobsCommand_runsAgainWhatFailed(t *testing.T) {
	t.Parallel()
	var mended atomic.Bool
	b := startBackend(t, repeat(func(m message) reply {
		if mended.Load() {
			return reply{raw: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}
		}
		return reply{raw: "HTTP/1.1 500 Broken\r\nContent-Length: 3\r\n\r\nbad"}
	}))
	data := jobsDir(t)
	tf := configured(t, b.addr, "[[route]]\npath = \"/\"\nbackends = [\"BACKEND\"]\nasync = true\nattempts = 1\n", "--data", data)
	handles := tf.becomeJobs(t, "POST", 3)
	eventually(t, "all have failed", func() bool { return len(listed(t, data, "--state", "failed")) == 3 })
	for _, j := range listed(t, data) {
		if j.Status != 500 || !strings.Contains(j.Reason, "500") || len(j.Attempts) != 1 || j.Attempts[0].Backend != b.addr || j.Attempts[0].Reached != "answering" {
			t.Errorf("a job that failed is %+v", j)
		}
	}
	mended.Store(true)
	route := listed(t, data)[0].Route
	if code, out, wrong := asOperator(t, data, "retry", "--state", "failed", "--route", route); code != 0 || !strings.Contains(out, `"done":3`) {
		t.Fatalf("retry left with %d: %s%s", code, out, wrong)
	}
	eventually(t, "all are done", func() bool { return len(listed(t, data, "--state", "done")) == 3 })
	for i, handle := range handles {
		if status, body := tf.get(t, handle); status != 200 || body != "ok" {
			t.Errorf("handle %d: %d %q", i, status, body)
		}
	}
	if requests, _ := b.seen(); len(requests) != 6 {
		t.Errorf("the backend had %d requests, want 6", len(requests))
	}
	if code, out, wrong := asOperator(t, data, "purge", "--older", "0s"); code != 0 || !strings.Contains(out, `"done":3`) {
		t.Errorf("purge left with %d: %s%s", code, out, wrong)
	}
	if status, _ := tf.get(t, handles[0]); status != 404 {
		t.Errorf("after the purge its handle is %d", status)
	}
}

// TestJobsCommand_cancelCutsTheAttemptThatRuns, and the log does not have the handle.
func TestJobsCommand_cancelCutsTheAttemptThatRuns(t *testing.T) {
	t.Parallel()
	b := startBackend(t, func(v *visit) {
		if _, err := v.request(); err == nil {
			v.untilGone()
		}
	})
	data := jobsDir(t)
	tf := startTenfour(t, []string{b.addr}, "--async", "--data", data, "--log-level", "info")
	handle := tf.becomeJobs(t, "POST", 1)[0]
	id := handle[strings.LastIndexByte(handle, '/')+1:]
	b.await(t, "the request", func() bool { return len(b.requests) == 1 })
	code, out, _ := asOperator(t, data, "show", id[:8])
	if code != 0 || !strings.Contains(out, `"state":"running"`) || !strings.Contains(out, b.addr) || strings.Contains(out, `"reached":"nothing sent"`) {
		t.Errorf("show left with %d: %s", code, out)
	}
	if code, out, wrong := asOperator(t, data, "cancel", id[:8]); code != 0 {
		t.Fatalf("cancel left with %d: %s%s", code, out, wrong)
	}
	b.awaitEnd(t, 0)
	if status, _ := tf.get(t, handle); status != 410 {
		t.Errorf("the handle is %d, want 410", status)
	}
	if code, _, wrong := asOperator(t, data, "cancel", id); code != 1 || !strings.Contains(wrong, "it is cancelled") {
		t.Errorf("the second cancel left with %d: %s", code, wrong)
	}
	if log := tf.logHas(t, "the operator changed jobs"); strings.Contains(log, id) {
		t.Errorf("the log has a whole handle:\n%s", log)
	}
}

// TestJobsCommand_listsByTheStateThatItShows: a job whose attempt has begun just now runs, and its record says so some time later.
func TestJobsCommand_listsByTheStateThatItShows(t *testing.T) {
	t.Parallel()
	b := startBackend(t, func(v *visit) {
		if _, err := v.request(); err == nil {
			v.untilGone()
		}
	})
	data := jobsDir(t)
	tf := startTenfour(t, []string{b.addr}, "--async", "--data", data)
	tf.becomeJobs(t, "GET", 1)
	b.await(t, "the request", func() bool { return len(b.requests) == 1 })
	if all := listed(t, data, "--state", "running"); len(all) != 1 || all[0].State != "running" {
		t.Errorf("of those that run it lists %+v", all)
	}
	if all := listed(t, data, "--state", "accepted,waiting"); len(all) != 0 {
		t.Errorf("of those that wait it lists %+v", all)
	}
}

// TestJobsCommand_worksWhileManyJobsRun: a backend that never answers has some of them, the others wait for it. All are found and cancelled.
func TestJobsCommand_worksWhileManyJobsRun(t *testing.T) {
	t.Parallel()
	const many = 200
	b := startBackend(t, func(v *visit) { io.Copy(io.Discard, v) })
	data := jobsDir(t)
	tf := startTenfour(t, []string{b.addr}, "--async", "--data", data)
	tf.becomeJobs(t, "GET", many)
	eventually(t, "the counters have them", func() bool {
		_, out, _ := asOperator(t, data, "stats")
		var s struct{ Jobs, Running int }
		return json.Unmarshal([]byte(out), &s) == nil && s.Jobs == many && s.Running > 0
	})
	if n := len(listed(t, data)); n != many {
		t.Errorf("a list has %d, want %d", n, many)
	}
	if n := len(listed(t, data, "--limit", "7")); n != 7 {
		t.Errorf("a list of 7 has %d", n)
	}
	if code, out, wrong := asOperator(t, data, "cancel", "--state", "accepted,running,waiting"); code != 0 || !strings.Contains(out, fmt.Sprintf(`"done":%d,"skipped":0`, many)) {
		t.Errorf("cancel left with %d: %s%s", code, out, wrong)
	}
	if n := len(listed(t, data, "--state", "cancelled")); n != many {
		t.Errorf("%d are cancelled, want %d", n, many)
	}
}

func TestJobsCommand_saysThatNoTenfourRuns(t *testing.T) {
	t.Parallel()
	data := jobsDir(t)
	code, out, wrong := asOperator(t, data, "list")
	if code != program.Failed || out != "" || !strings.Contains(wrong, "no tenfour runs with data "+data+": start it, or name another directory with --data") {
		t.Errorf("it left with %d, %q, %q", code, out, wrong)
	}
}
