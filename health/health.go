// Package health asks backends whether they are well, and reports when that changes.
//
//	c := health.Start(health.Check{URL: "http://127.0.0.1:9001/health", Every: 2 * time.Second}, backend)
//	defer c.Close()
//
// It is not in the path of an exchange. The Backend that the caller gives decides what follows from a change. The package
// does not look at exchanges and their failures: pool does.
package health

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"tenfour/names"
)

// Check says what to ask of a backend, and how often.
type Check struct {
	URL     string
	Host    string        // the request's Host; "" for that of URL
	Addrs   *names.Name   // where the host of URL is; nil looks it up
	Every   time.Duration // each interval is up to a quarter longer, at random, so that checks do not coincide
	Timeout time.Duration // for the whole answer; 0 is none
	TLS     *tls.Config   // for https://; nil for Go's default
	Sick    bool          // the backend counts as sick until a check has passed; else as well until checks have failed
}

// failuresMost is how many checks in a row must fail before the backend is sick. One check that passes makes it well.
const failuresMost = 2

// bodyMost is how many bytes of an answer's body are read.
const bodyMost = 64 << 10

// Backend is the backend that is checked, as the Checker calls it. Well and Sick are called by one goroutine, and only when
// the backend has changed from one to the other.
type Backend interface {
	Well()
	Sick(why string) // why in words that follow the backend's name
	// Refused says that the first check of all was answered with a 4xx: the backend may not serve the Host that it was asked for.
	Refused(status int, host string)

	// Passed says that the backend is well still. Exchanges may have found otherwise, for a reason that is over.
	Passed()

	// Impatient says that a check has waited long for its answer: a server with one thread may be sitting on a
	// connection that its other clients keep idle, and must be let go. Patient ends that.
	Impatient()
	Patient()
}

// impatience is how long a check waits before it suspects an idle connection: half of its timeout if that is shorter.
const impatience = 100 * time.Millisecond

// Checker checks one backend until Close.
type Checker struct {
	check   Check
	backend Backend
	client  *http.Client
	stop    context.CancelFunc
	loop    sync.WaitGroup
}

// Start begins to check b: at once, then every c.Every.
func Start(c Check, b Backend) *Checker {
	ctx, stop := context.WithCancel(context.Background())
	k := &Checker{check: c, backend: b, stop: stop}
	k.client = &http.Client{
		Timeout:       c.Timeout,
		Transport:     &http.Transport{TLSClientConfig: c.TLS, DialContext: k.dial, DisableKeepAlives: true}, // a kept connection would occupy a server that serves one connection at a time
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	k.loop.Go(func() { k.run(ctx) }) // ends with Close
	return k
}

// Close ends the checks. After it returns, the backend is not called any more.
func (k *Checker) Close() {
	k.stop()
	k.loop.Wait()
}

func (k *Checker) run(ctx context.Context) {
	well, failures := !k.check.Sick, 0
	for first := true; ; first = false {
		err := k.askPatiently(ctx)
		if status := new(statusError); first && errors.As(err, &status) && status.code < 500 {
			k.backend.Refused(status.code, status.host)
		}
		switch {
		case ctx.Err() != nil:
			return
		case outOfDescriptors(err): // which says nothing of the backend
		case err == nil && !well:
			k.backend.Well()
			well = true
		case err == nil:
			k.backend.Passed()
		case err != nil:
			if failures++; failures == failuresMost && well {
				k.backend.Sick(err.Error())
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

// outOfDescriptors reports whether a check could not be made for want of a descriptor. The resolver has it in words only.
func outOfDescriptors(err error) bool {
	return err != nil && (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || strings.Contains(err.Error(), syscall.EMFILE.Error()))
}

// askPatiently makes one check, and has the backend called if it waits long.
func (k *Checker) askPatiently(ctx context.Context) error {
	answered := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() { k.hurry(answered) }) // ends with the check
	err := k.ask(ctx)
	close(answered)
	watch.Wait()
	return err
}

// hurry calls the backend when a check is not answered soon.
func (k *Checker) hurry(answered <-chan struct{}) {
	after := impatience
	if k.check.Timeout > 0 {
		after = min(after, k.check.Timeout/2)
	}
	late := time.NewTimer(after)
	defer late.Stop()
	select {
	case <-answered:
		return
	case <-late.C:
	}
	k.backend.Impatient()
	<-answered
	k.backend.Patient()
}

// ask makes one check and returns why it has failed, in words that follow the backend's name, or nil.
func (k *Checker) ask(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.check.URL, nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "tenfour health check")
	if k.check.Host != "" {
		r.Host = k.check.Host
	}
	answer, err := k.client.Do(r)
	if err != nil {
		return fmt.Errorf("failed its health check (%w)", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusSwitchingProtocols { // its body is the connection, which no timeout ends
		return errors.New("answered its health check with 101, which was not asked for")
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, bodyMost)); err != nil {
		return fmt.Errorf("failed its health check (%w)", err)
	}
	if answer.StatusCode >= 400 {
		return &statusError{answer.StatusCode, r.Host}
	}
	return nil
}

// statusError is a check that was answered with a status of 400 or more.
type statusError struct {
	code int
	host string // that the check named
}

func (e *statusError) Error() string { return fmt.Sprintf("answered its health check with %d", e.code) }
