package front_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tenfour/admit"
	"tenfour/limit"
	"tenfour/tests/await"
	"tenfour/value/rate"
)

// farAway is a limiter that decides elsewhere: when the test says so.
type farAway struct {
	asked chan limit.Asker

	mu       sync.Mutex // guards the rest
	refunded int
}

func (f *farAway) Ask(_ []byte, a limit.Asker) (limit.Decision, bool) {
	f.asked <- a
	return limit.Decision{}, false
}

func (f *farAway) Wait(key []byte, _ *limit.Place, a limit.Asker) (limit.Decision, bool, error) {
	d, known := f.Ask(key, a)
	return d, known, nil
}

func (f *farAway) Withdraw(*limit.Place) bool { return false }

func (f *farAway) Refund(_ []byte, d limit.Decision) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d.Admitted {
		f.refunded++
	}
}

func (f *farAway) Close() {}

// TestLimiter_mayDecideLate: the request waits for its decision, and an admission that comes after its client has left is given
// back.
func TestLimiter_mayDecideLate(t *testing.T) {
	backend, _ := startBackend(t, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	backends := map[string]string{"/": backend}
	for name, tc := range map[string]struct {
		admitOnError, wait bool
		d                  limit.Decision
		err                error
		status             int
		words              string
	}{
		"it admits":                   {d: limit.Decision{Admitted: true}, status: 200},
		"it does not":                 {d: limit.Decision{RetryAfter: 1500 * time.Millisecond}, status: 429, words: "at most 7 in 1m"},
		"it fails":                    {err: errors.New("no route to it"), status: 503, words: "the limit cannot be asked\n"},
		"it fails, and that lets all": {admitOnError: true, err: errors.New("no route to it"), status: 200},
		"it is closed":                {err: limit.ErrClosed, status: 200},
		"too many wait":               {wait: true, err: limit.ErrFull, status: 429},
	} {
		t.Run(name, func(t *testing.T) {
			far := &farAway{asked: make(chan limit.Asker, 1)}
			l := &admit.Limit{Name: "far", Rate: rate.Rate{N: 7, Per: time.Minute}, Limiter: far, Wait: tc.wait, WaitMax: time.Hour, AdmitOnError: tc.admitOnError}
			_, addr, _ := startRuled(t, 2, 10, backends, &admit.Rule{Limits: []*admit.Limit{l}})
			c, in := dial(t, addr)
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			a := <-far.asked
			a.Answered(tc.d, tc.err)
			r, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(r.Body)
			if r.StatusCode != tc.status || !strings.Contains(string(body), tc.words) {
				t.Errorf("got %s %q, want %d with %q", r.Status, body, tc.status, tc.words)
			}
			if tc.d.RetryAfter > 0 && r.Header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After is %q, want 2", r.Header.Get("Retry-After"))
			}
		})
	}
	t.Run("its client has left", func(t *testing.T) {
		far := &farAway{asked: make(chan limit.Asker, 1)}
		l := &admit.Limit{Name: "far", Rate: rate.Rate{N: 7, Per: time.Minute}, Limiter: far, WaitMax: time.Hour}
		f, addr, _ := startRuled(t, 2, 10, backends, &admit.Rule{Limits: []*admit.Limit{l}})
		c, _ := dial(t, addr)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		a := <-far.asked
		c.(*net.TCPConn).CloseWrite()
		await.Until(t, "it has left", func() bool { return f.Open() == 0 })
		a.Answered(limit.Decision{Admitted: true}, nil)
		far.mu.Lock()
		defer far.mu.Unlock()
		if far.refunded != 1 {
			t.Errorf("its admission was given back %d times, want once", far.refunded)
		}
	})
}
