package lot

import (
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tenfour/tests/await"
)

// busy counts its turns, and asks for another at once.
type busy struct {
	Waiter
	turns atomic.Int64
	ends  atomic.Bool
	ended chan struct{} // closed after the last turn
}

func (b *busy) Unpark() {
	b.turns.Add(1)
	if b.ends.Load() {
		close(b.ended)
		return
	}
	b.Again()
}

// startBusy puts n of them into the line of l. stop returns when each has had its last turn.
func startBusy(l *Lot, n int) (all []*busy, stop func()) {
	for range n {
		b := &busy{ended: make(chan struct{})}
		b.Init(l, b)
		all = append(all, b)
		b.Again()
	}
	return all, func() {
		for _, b := range all {
			b.ends.Store(true)
			<-b.ended
		}
	}
}

func TestAgain_allHaveAsManyTurns(t *testing.T) {
	l := startLot(t)
	all, stop := startBusy(l, 50)
	await.Until(t, "it has had a thousand turns", func() bool { return all[0].turns.Load() > 1000 })
	least, most := int64(1<<62), int64(0)
	for _, b := range all {
		n := b.turns.Load()
		least, most = min(least, n), max(most, n)
	}
	stop()
	if least < most/2 {
		t.Errorf("one had %d turns while another had %d", most, least)
	}
}

// TestAgain_deliversEventsBetweenTurns: waiters that could always go on do not delay the events of descriptors.
func TestAgain_deliversEventsBetweenTurns(t *testing.T) {
	l := startLot(t)
	_, stop := startBusy(l, 50)
	defer stop()
	near, far := pair(t)
	closeAtEnd(t, far)
	g := newGuest(l)
	var w Watch
	w.Init(l, near)
	defer w.CloseFD()
	w.Tell(&g.Waiter)
	begun := time.Now()
	const events = 50
	for range events {
		arm(t, &w, Readable)
		if g.Park(&w) {
			write(t, far)
			await.Value(t, g.unparked, "the event")
		}
		var b [8]byte
		recvAll(near, b[:])
		w.Take()
	}
	if each := time.Since(begun) / events; each > 50*time.Millisecond {
		t.Errorf("an event took %v, want no more than a moment", each)
	}
}

// TestAgain_hasOneTurnDespiteEvents: an event for a waiter in the line does not give it another turn.
func TestAgain_hasOneTurnDespiteEvents(t *testing.T) {
	l := startLot(t)
	g := newGuest(l)
	g.state.Store(lined) // the state after Again, before the line is served
	for range 100 {
		g.Notify()
	}
	if g.Claim() {
		t.Error("it could be claimed while it stood in the line")
	}
	l.join(&g.Waiter)
	await.Value(t, g.unparked, "its turn")
	l.join(&g.Waiter) // an entry that is out of date already
	g.Again()
	await.Value(t, g.unparked, "its next turn")
	if n := len(g.unparked); n != 0 {
		t.Errorf("it had %d turns more than it was lined up", n)
	}
}

// TestAgain_anEntryOutOfDateGivesNoTurn: a waiter that is awake is not unparked by the line.
func TestAgain_anEntryOutOfDateGivesNoTurn(t *testing.T) {
	l := startLot(t)
	g := newGuest(l)
	l.join(&g.Waiter)
	await.Until(t, "the line is empty", func() bool {
		l.line.mu.Lock()
		defer l.line.mu.Unlock()
		return l.line.servers == 0
	})
	if len(g.unparked) != 0 {
		t.Error("it was unparked, though it was not in the line any more")
	}
}

// TestLotClose_endsTheLine, even if its waiters would go on for ever.
func TestLotClose_endsTheLine(t *testing.T) {
	l := startLot(t)
	startBusy(l, 10)
	l.Close()
	if n := l.line.servers; n != 0 {
		t.Errorf("%d goroutines serve the line", n)
	}
}

// recvAll reads all bytes that have arrived.
func recvAll(fd int, b []byte) {
	for {
		if n, err := unix.Read(fd, b); n <= 0 || err != nil {
			return
		}
	}
}
