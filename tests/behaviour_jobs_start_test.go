package tests

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/jobs/bolt"
	"tenfour/program"
	"tenfour/tests/await"
)

// jobsDir is a directory for jobs that is not made yet.
func jobsDir(t testing.TB) string { return filepath.Join(filepath.Dir(socketPath(t)), "data") }

// TestJobs_noDirectoryWithoutAsync: nor does check make one.
func TestJobs_noDirectoryWithoutAsync(t *testing.T) {
	t.Parallel()
	data := jobsDir(t)
	tf := startTenfour(t, nil, "--data", data)
	tf.get(t, "/")
	if code, _, wrong := checkedAs("--async", "--data", data, "--listen", "127.0.0.1:0"); code != program.Stopped {
		t.Errorf("check left with %d: %s", code, wrong)
	}
	if _, err := os.Lstat(data); err == nil {
		t.Error("the directory of jobs was made")
	}
}

// TestJobs_theDirectoryIsForItsUserAlone, with all that is in it.
func TestJobs_theDirectoryIsForItsUserAlone(t *testing.T) {
	t.Parallel()
	data := jobsDir(t)
	startTenfour(t, nil, "--async", "--data", data)
	found := 0
	err := filepath.Walk(data, func(path string, info os.FileInfo, err error) error {
		found++
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil || found < 3 {
		t.Errorf("%d files, %v", found, err)
	}
}

// TestJobs_startIsRefusedInWords when the directory cannot be used: it ends with 1 and has answered no client. check says the same.
func TestJobs_startIsRefusedInWords(t *testing.T) {
	t.Parallel()
	used := jobsDir(t)
	startTenfour(t, nil, "--async", "--data", used)
	damaged := t.TempDir()
	writeFile(t, filepath.Join(damaged, "jobs.db"), strings.Repeat("text\n", 10_000))
	path := socketPath(t)
	for data, words := range map[string]string{
		used:    fmt.Sprintf("lock: another process uses it (number %d): stop it, or choose another directory", os.Getpid()),
		damaged: "jobs.db: the file is damaged (invalid database). It is left as it is: put back a copy of the directory, or move the directory away to start without its jobs",
	} {
		args := []string{"--async", "--data", data, "--listen", "unix:" + path}
		want := "jobs cannot be kept: " + data + "/" + words + "\n"
		if started, code, wrong := starts(args...); started || code != program.Failed || wrong != want {
			t.Errorf("it answered clients: %t, left with %d and\n%swant\n%s", started, code, wrong, want)
		}
		if code, _, wrong := checkedAs(args...); code != program.Failed || wrong != want {
			t.Errorf("check left with %d and\n%swant\n%s", code, wrong, want)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Error("the socket that it opened before is left")
		}
	}
}

// TestJobs_aReloadBeginsToKeepThem: it opens the directory, a directory that cannot be used is refused, and another one later changes nothing.
func TestJobs_aReloadBeginsToKeepThem(t *testing.T) {
	t.Parallel()
	data, damaged := jobsDir(t), t.TempDir()
	writeFile(t, filepath.Join(damaged, "jobs.db"), strings.Repeat("text\n", 10_000))
	tf := startReloadable(t, "")
	async := func(data string) string { return fmt.Sprintf("async = true\ndata = %q\n", data) }
	tf.reload(t, async(damaged), "the configuration is wrong: the running configuration stays")
	if !strings.Contains(tf.log.String(), "jobs cannot be kept: "+damaged) {
		t.Errorf("the log does not say why:\n%s", tf.log)
	}
	tf.reload(t, async(data), reloaded)
	if !strings.Contains(tf.log.String(), "jobs are kept in "+data) {
		t.Errorf("the log does not say where:\n%s", tf.log)
	}
	tf.reload(t, async(jobsDir(t)), "data cannot change while tenfour runs: restart tenfour to change it")
	if started, code, wrong := starts("--async", "--data", data, "--listen", "127.0.0.1:0"); started || code != program.Failed || !strings.Contains(wrong, "another process uses it") {
		t.Errorf("a second tenfour in the directory answered clients: %t, left with %d and %s", started, code, wrong)
	}
	tf.reload(t, "", reloaded) // and now without async: the directory stays open, because of the jobs in it
	if _, code, _ := starts("--async", "--data", data, "--listen", "127.0.0.1:0"); code != program.Failed {
		t.Errorf("a second tenfour in the directory left with %d", code)
	}
}

// TestJobs_theNextStartHasTheDirectory that the one before has left.
func TestJobs_theNextStartHasTheDirectory(t *testing.T) {
	t.Parallel()
	data := jobsDir(t)
	for range 2 {
		if started, code, wrong := starts("--async", "--data", data, "--listen", "127.0.0.1:0"); !started || code != program.Stopped {
			t.Errorf("it answered clients: %t, left with %d and %s", started, code, wrong)
		}
	}
}

// putJobs stores jobs in a directory that no tenfour uses, each for the route of /.
func putJobs(t testing.TB, data string, all ...jobs.Job) (ids []jobs.ID) {
	t.Helper()
	store := openStore(t, data)
	defer store.Close()
	for _, j := range all {
		j.ID, j.Created, j.Deadline, j.Keep = jobs.NewID(), time.Now(), time.Now().Add(time.Hour), time.Hour
		j.Request.Route, j.Request.Fields = "/", []byte("Host: a\r\n")
		stored, err := store.Create(j)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, stored.ID)
	}
	return ids
}

// openStore opens a directory that no tenfour uses any more.
func openStore(t testing.TB, data string) *bolt.Store {
	t.Helper()
	store, err := bolt.Open(data, bolt.Options{Caps: jobs.Caps{Jobs: 1 << 20, Bytes: 1 << 40}})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// found returns jobs from a directory that no tenfour uses any more.
func found(t testing.TB, data string, ids ...jobs.ID) (all []jobs.Job) {
	t.Helper()
	store := openStore(t, data)
	defer store.Close()
	for _, id := range ids {
		j, err := store.Get(id)
		if err != nil {
			t.Errorf("job %s: %v", id, err)
		}
		all = append(all, j)
	}
	return all
}

// startOnce is startTenfour with what drains it and waits for its end.
func startOnce(t testing.TB, backends []string, flags ...string) (tf *tenfour, drain func()) {
	t.Helper()
	args := append(listenAnywhere(flags), "--log-level", "info", "--log-format", "json")
	for _, addr := range backends {
		args = append(args, "--backend", addr)
	}
	ctx, stop := context.WithCancel(context.Background())
	tf = &tenfour{log: new(await.Output)}
	ready, exit := make(chan net.Addr, 1), make(chan int, 1)
	go func() {
		exit <- program.Run(ctx, append(args, flags...), io.Discard, tf.log, func(a net.Addr) { ready <- a })
	}() // ends with drain
	drain = sync.OnceFunc(func() {
		stop()
		select {
		case code := <-exit:
			if code != program.Stopped {
				t.Errorf("tenfour left with %d\n%s", code, tf.log)
			}
		case <-time.After(2 * patience):
			t.Errorf("tenfour still runs\n%s\n%s", tf.log, stacks())
		}
	})
	t.Cleanup(drain)
	select {
	case a := <-ready:
		tf.addr = a.String()
	case <-time.After(patience):
		t.Fatalf("tenfour does not listen\n%s", tf.log)
	}
	return tf, drain
}

// began is a record of a job whose attempt tenfour's end cut off.
func began(method string, reached forward.Progress) jobs.Job {
	idempotent := method != "POST"
	return jobs.Job{
		Request: jobs.Request{Method: method, Target: []byte("/" + method), Idempotent: idempotent},
		State:   jobs.Running, Tried: 1, Attempts: []jobs.Attempt{{Began: time.Now(), Reached: reached}},
	}
}

// TestJobs_whatHadNotEndedGoesOnAtTheStart: what was accepted, and what may be sent a second time. A request that may be sent only once is not.
func TestJobs_whatHadNotEndedGoesOnAtTheStart(t *testing.T) {
	t.Parallel()
	data := jobsDir(t)
	ids := putJobs(t, data,
		jobs.Job{Request: jobs.Request{Method: "POST", Target: []byte("/new")}},
		began("POST", forward.NothingSent), began("GET", forward.PartlySent), began("POST", forward.PartlySent))
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf, drain := startOnce(t, []string{b.addr}, "--async", "--data", data)
	tf.logHas(t, `"jobs":4,"unfinished":4`)
	for _, id := range ids {
		tf.logHas(t, `"job":"`+id.String()[:8]+`"`)
	}
	drain()
	want := []jobs.State{jobs.Done, jobs.Done, jobs.Done, jobs.Interrupted}
	for i, j := range found(t, data, ids...) {
		if j.State != want[i] {
			t.Errorf("job %d, %s %s, is %s, want %s: %s", i, j.Request.Method, j.Request.Target, j.State, want[i], j.Reason)
		}
	}
	if seen, raw := b.seen(); len(seen) != 3 {
		t.Errorf("the backend has seen %d requests, want 3:\n%s", len(seen), raw)
	}
}

// TestJobs_theDrainCutsAttempts that have not ended in its time: what may be sent a second time waits for the next start. It is the same when a
// client is cut too.
func TestJobs_theDrainCutsAttempts(t *testing.T) {
	t.Parallel()
	for name, hangs := range map[string]bool{"jobs alone": false, "a client that is not answered": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := jobsDir(t)
			ids := putJobs(t, data,
				jobs.Job{Request: jobs.Request{Method: "POST", Target: []byte("/mute")}},
				jobs.Job{Request: jobs.Request{Method: "GET", Target: []byte("/mute"), Idempotent: true}})
			b := startBackend(t, answersWhenAsked(nil))
			tf, drain := startOnce(t, []string{b.addr}, "--async", "--data", data, "--drain", "500ms")
			requests := 2
			if hangs {
				requests++
				tf.dial(t).send("GET /mute HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
			}
			b.await(t, "the requests", func() bool { return len(b.requests) == requests })
			drain()
			want := []jobs.State{jobs.Interrupted, jobs.Waiting}
			for i, j := range found(t, data, ids...) {
				if j.State != want[i] || j.State == jobs.Waiting && j.Tried > 1 {
					t.Errorf("job %d is %s, want %s: %+v", i, j.State, want[i], j.Attempts)
				}
			}
		})
	}
}

// answersWhenAsked is a backend that answers a request for /answered once a channel is closed, and no other.
func answersWhenAsked(answer <-chan struct{}) func(*visit) {
	return func(v *visit) {
		m, err := v.request()
		if err != nil {
			return
		}
		if strings.Contains(m.line, "/answered") {
			<-answer
			io.WriteString(v, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			return
		}
		v.request() // until tenfour has left
	}
}

// TestJobs_noAttemptBeginsInADrain, and it waits for those that run: what waits for its turn goes on at the next start, and is not one of the attempts that were cut.
func TestJobs_noAttemptBeginsInADrain(t *testing.T) {
	t.Parallel()
	data := jobsDir(t)
	var all []jobs.Job
	for range 20 {
		all = append(all, jobs.Job{Request: jobs.Request{Method: "POST", Target: []byte("/answered")}})
	}
	ids := putJobs(t, data, all...)
	answer := make(chan struct{})
	b := startBackend(t, answersWhenAsked(answer))
	tf, drain := startOnce(t, []string{b.addr}, "--async", "--data", data, "--workers", "1", "--drain", "20s")
	b.await(t, "a request", func() bool { return len(b.requests) == 1 })
	drained := make(chan struct{})
	go func() { drain(); close(drained) }() // ends with the drain
	tf.logHas(t, "draining")
	close(answer)
	<-drained
	states := map[jobs.State]int{}
	for _, j := range found(t, data, ids...) {
		states[j.State]++
	}
	seen, _ := b.seen()
	if states[jobs.Done] != len(seen) || states[jobs.Interrupted] > 0 || states[jobs.Accepted]+states[jobs.Waiting]+states[jobs.Done] != len(ids) || states[jobs.Accepted] == 0 {
		t.Errorf("the backend has seen %d requests, and the jobs are %v; want each of them done, and some accepted", len(seen), states)
	}
}

// TestJobs_aReloadThatTakesAsyncAwayKeepsItsWord: jobs that were accepted end, and their handles are answered. Requests that are new are served as
// on any route. The same when the route has another path beside its first.
func TestJobs_aReloadThatTakesAsyncAwayKeepsItsWord(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	b := startBackend(t, answersWhenAsked(answer))
	data := jobsDir(t)
	settings := func(async bool, paths string) string {
		return fmt.Sprintf("backends = %q\npath = %s\nasync = %t\ndata = %q\n", b.addr, paths, async, data)
	}
	tf := startReloadable(t, settings(false, `"/"`), "--workers", "1")
	tf.reload(t, settings(true, `"/"`), reloaded)
	var locations []string
	for range 3 { // one runs, and two wait
		locations = append(locations, tf.become(t, request("POST", "/answered", "Prefer: respond-async", "Content-Length: 0")))
	}
	tf.reload(t, settings(false, `["/", "/x/"]`), reloaded)
	close(answer)
	for _, location := range locations {
		if got := tf.ended(t, location); got.State != "done" {
			t.Errorf("a job that was accepted is %s, %s", got.State, got.Reason)
		}
		if m := tf.handle(t, location); m.status() != 200 || m.body != "ok" {
			t.Errorf("its handle got %s %q", m.line, m.body)
		}
	}
	if m := tf.exchange(t, request("POST", "/answered", "Prefer: respond-async", "Content-Length: 0"), whole).last(); m.status() != 200 {
		t.Errorf("a request that is new got %s", m.line)
	}
}
