// Package health asks backends whether they are well, and tells when that changes.
//
//	c := health.Start(health.Check{URL: "http://127.0.0.1:9001/health", Every: 2 * time.Second}, func(well bool, why string) { ... })
//	defer c.Close()
//
// It is in nobody's path: what follows from an answer is for whoever is told. It does not judge by what exchanges meet,
// which the pool does.
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

// Check is what is asked, and how often.
type Check struct {
	URL     string
	Every   time.Duration // and up to a quarter more, so that checks do not keep step
	Timeout time.Duration // for a whole answer
	TLS     *tls.Config   // for https://; nil for Go's own
	Sick    bool          // the backend is not well, until a check has passed
}

// failuresMost is how many checks in a row must fail before the backend is not well. One that passes makes it well.
const failuresMost = 2

// bodyMost is how much of an answer is read.
const bodyMost = 64 << 10

// Checker checks one backend until Close.
type Checker struct {
	check  Check
	told   func(well bool, why string)
	client *http.Client
	stop   context.CancelFunc
	loop   sync.WaitGroup
}

// Start begins to check, at once and then every so often. told is called by one goroutine, and only when the backend is
// no longer what it was: well at first, unless c says otherwise.
func Start(c Check, told func(well bool, why string)) *Checker {
	ctx, stop := context.WithCancel(context.Background())
	k := &Checker{check: c, told: told, stop: stop, client: &http.Client{
		Timeout:       c.Timeout,
		Transport:     &http.Transport{TLSClientConfig: c.TLS, DisableKeepAlives: true}, // a kept connection would take a place at a simple server
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	k.loop.Go(func() { k.run(ctx) }) // ends with Close
	return k
}

// Close ends the checks, and returns when nobody is told any more.
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

// ask returns why a check has failed, behind the backend's name, or nil.
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
