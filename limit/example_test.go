package limit_test

import (
	"fmt"
	"time"

	"tenfour/limit"
	"tenfour/value/rate"
)

// Two in any minute, for each client. A refusal says when to try again.
func ExampleWindow() {
	twoAMinute, err := rate.Parse("2/1m")
	if err != nil {
		fmt.Println(err)
		return
	}
	w := limit.NewWindow(limit.Options{Rate: twoAMinute})
	defer w.Close()
	for range 3 {
		d, _ := w.Ask([]byte("192.0.2.1"), nil)
		fmt.Println("admitted", d.Admitted, "remaining", d.Remaining, "retry after", limit.Seconds(d.RetryAfter), "s")
	}
	d, _ := w.Ask([]byte("192.0.2.2"), nil)
	fmt.Println("another client: admitted", d.Admitted)
	// Output:
	// admitted true remaining 1 retry after 0 s
	// admitted true remaining 0 retry after 0 s
	// admitted false remaining 0 retry after 60 s
	// another client: admitted true
}

// request is what waits for a limit: it has a place in the limiter's queue, and holds no goroutine.
type request struct {
	place limit.Place
	ended chan limit.Decision
}

// Answered is called when the limiter admits the request.
func (r *request) Answered(d limit.Decision, _ error) { r.ended <- d }

// A request over the limit waits, and is admitted when the window has room.
func ExampleWindow_Wait() {
	w := limit.NewWindow(limit.Options{Rate: rate.Rate{N: 1, Per: 50 * time.Millisecond}, Waiters: 10})
	defer w.Close()
	key := []byte("192.0.2.1")
	w.Ask(key, nil)
	r := &request{ended: make(chan limit.Decision)}
	_, known, err := w.Wait(key, &r.place, r)
	fmt.Println("decided at once:", known, err)
	fmt.Println("admitted later:", (<-r.ended).Admitted)
	// Output:
	// decided at once: false <nil>
	// admitted later: true
}

// The fields of a 429, for a limit named "api".
func ExampleAppendRateLimit() {
	tenAMinute := rate.Rate{N: 10, Per: time.Minute}
	d := limit.Decision{RetryAfter: 12 * time.Second, Reset: 12 * time.Second}
	fmt.Printf("RateLimit-Policy: %s\n", limit.AppendPolicy(nil, "api", tenAMinute))
	fmt.Printf("RateLimit: %s\n", limit.AppendRateLimit(nil, "api", d))
	fmt.Printf("Retry-After: %d\n", limit.Seconds(d.RetryAfter))
	// Output:
	// RateLimit-Policy: "api";q=10;w=60
	// RateLimit: "api";r=0;t=12
	// Retry-After: 12
}
