package program

import (
	"context"
	"fmt"
	"time"
)

// readMost is how long reading a configuration may take: a network file system may never answer.
const readMost = 10 * time.Second

// within runs do in a goroutine and returns its result. It returns an error if do takes longer than readMost, and ctx's error if
// ctx is done first. In both cases do keeps running, and its result is dropped.
func within[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() { // ends with do
		value, err := do()
		done <- result{value, err}
	}()
	late := time.NewTimer(readMost)
	defer late.Stop()
	var none T
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-late.C:
		return none, fmt.Errorf("the configuration was not read within %v: a file system that it names does not answer", readMost)
	}
}

// interruptible runs a command that writes to stdout, and stops waiting for it a while after ctx is done: a reader that takes nothing
// may keep the command waiting.
func interruptible(ctx context.Context, grace time.Duration, command func() int) int {
	code := make(chan int, 1)
	go func() { code <- command() }() // ends with the command, or with the process
	select {
	case c := <-code:
		return c
	case <-ctx.Done():
	}
	select {
	case c := <-code:
		return c
	case <-time.After(grace):
		return Failed
	}
}
