// Package names knows the addresses of names: it looks them up in its own time, and keeps what is known when news fails to come.
//
//	n := names.Follow("app.internal", names.Options{Every: 5 * time.Second, Told: log})
//	defer n.Close()
//	addrs, err := n.Addrs() // never waits
//
// Each name has one goroutine, and one look-up at a time: one after the other at regular intervals, and at once when Again asks for
// it. The time to live of an answer is not visible through package net, so it does not count. When a look-up fails, the last good
// addresses stay (RFC 8767): a resolver that is down takes no backend down. Only when the resolver says, for 30 s on end, that there
// is no such name, its addresses are forgotten.
package names

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// soonest is the shortest time from the end of a look-up to the next, however often Again asks for it.
	soonest = 200 * time.Millisecond
	// lookUpMost is how long a look-up may take: the system's resolver asks its second server after 5 s.
	lookUpMost = 10 * time.Second
	// missingMost is for how long a name that does not exist any more keeps its addresses.
	missingMost = 30 * time.Second
)

// ErrUnknown is the error of a name that has no address yet, because its first look-up has not ended.
var ErrUnknown = errors.New("its first look-up has not ended")

// Options says how names are looked up, and what hears of it.
type Options struct {
	Server string        // HOST:PORT of a DNS server; "" for the resolver of the system
	Every  time.Duration // from one look-up to the next; up to a quarter is added at random

	// Room is called with the error of a look-up. If that is for want of a descriptor, it closes one that is not needed, and
	// reports whether it did. nil for none.
	Room func(error) bool
	// Told is called when the addresses change, when they begin to be out of date, and when they are fresh again. nil for none.
	Told func(News)
}

// News is what has changed about a name.
type News struct {
	Host  string
	Addrs []netip.Addr // that are used from now on
	Gone  []netip.Addr // that were used before, and are not any more
	Kept  bool         // some of Addrs were used before
	Err   error        // why the last look-up has failed; nil for a fresh answer
}

// Name is a name whose addresses are looked up until Close. Safe for use by several goroutines.
type Name struct {
	Host string

	known atomic.Pointer[answer] // never nil
	// The rest is nil, or zero, for a name that is not looked up.
	o     Options
	ask   *net.Resolver
	again chan struct{} // has one element when the next look-up is to be at once
	first chan struct{} // closed when the first look-up has ended
	stop  context.CancelFunc
	loop  sync.WaitGroup

	missing time.Time // since when the resolver says that there is no such name; only for the loop
}

// answer is what is known of a name.
type answer struct {
	addrs []netip.Addr // in the order in which they are to be tried; empty for none
	err   error        // of the last look-up
}

// Follow begins to look up a name.
func Follow(host string, o Options) *Name {
	ctx, stop := context.WithCancel(context.Background())
	n := &Name{Host: host, o: o, ask: Resolver(o.Server), again: make(chan struct{}, 1), first: make(chan struct{}), stop: stop}
	n.known.Store(&answer{err: ErrUnknown})
	n.loop.Go(func() { n.run(ctx) }) // ends with Close
	return n
}

// Known returns a name that is never looked up, because its addresses are known.
func Known(host string, addrs ...netip.Addr) *Name {
	n := &Name{Host: host}
	n.known.Store(&answer{addrs: addrs, err: errNone})
	return n
}

// Literal is Known for a host that is an address itself.
func Literal(host string) *Name {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return Known(host)
	}
	return Known(host, addr)
}

var errNone = errors.New("it has no address")

// Resolver asks the DNS server at HOST:PORT, or for "" the resolver of the system. A look-up whose context has ended leaves no goroutine
// that waits on for an answer, as net's own would for up to 5 s.
func Resolver(server string) *net.Resolver {
	return &net.Resolver{PreferGo: server != "", Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if server != "" {
			address = server
		}
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // fails only if c is closed, and then nothing waits
		}
		return c, err
	}}
}

// Close ends the look-ups. After it returns, Told is not called any more.
func (n *Name) Close() {
	if n.stop != nil {
		n.stop()
	}
	n.loop.Wait()
}

