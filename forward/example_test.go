package forward_test

import (
	"fmt"
	"time"

	"tenfour/forward"
	"tenfour/httpparse"
)

// A request may go out again when its backend cannot have acted on it, or when acting twice is the same as once.
func ExampleError_Retryable() {
	for _, verb := range []httpparse.Verb{httpparse.Get, httpparse.Post} {
		for _, progress := range []forward.Progress{forward.NothingSent, forward.PartlySent, forward.WhollySent, forward.Answering} {
			failure := &forward.Error{Side: forward.Backend, Progress: progress}
			fmt.Printf("idempotent %t, %v: %t\n", verb.Idempotent(), progress, failure.Retryable(verb.Idempotent()))
		}
	}
	// Output:
	// idempotent true, nothing sent: true
	// idempotent true, partly sent: true
	// idempotent true, sent: true
	// idempotent true, answering: false
	// idempotent false, nothing sent: true
	// idempotent false, partly sent: false
	// idempotent false, sent: false
	// idempotent false, answering: false
}

// A client that sends 100 bytes a second is found out after ten seconds in which tenfour has waited for it.
func ExampleMeter() {
	meter := forward.NewMeter(0)
	moved := int64(0)
	for now := 1 * time.Second; now <= 12*time.Second; now += time.Second {
		meter.Begin(int64(now)) // tenfour has room for the client's next byte
		moved += 100
		meter.End(int64(now + time.Second)) // a byte has come
		if meter.Over() && meter.Slow(moved, 500) {
			fmt.Println("too slow, after", now)
			break
		}
	}
	// Output:
	// too slow, after 10s
}
