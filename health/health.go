// Package health asks backends whether they are well, and reports when that changes.
//
//	c := health.Start(health.Check{URL: "http://127.0.0.1:9001/health", Every: 2 * time.Second}, func(well bool, why string) { ... })
//	defer c.Close()
//
// It is not in the path of an exchange. The function that the caller gives decides what follows from a change. The package
// does not look at exchanges and their failures: pool does.
package health

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Check says what to ask of a backend, and how often.
type Check struct {
	URL     string
	Every   time.Duration // each interval is up to a quarter longer, at random, so that checks do not coincide
	Timeout time.Duration // for the whole answer; 0 is none
	TLS     *tls.Config   // for https://; nil for Go's default
	Sick    bool          // the backend counts as sick until a check has passed; else as well until checks have failed
}

// failuresMost is how many checks in a row must fail before the backend is sick. One check that passes makes it well.
const failuresMost = 2

// bodyMost is how many bytes of an answer's body are read.
const bodyMost = 64 << 10

// Checker checks one backend until Close.
type Checker struct {
	check  Check
	told   func(well bool, why string)
	client *http.Client
	stop   context.CancelFunc
	loop   sync.WaitGroup
}

// Start begins to check: at once, then every c.Every. It calls told on one goroutine, and only when the backend has changed
// from well to sick or back. why says why it is sick, in words that follow the backend's name.
func Start(c Check, told func(well bool, why string)) *Checker {
	ctx, stop := context.WithCancel(context.Background())
	k := &Checker{check: c, told: told, stop: stop, client: &http.Client{
		Timeout:       c.Timeout,
		Transport:     &http.Transport{TLSClientConfig: c.TLS, DisableKeepAlives: true}, // a kept connection would occupy a server that serves one connection at a time
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	k.loop.Go(func() { k.run(ctx) }) // ends with Close
	return k
}

// Close ends the checks. After it returns, told is not called any more.
func (k *Checker) Close() {
	k.stop()
	k.loop.Wait()
}

func (k *Checker) run(ctx context.Context) {
	well, failures := !k.check.Sick, 0
	for {
		err := k.ask(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && !well:
			k.told(true, "")
			well = true
		case err != nil:
			if failures++; failures == failuresMost && well {
				k.told(false, err.Error())
				well = false
			}
		}
		if err == nil {
			failures = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(k.check.Every + rand.N(k.check.Every/4+1)):
		}
	}
}

// ask makes one check and returns why it has failed, in words that follow the backend's name, or nil.
func (k *Checker) ask(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.check.URL, nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "tenfour health check")
	answer, err := k.client.Do(r)
	if err != nil {
		return fmt.Errorf("failed its health check (%w)", err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, bodyMost)); err != nil {
		return fmt.Errorf("failed its health check (%w)", err)
	}
	if answer.StatusCode >= 400 {
		return fmt.Errorf("answered its health check with %d", answer.StatusCode)
	}
	return nil
}
