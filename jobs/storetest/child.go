package storetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
)

// The environment of a process that is to be killed.
const (
	childDir  = "TENFOUR_STORE_CHILD" // the directory of its store
	childStep = "TENFOUR_STORE_STEP"  // the step of a write at which it kills itself; empty for none
	sentLog   = "sent"                // the file, in that directory, of the requests that were sent and may be sent once
)

// child uses a store until it is killed.
type child struct {
	store jobs.Store
	sent  *os.File

	mu sync.Mutex // of what it says
}

// Child is the whole of a process that Kill started, and reports whether this is one. TestMain calls it first.
func (s Suite) Child() bool {
	dir := os.Getenv(childDir)
	if dir == "" {
		return false
	}
	if err := s.runChild(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

func (s Suite) runChild(dir string) error {
	last, _ := strconv.ParseInt(os.Getenv(childStep), 10, 64)
	var steps atomic.Int64
	store, err := s.Open(dir, plenty, func(string) error {
		if steps.Add(1) == last {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it has arrived
		}
		return nil
	})
	if err != nil {
		return err
	}
	sent, err := os.OpenFile(filepath.Join(dir, sentLog), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	c := &child{store: store, sent: sent}
	if err := c.recover(); err != nil {
		return err
	}
	errs := make(chan error)
	for i := range 6 {
		go func() { errs <- c.work(i) }() // ends with the process
	}
	return <-errs
}

// recover does what a start does with the jobs that it finds, and ends those that wait for another attempt.
func (c *child) recover() error {
	for j, err := range c.store.Jobs(jobs.Unfinished) {
		if err != nil {
			return err
		}
		if after, changed := j.Recover(time.Now(), false); changed {
			if j, err = c.say(c.store.Update(after)); err != nil {
				return err
			}
		}
		if !j.State.Ended() {
			if err := c.run(j); err != nil {
				return err
			}
		}
	}
	return nil
}

// work creates jobs, runs them, and removes some.
func (c *child) work(goroutine int) error {
	for i := 0; ; i++ {
		j := job()
		j.Created, j.Deadline = time.Now().UTC(), time.Now().Add(time.Hour).UTC()
		j.Request.Idempotent = i%2 == 0
		body, err := c.store.PutBody(j.ID, bytes.NewReader(content(j.ID, sizeOf(goroutine+i))), 8<<20)
		if err != nil {
			return err
		}
		j.Request.Body = body
		if j, err = c.say(c.store.Create(j)); err != nil {
			return err
		}
		if err := c.run(j); err != nil {
			return err
		}
	}
}

// sizeOf is mostly 1 KiB, and sometimes more than a store keeps with the record.
func sizeOf(i int) int {
	if i%5 == 0 {
		return 70_000
	}
	return 1000
}

// run makes an attempt: it is stored before the request is sent, and the answer after it.
func (c *child) run(j jobs.Job) error {
	began, err := j.Begin(time.Now())
	if err != nil {
		return err
	}
	if began, err = began.Reach("127.0.0.1:9001", forward.PartlySent); err != nil {
		return err
	}
	if j, err = c.say(c.store.Update(began)); err != nil {
		return err
	}
	if !j.Request.Idempotent {
		if _, err := c.sent.WriteString(j.ID.String() + "\n"); err != nil {
			return err
		}
	}
	result, err := c.store.PutBody(j.ID, bytes.NewReader(content(j.ID, int(j.Request.Body.Size))), 8<<20)
	if err != nil {
		return err
	}
	o := jobs.Outcome{Reached: forward.Answering, Result: jobs.Result{Status: 200, Body: result}}
	done, err := j.End(time.Now(), o, jobs.Verdict{State: jobs.Done})
	if err != nil {
		return err
	}
	if done, err = c.say(c.store.Update(done)); err != nil || j.ID[0]%3 > 0 {
		return err
	}
	c.tell(said{Leaving: true, Job: jobs.Job{ID: done.ID}})
	return c.store.Remove(done)
}

// say says what a store has returned.
func (c *child) say(j jobs.Job, err error) (jobs.Job, error) {
	if err == nil {
		err = c.tell(said{Job: j})
	}
	return j, err
}

// tell writes a line, whole.
func (c *child) tell(what said) error {
	line, err := json.Marshal(what)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, werr := os.Stdout.Write(append(line, '\n'))
	return errors.Join(err, werr)
}
