package front

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// newCrowd is an empty crowd.
func newCrowd() *crowd { return &crowd{by: map[netip.Addr]*address{}} }

// clientFrom is a connection from an address that has waited since a time, as the front counts it.
func clientFrom(w *crowd, addr string, since uint32) *client {
	c := &client{listed: since}
	c.conn.Remote = netip.AddrPortFrom(netip.MustParseAddr(addr), 1)
	c.since.Store(since)
	w.add(c, 0)
	return c
}

func TestCrowd_longestIsOfTheAddressThatHasMost(t *testing.T) {
	w := newCrowd()
	first := clientFrom(w, "10.0.0.1", 1)
	var others []*client
	for i := range 3 {
		others = append(others, clientFrom(w, "10.0.0.2", uint32(10+i)))
	}
	for _, want := range others[:2] {
		if got := w.longest(); got != want {
			t.Fatalf("got the one of %v since %d, want that since %d", got.from.of, got.since.Load(), want.since.Load())
		}
		w.remove(want)
	}
	clientFrom(w, "10.0.0.1", 20)
	if got := w.longest(); got != first {
		t.Errorf("got the one of %v since %d, want the first of all", got.from.of, got.since.Load())
	}
}

// TestCrowd_longestHasWaitedLongest: what was busy since it came is younger than what was not, and what is busy is not found.
func TestCrowd_longestHasWaitedLongest(t *testing.T) {
	w := newCrowd()
	a, b, c := clientFrom(w, "10.0.0.1", 1), clientFrom(w, "10.0.0.1", 2), clientFrom(w, "10.0.0.1", 3)
	a.since.Store(10) // it had a request meanwhile
	b.since.Store(0)  // it has one
	for _, want := range []*client{c, a} {
		got := w.longest()
		if got != want {
			t.Fatalf("got the one since %d, want that since %d", got.since.Load(), want.since.Load())
		}
		w.remove(got)
	}
	if got := w.longest(); got != nil {
		t.Errorf("got one that does not wait")
	}
	b.since.Store(11)
	if got := w.longest(); got != b && w.longest() != b {
		t.Errorf("the only one that waits is not found")
	}
}

// TestCrowd_longestLooksAtFew, however many there are and none of them waits, and finds the only one in the end.
func TestCrowd_longestLooksAtFew(t *testing.T) {
	w := newCrowd()
	var all []*client
	for range 10_000 {
		all = append(all, clientFrom(w, "10.0.0.1", 0))
	}
	all[5000].since.Store(7)
	calls := 0
	for ; calls < 1000; calls++ {
		looks := looksMost
		if c := w.heap[0].longest(&looks); c != nil {
			if c != all[5000] {
				t.Fatal("it is another one")
			}
			break
		}
		if looks != 0 {
			t.Fatalf("it gave up with %d looks left", looks)
		}
	}
	if want := 2 * len(all) / looksMost; calls > want {
		t.Errorf("it took more than %d calls, want %d at most", calls, want)
	}
}

func TestCrowd_refusesOneMoreThanAnAddressMayHave(t *testing.T) {
	for _, tc := range []struct{ have, comes, like string }{
		{"10.0.0.1", "10.0.0.1", "the same"},
		{"10.0.0.1", "::ffff:10.0.0.1", "the same, as IPv6 writes it"},
		{"2001:db8::1", "2001:db8::ffff:2", "the same network of 64 bits"},
	} {
		w := newCrowd()
		for range 3 {
			clientFrom(w, tc.have, 1)
		}
		c := &client{}
		c.conn.Remote = netip.AddrPortFrom(netip.MustParseAddr(tc.comes), 1)
		if w.add(c, 3) {
			t.Errorf("%s: a fourth connection was taken", tc.like)
		}
		if w.open != 3 {
			t.Errorf("%s: it counts %d connections, want 3", tc.like, w.open)
		}
		if !w.add(c, 4) {
			t.Errorf("%s: a fourth of four was refused", tc.like)
		}
	}
	w := newCrowd()
	clientFrom(w, "2001:db8:0:1::1", 1)
	c := &client{}
	c.conn.Remote = netip.MustParseAddrPort("[2001:db8:0:2::1]:1")
	if !w.add(c, 1) {
		t.Error("another network was refused")
	}
}

// TestCrowd_keepsCount: whatever connections come and go, the heap stays a heap, the lists have all connections, and an address
// without a connection is forgotten.
func TestCrowd_keepsCount(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w := newCrowd()
	var all []*client
	for range 20_000 {
		if len(all) > 0 && (r.IntN(2) == 0 || len(all) > 300) {
			i := r.IntN(len(all))
			w.remove(all[i])
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
		} else {
			all = append(all, clientFrom(w, fmt.Sprintf("10.0.0.%d", 1+r.IntN(1+r.IntN(40))), r.Uint32N(3)))
		}
		if r.IntN(3) == 0 {
			w.longest()
		}
		most := 0
		for at, a := range w.heap {
			most = max(most, a.open)
			if a.at != at || w.by[a.of] != a || a.open == 0 || a.open > w.heap[(max(at, 1)-1)/2].open {
				t.Fatalf("the heap is none at %d: %+v", at, a)
			}
		}
		if w.open != len(all) || len(w.by) != len(w.heap) || len(all) > 0 && w.heap[0].open != most {
			t.Fatalf("it counts %d of %d connections, %d of %d addresses", w.open, len(all), len(w.by), len(w.heap))
		}
		n := 0
		w.each(func(*client) { n++ })
		if n != len(all) {
			t.Fatalf("the lists have %d of %d connections", n, len(all))
		}
	}
}

// TestCrowd_allocatesNothing for an address that comes and goes.
func TestCrowd_allocatesNothing(t *testing.T) {
	w := newCrowd()
	c := clientFrom(w, "10.0.0.1", 1)
	w.remove(c)
	if n := testing.AllocsPerRun(1000, func() { w.add(c, 0); w.remove(c) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
