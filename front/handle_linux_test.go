//go:build !portable

package front_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenfour/jobs"
	"tenfour/jobs/bolt"
	"tenfour/jobs/runner"
	"tenfour/tests/await"
)

// TestHandle_manyThatWaitHoldNoGoroutine: each is parked until the job is over. The job is paused, so it is over when it is cancelled.
func TestHandle_manyThatWaitHoldNoGoroutine(t *testing.T) {
	backend, _ := startBackend(t, "")
	f, addr, stop := startRuled(t, 1, 1, map[string]string{"/": backend}, nil)
	store, err := bolt.Open(t.TempDir(), bolt.Options{Caps: jobs.Caps{Jobs: 10, Bytes: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	caps := func() runner.Caps { return runner.Caps{Running: 1, BodyMax: 1 << 20, BytesMax: 1 << 20} }
	r := runner.New(runner.Config{Store: store, Lot: f.Lot, Routes: f, Log: zerolog.Nop(), Caps: caps})
	f.SetJobs(r)
	r.Start()
	defer func() {
		r.Stop(0)
		store.Close()
		stop()
	}()
	now := time.Now()
	j, err := store.Create(jobs.Job{ID: jobs.NewID(), Created: now, Deadline: now.Add(time.Hour), Keep: time.Hour, Paused: true, Request: jobs.Request{Route: "/", Method: "GET", Target: []byte("/")}})
	if err != nil {
		t.Fatal(err)
	}
	const many = 500
	before := runtime.NumGoroutine()
	all := make([]net.Conn, many)
	for i := range all {
		if all[i], err = net.Dial("tcp", addr); err != nil {
			t.Fatal(err)
		}
		defer all[i].Close()
		await.Within(all[i], 2*await.Patience)
		fmt.Fprintf(all[i], "GET /.tenfour/jobs/%s HTTP/1.1\r\nHost: a\r\nPrefer: wait=60\r\n\r\n", j.ID)
	}
	await.Until(t, "all wait", func() bool { return r.Snapshot().Awaited == many })
	await.Until(t, "and no goroutine for them", func() bool { return runtime.NumGoroutine() <= before+10 })
	cancels, in := dial(t, addr)
	fmt.Fprintf(cancels, "DELETE /.tenfour/jobs/%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", j.ID)
	if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode != 200 {
		t.Fatalf("it is cancelled with %v (%v)", res, err)
	}
	for _, c := range all {
		if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || res.StatusCode != 410 {
			t.Fatalf("a client that waited got %v (%v)", res, err)
		}
	}
}