// Addrs returns the addresses in the order in which they are to be tried. They are the last good ones when the last look-up has
// failed. If there are none, the error says why. It does not wait, and the caller must not change the slice.
func (n *Name) Addrs() ([]netip.Addr, error) {
	a := n.known.Load()
	if len(a.addrs) == 0 {
		return nil, a.err
	}
	return a.addrs, nil
}

// Has reports whether addr is one of the name's addresses.
func (n *Name) Has(addr netip.Addr) bool { return slices.Contains(n.known.Load().addrs, addr) }

// Again has the name looked up at once: none of its addresses could be reached. It does not wait.
func (n *Name) Again() {
	select {
	case n.again <- struct{}{}:
	default: // it is asked for already, or the name is not looked up
	}
}

// AwaitFirst returns when the first look-up has ended, or at until.
func (n *Name) AwaitFirst(until time.Time) {
	if n.first == nil {
		return
	}
	late := time.NewTimer(time.Until(until))
	defer late.Stop()
	select {
	case <-n.first:
	case <-late.C:
	}
}

func (n *Name) run(ctx context.Context) {
	for begun := false; ; begun = true {
		addrs, err := n.lookUp(ctx)
		if ctx.Err() != nil {
			return
		}
		n.take(addrs, err, time.Now())
		if !begun {
			close(n.first)
		}
		if !n.rest(ctx) {
			return
		}
	}
}

// rest waits until the next look-up is due, and reports false when there is none.
func (n *Name) rest(ctx context.Context) bool {
	due := time.NewTimer(n.o.Every + rand.N(n.o.Every/4+1))
	defer due.Stop()
	pause := time.NewTimer(min(soonest, n.o.Every))
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-pause.C:
	}
	select {
	case <-ctx.Done():
		return false
	case <-due.C:
	case <-n.again:
	}
	return true
}

// roomMost is how many descriptors are given up for a look-up: others may take them first.
const roomMost = 3

// lookUp asks the resolver once. If that has no descriptor, it makes room and asks again.
func (n *Name) lookUp(ctx context.Context) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpMost)
	defer cancel()
	for given := 0; ; given++ {
		addrs, err := n.ask.LookupNetIP(ctx, "ip", n.Host)
		if err == nil || given == roomMost || n.o.Room == nil || !n.o.Room(err) {
			return addrs, err
		}
	}
}

// take notes the answer of a look-up that has ended now.
func (n *Name) take(addrs []netip.Addr, err error, now time.Time) {
	old := n.known.Load()
	next := &answer{addrs: make([]netip.Addr, len(addrs)), err: err}
	for i, a := range addrs {
		next.addrs[i] = a.Unmap()
	}
	if err == nil && len(addrs) == 0 {
		next.err = fmt.Errorf("look up %s: %w", n.Host, errNone)
	}
	if next.err != nil && !n.forgets(next.err, now) {
		next.addrs = old.addrs
	}
	if next.err == nil {
		n.missing = time.Time{}
	}
	n.known.Store(next)
	gone := slices.DeleteFunc(slices.Clone(old.addrs), func(a netip.Addr) bool { return slices.Contains(next.addrs, a) })
	stale, wasStale := next.err != nil, old.err != nil && old.err != ErrUnknown
	if n.o.Told != nil && (len(gone) > 0 || stale != wasStale) {
		n.o.Told(News{Host: n.Host, Addrs: next.addrs, Gone: gone, Kept: len(gone) < len(old.addrs), Err: next.err})
	}
}

// forgets reports whether the addresses are to be forgotten because of a failed look-up: the resolver has answered for long that
// there is no such name. A resolver that does not answer says nothing about the name.
func (n *Name) forgets(err error, now time.Time) bool {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns) || !dns.IsNotFound:
		n.missing = time.Time{}
		return false
	case n.missing.IsZero():
		n.missing = now
	}
	return now.Sub(n.missing) >= missingMost
}
