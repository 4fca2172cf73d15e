package front

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tenfour/forward"
)

// TestOutlasts_isForThoseThatCameLate: after 30 s in the queue the exchange fails for those that have waited nearly as long.
func TestOutlasts_isForThoseThatCameLate(t *testing.T) {
	const ms, end = int64(time.Millisecond), 30 * int64(time.Second)
	g := &group{}
	g.Failure, g.Expired = &forward.Error{Side: forward.Self}, true
	for since, want := range map[int64]bool{0: false, 3000 * ms: false, 3001 * ms: true, end: true} {
		if got := g.outlasts(&member{since: since}, end); got != want {
			t.Errorf("one that came after %d ms goes on: %t, want %t", since/ms, got, want)
		}
	}
	g.Expired = false
	if g.outlasts(&member{since: end}, end) {
		t.Error("one goes on after another failure")
	}
}

// TestOutlasts_isForThoseThatHaveNotLeft, when the exchange was given up because all clients seemed to have.
func TestOutlasts_isForThoseThatHaveNotLeft(t *testing.T) {
	g := &group{}
	g.Failure = &forward.Error{Side: forward.Client}
	if !g.outlasts(&member{}, 0) || g.outlasts(&member{hungUp: true}, 0) {
		t.Error("it is not the one whose client has left that fails")
	}
}

// TestJoins_beginsOneGroup: of two requests that find none, the second joins the group of the first.
func TestJoins_beginsOneGroup(t *testing.T) {
	j := NewJoins(2)
	g, other, m := &group{joins: j, key: "key"}, &group{joins: j, key: "key"}, &member{}
	if !j.begin(g, &member{}) || j.begin(other, m) || m.group != g {
		t.Error("there are two groups, or none")
	}
}

// TestJoins_boundsThoseThatWait: one below the bound, at it, and above; and those that leave make room.
func TestJoins_boundsThoseThatWait(t *testing.T) {
	j := NewJoins(2)
	g := &group{joins: j, key: "key"}
	j.begin(g, &member{})
	enter := func(m *member, want standing) {
		t.Helper()
		if got := j.enter(m, []byte("key"), 0); got != want {
			t.Errorf("it stands %d, want %d", got, want)
		}
	}
	leave := func(m *member) bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return g.remove(m)
	}
	members := []*member{{}, {}}
	enter(members[0], isJoined)
	enter(members[1], isJoined)
	enter(&member{}, isTooMuch)
	leave(members[0])
	enter(members[0], isJoined)
	enter(&member{}, isTooMuch)
	for _, m := range slices.Clone(g.members) {
		if empty := leave(m); empty != (len(g.members) == 0) {
			t.Errorf("empty: %t, with %d members", empty, len(g.members))
		}
	}
	enter(&member{}, isFirst)
	if requests, groups := j.Waiting(); requests != 0 || groups != 0 {
		t.Errorf("%d requests wait in %d groups", requests, groups)
	}
}

// TestApart_isForAWhile, and bounded.
func TestApart_isForAWhile(t *testing.T) {
	j := NewJoins(1)
	j.apart.add("key", 0)
	for at, want := range map[int64]standing{0: isApart, apartFor - 1: isApart, apartFor: isFirst} {
		if got := j.enter(&member{}, []byte("key"), at); got != want {
			t.Errorf("after %v it stands %d, want %d", time.Duration(at), got, want)
		}
	}
	if got := j.enter(&member{}, []byte("other"), 0); got != isFirst {
		t.Errorf("another one stands %d", got)
	}
	for i := range apartMost + 10 {
		j.apart.add(fmt.Sprint(i), 0)
	}
	if n := len(j.apart.until); n > apartMost {
		t.Errorf("%d kinds of requests are remembered", n)
	}
}
