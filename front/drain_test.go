package front_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"tenfour/tests/await"
)

// A drain once waited for a connection that was just being accepted, which waited for the drain.
func TestDrain_endsWhileConnectionsCome(t *testing.T) {
	backend, _ := startBackend(t, "")
	for range 30 {
		addr, _, stop := startFront(t, 1, 1, map[string]string{"/": backend})
		stopped := make(chan struct{})
		var knocking sync.WaitGroup
		for range 4 {
			goOfTest(&knocking, func() { // ends when the front does not listen any more
				for {
					c, err := net.Dial("tcp", addr)
					if err != nil {
						return
					}
					c.Close()
				}
			})
		}
		go func() { stop(); close(stopped) }()
		select {
		case <-stopped:
		case <-time.After(2 * await.Patience):
			t.Fatal("the drain does not end")
		}
		knocking.Wait()
	}
}
