package program

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// TestReloader_goesOnWhenReadingHangs: the reloader never waits, logs that reading hangs, starts no second reading, and drops a late result.
func TestReloader_goesOnWhenReadingHangs(t *testing.T) {
	var out bytes.Buffer
	log := zerolog.New(&out)
	answer := make(chan prepared)
	used, dropped, begun := 0, 0, make(chan bool, 10)
	var refused []string
	r := &reloader{
		read: func() prepared { begun <- true; return <-answer },
		use:  func(prepared) { used++ }, drop: func(prepared) { dropped++ }, fail: func(why error) { refused = append(refused, why.Error()) },
		log: &log, limit: time.Millisecond, done: make(chan prepared, 1),
	}
	r.ask()
	<-begun
	<-r.late
	r.giveUp()
	r.ask() // while that one hangs
	if len(begun) != 0 || used != 0 {
		t.Error("it reads, or uses, a second time while the first hangs")
	}
	for _, words := range []string{"a file system does not answer: the running configuration stays", "still being read"} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("the log does not say %q\n%s", words, &out)
		}
	}
	answer <- prepared{}
	r.finish(<-r.done)
	if used != 0 || dropped != 1 {
		t.Errorf("what came too late was used %d times, dropped %d times", used, dropped)
	}
	<-begun // what was asked for meanwhile
	answer <- prepared{}
	r.finish(<-r.done)
	if used != 1 || r.reading {
		t.Errorf("what came in time was used %d times", used)
	}
	r.ask()
	<-begun
	answer <- prepared{err: errors.New("a\nb")}
	r.finish(<-r.done)
	if n := strings.Count(out.String(), "the configuration is wrong: the running configuration stays"); n != 2 || used != 1 {
		t.Errorf("%d lines say what is wrong, want 2\n%s", n, &out)
	}
	if len(refused) != 2 || refused[0] != errReadLate.Error() || refused[1] != "a\nb" {
		t.Errorf("these configurations were not used: %q", refused)
	}
}

func TestWithin_endsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	hangs := make(chan struct{})
	defer close(hangs)
	go stop()
	if _, err := within(ctx, func() (int, error) { <-hangs; return 1, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
