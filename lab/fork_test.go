package lab

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

func TestFork_servesOneClientPerOpening(t *testing.T) {
	p, err := Parse("fork:pause=5ms")
	if err != nil {
		t.Fatal(err)
	}
	var b *Faulty
	started := make(chan struct{})
	p.Seen = func(number int, _ *http.Request) {
		<-started
		if b.counts.Openings != number { // b.mu is held
			t.Errorf("request %d came in opening %d", number, b.counts.Openings)
		}
	}
	if b, err = p.Start(); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	close(started)

	for want := 1; want <= 20; want++ {
		refusals, _, r := untilServed(t, b.Addr())
		if got := number(t, r); got != want {
			t.Errorf("client %d was served as number %d", want, got)
		}
		if want > 1 && refusals == 0 {
			t.Errorf("client %d was not refused once", want)
		}
	}
	if got := b.Counts(); got.Requests != 20 || got.Connections != 20 {
		t.Errorf("got %+v, want 20 requests on 20 connections", got)
	}
}

func TestFork_servesManyClientsThatTryAgain(t *testing.T) {
	b := startFaulty(t, "fork:pause=1ms")
	var mu sync.Mutex // guards served
	served := map[int]bool{}
	var clients sync.WaitGroup
	for range 20 {
		clients.Go(func() {
			_, _, r := untilServed(t, b.Addr())
			mu.Lock()
			defer mu.Unlock()
			served[number(t, r)] = true
		})
	}
	clients.Wait()
	if got := b.Counts(); len(served) != 20 || got.Requests != 20 {
		t.Errorf("got %d different numbers, %+v; want 20 of each", len(served), got)
	}
}

// untilServed tries again, on a new connection each time, until a whole answer has arrived. It counts the connections that
// were refused, and those that were lost: reset while they waited in the backlog.
func untilServed(t testing.TB, addr string) (refusals, lost int, r *http.Response) {
	t.Helper()
	late := time.Now().Add(await.Patience)
	served := await.Holds(await.Patience, func() bool {
		c, err := net.DialTimeout("tcp", addr, 100*time.Millisecond) // the kernel drops a handshake if the backlog is full
		if err != nil {
			if errors.Is(err, syscall.ECONNREFUSED) {
				refusals++
			}
			return false
		}
		defer c.Close()
		c.SetDeadline(late)
		if r, _, err = (&guest{c, bufio.NewReader(c)}).get(); err != nil {
			lost++
		}
		return err == nil
	})
	if !served {
		t.Errorf("not served after %d refusals and %d losses in %v", refusals, lost, await.Patience)
		return refusals, lost, &http.Response{Header: http.Header{}}
	}
	return refusals, lost, r
}
