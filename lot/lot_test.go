package lot

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"tenfour/tests/await"
)

// startLot returns a lot that is closed at the test's end. Then no goroutine may be left.
func startLot(t testing.TB) *Lot {
	t.Helper()
	before := goleak.IgnoreCurrent()
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close()
		if err := goleak.Find(before); err != nil {
			t.Errorf("after Close: %v", err)
		}
	})
	return l
}

// guest is a parked thing that reports when it is unparked.
type guest struct {
	Waiter
	unparked chan int64 // gets the lot's time
}

func (g *guest) Unpark() { g.unparked <- g.Now() }

func newGuest(l *Lot) *guest {
	g := &guest{unparked: make(chan int64, 100)}
	g.Init(l, g)
	return g
}

// pair returns two ends of a connection. They are closed at the test's end, unless they were closed before.
func pair(t testing.TB) (near, far int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
	}
	return fds[0], fds[1]
}

func closeAtEnd(t testing.TB, fd int) { t.Cleanup(func() { unix.Close(fd) }) }

func write(t testing.TB, fd int) {
	t.Helper()
	if _, err := unix.Write(fd, []byte("x")); err != nil {
		t.Errorf("write: %v", err)
	}
}

func arm(t testing.TB, w *Watch, ev Events) {
	t.Helper()
	if err := w.Arm(ev); err != nil {
		t.Fatalf("Arm: %v", err)
	}
}

func TestDeadline_isNotEarlyAndNotLate(t *testing.T) {
	l := startLot(t)
	var wait sync.WaitGroup
	for _, after := range []time.Duration{1, 7 * time.Millisecond, 8 * time.Millisecond, 9 * time.Millisecond,
		100 * time.Millisecond, span - tick, span, span + tick, 3 * span / 2} {
		wait.Go(func() {
			g := newGuest(l)
			due := l.Now() + int64(after)
			g.SetDeadline(due)
			if !g.Park() {
				t.Errorf("%v: Park refused", after)
				return
			}
			select {
			case at := <-g.unparked:
				if at < due {
					t.Errorf("%v: unparked %v early", after, time.Duration(due-at))
				}
			case <-time.After(after + await.Patience):
				t.Errorf("%v: not unparked", after)
			}
			g.Leave()
		})
	}
	wait.Wait()
	if l.timed != 0 {
		t.Errorf("%d waiters are left in the wheel", l.timed)
	}
}

// TestDeadline_isNotDueEarly: the wheel looks at a waiter with a distant deadline, and leaves it alone until it is due.
func TestDeadline_isNotDueEarly(t *testing.T) {
	l := startLot(t)
	far, near := newGuest(l), newGuest(l)
	far.SetDeadline(l.Now() + int64(time.Hour))
	far.Park()
	for range 3 {
		near.SetDeadline(l.Now() + int64(span))
		for !near.Park() { // a tick may have notified it twice for its last deadline
		}
		await.Value(t, near.unparked, "the near deadline")
	}
	near.Leave()
	if len(far.unparked) != 0 {
		t.Error("a deadline in an hour was due within a second")
	}
	if !far.Claim() {
		t.Error("Claim of a parked one refused")
	}
	far.Leave()
}

func TestDeadline_doesNotNotifyAfterItIsRemoved(t *testing.T) {
	l := startLot(t)
	gone, later := newGuest(l), newGuest(l)
	gone.SetDeadline(l.Now() + int64(4*tick))
	gone.SetDeadline(0)
	gone.Park()
	later.SetDeadline(l.Now() + int64(8*tick))
	later.Park()
	await.Value(t, later.unparked, "a later deadline")
	if len(gone.unparked) != 0 {
		t.Error("a deadline was due that had been taken back")
	}
	await.Until(t, "the wheel has forgotten it", func() bool { return !gone.timed.Load() })
	// It can have another deadline, in the wheel that has just dropped it.
	gone.Claim()
	gone.SetDeadline(l.Now() + 1)
	gone.Park()
	await.Value(t, gone.unparked, "a new deadline")
	gone.Leave()
	later.Leave()
}

// TestDeadline_movedNearerIsNoticedWithinATurn of the wheel, and for a worker at the next tick. The machine may be busy, so
// that only one of a few tries must keep the bound.
func TestDeadline_movedNearerIsNoticedWithinATurn(t *testing.T) {
	l := startLot(t)
	const most = 300 * time.Millisecond
	for try := 0; ; try++ {
		g := newGuest(l)
		g.SetDeadline(l.Now() + int64(time.Hour))
		g.Park()
		if !g.Claim() {
			t.Fatal("Claim of a parked one refused")
		}
		due := l.Now() + int64(tick)
		g.SetDeadline(due)
		g.Park()
		late := time.Duration(await.Value(t, g.unparked, "the nearer deadline") - due)
		g.Leave()
		if late >= 0 && late <= most {
			break
		}
		if late < 0 || try == 5 {
			t.Fatalf("a deadline that was moved nearer was noticed %v late, want %v at most", late, most)
		}
	}
}

// TestDeadline_wakesASleeper when it is due, not again and again before.
func TestDeadline_wakesASleeper(t *testing.T) {
	l := startLot(t)
	var p Waiter
	p.InitSleeper(l)
	for range 20 {
		due := l.Now() + int64(2*tick)
		p.SetDeadline(l.Now() + int64(time.Hour))
		p.SetDeadline(due)
		giveUp := time.AfterFunc(await.Patience, p.Notify)
		woken := 0
		for ; l.Now() < due; woken++ {
			p.Wait()
		}
		if !giveUp.Stop() {
			t.Fatalf("the sleeper was not woken within %v, want %v", await.Patience, 2*tick)
		}
		if woken > 3 { // a tick may have notified it for its last deadline
			t.Errorf("the sleeper was woken %d times, want once", woken)
		}
	}
	p.Leave()
}

func TestDeadline_hammered(t *testing.T) {
	l := startLot(t)
	var wait sync.WaitGroup
	for n := range 8 {
		wait.Go(func() {
			for i := range 60 {
				g := newGuest(l)
				if i%20 == 0 {
					g.SetDeadline(l.Now() + int64(time.Hour))
					g.SetDeadline(0)
				}
				due := l.Now() + int64((n*i)%5)*int64(tick)/2
				g.SetDeadline(due)
				if !g.Park() {
					t.Error("Park refused")
				}
				if at := await.Value(t, g.unparked, "a deadline"); at < due {
					t.Errorf("unparked %v early", time.Duration(due-at))
				}
				g.Leave()
			}
		})
	}
	wait.Wait()
	if l.timed != 0 {
		t.Errorf("%d waiters are left in the wheel", l.timed)
	}
}

func TestWatch_reportsEvents(t *testing.T) {
	tests := map[string]struct {
		await Events
		do    func(t *testing.T, far int)
		want  Events
	}{
		"bytes came":    {Readable, func(t *testing.T, far int) { write(t, far) }, Readable},
		"the peer shut": {Readable, func(t *testing.T, far int) { unix.Shutdown(far, unix.SHUT_WR) }, Readable | HungUp},
		"the peer left": {Readable, func(t *testing.T, far int) { unix.Close(far) }, Readable | HungUp},
		"there is room": {Writable, func(t *testing.T, far int) {}, Writable},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			l := startLot(t)
			near, far := pair(t)
			closeAtEnd(t, far)
			g := newGuest(l)
			var w Watch
			w.Init(l, near)
			w.Tell(&g.Waiter)
			arm(t, &w, tc.await)
			tc.do(t, far)
			var got Events
			for got&tc.want != tc.want {
				if g.Park(&w) {
					await.Value(t, g.unparked, "the event")
				}
				got |= w.Take()
			}
			if w.Pending() {
				t.Errorf("Take has left %b", w.Take())
			}
			w.CloseFD()
		})
	}
}

// TestWatch_noWakeupIsLost: a reader that parks each time it has read all is always woken for the next byte, even if that byte
// arrives at the same moment.
func TestWatch_noWakeupIsLost(t *testing.T) {
	l := startLot(t)
	const bytes = 3000
	var wait sync.WaitGroup
	for range 4 {
		near, far := pair(t)
		wait.Go(func() {
			g := newGuest(l)
			var w Watch
			w.Init(l, near)
			w.Tell(&g.Waiter)
			arm(t, &w, Readable)
			var p [16]byte
			for read := 0; read < bytes; {
				w.Take()
				n, err := unix.Read(near, p[:])
				if n > 0 {
					read += n
					continue
				}
				if err != unix.EAGAIN {
					t.Errorf("read: %d, %v", n, err)
					break
				}
				arm(t, &w, Readable)
				if !g.Park(&w) {
					continue
				}
				select {
				case <-g.unparked:
				case <-time.After(await.Patience):
					t.Errorf("a wakeup was lost after %d bytes", read)
					read = bytes
				}
			}
			w.CloseFD()
		})
		wait.Go(func() {
			for sent, late := 0, time.Now().Add(await.Patience); sent < bytes && time.Now().Before(late); {
				if _, err := unix.Write(far, []byte("x")); err == nil {
					sent++
				}
				if sent%3 == 0 {
					runtime.Gosched()
				}
			}
		})
		closeAtEnd(t, far)
	}
	wait.Wait()
}

// TestWaiter_noNotifyIsLost: a waiter notices a Notify whether its owner is awake, falls asleep or parks.
func TestWaiter_noNotifyIsLost(t *testing.T) {
	l := startLot(t)
	for name, sleeper := range map[string]bool{"sleeper": true, "parked": false} {
		t.Run(name, func(t *testing.T) {
			g := newGuest(l)
			if sleeper {
				g = &guest{}
				g.InitSleeper(l)
			}
			var told atomic.Int64
			const rounds = 20000
			done := make(chan struct{})
			go func() { // ends when all have been noticed
				defer close(done)
				for seen := int64(0); seen < rounds; {
					if n := told.Load(); n > seen {
						seen = n
						continue
					}
					if sleeper {
						g.Wait()
					} else if g.Park() {
						<-g.unparked
					}
				}
			}()
			for range rounds {
				told.Add(1)
				g.Notify()
			}
			await.Value(t, done, "the last notification to be noticed")
		})
	}
}

// TestWatch_dropsEventsOfAnEarlierDescriptor: a descriptor is closed and its number used again while events are on the way.
// The new owner must never get the events of the old one.
func TestWatch_dropsEventsOfAnEarlierDescriptor(t *testing.T) {
	l := startLot(t)
	for range 2000 {
		near, far := pair(t)
		g := newGuest(l)
		var w Watch
		w.Init(l, near)
		w.Tell(&g.Waiter)
		arm(t, &w, Readable)
		write(t, far)
		w.CloseFD()
		unix.Close(far)
		again, far2 := pair(t) // mostly the same number
		w.Init(l, again)       // and the same Watch, as if it came from a pool
		w.Tell(&g.Waiter)
		arm(t, &w, Readable)
		runtime.Gosched()
		if ev := w.Take(); ev&(Readable|HungUp|Broken) != 0 {
			t.Fatalf("the new owner was told of %b, which happened to the old one", ev)
		}
		w.CloseFD()
		unix.Close(far2)
	}
}

// TestWatch_keepsEarlierEventsForTheNewWaiter: events from before Tell can still be taken by the waiter that it names.
func TestWatch_keepsEarlierEventsForTheNewWaiter(t *testing.T) {
	l := startLot(t)
	near, far := pair(t)
	closeAtEnd(t, far)
	before, after := newGuest(l), newGuest(l)
	var w Watch
	w.Init(l, near)
	w.Tell(&before.Waiter)
	arm(t, &w, Readable)
	write(t, far)
	for w.state.Load()&uint64(Readable) == 0 {
		runtime.Gosched()
	}
	w.Tell(&after.Waiter)
	if after.Park(&w) {
		t.Error("Park accepted, though there is an event to take")
	}
	w.CloseFD()
}

func TestAgain_unparksSoon(t *testing.T) {
	l := startLot(t)
	g := newGuest(l)
	for range 100 {
		g.Again()
		await.Value(t, g.unparked, "its next turn")
	}
}

// TestLotClose_endsAllGoroutines, with parked waiters and deadlines left.
func TestLotClose_endsAllGoroutines(t *testing.T) {
	for range 50 {
		l := startLot(t)
		near, far := pair(t)
		g := newGuest(l)
		var w Watch
		w.Init(l, near)
		w.Tell(&g.Waiter)
		arm(t, &w, Readable|Writable)
		g.SetDeadline(l.Now() + int64(tick))
		write(t, far)
		w.CloseFD()
		unix.Close(far)
		l.Close()
		g.SetDeadline(0)
		g.SetDeadline(l.Now() + 1) // by an owner that does not know of the Close
	}
}

// TestWatch_leavesAResetToBeRead: reporting a reset must not take the kernel's error away, or the next read would see a clean
// end.
func TestWatch_leavesAResetToBeRead(t *testing.T) {
	l := startLot(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for range 20 {
		far, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		file, err := accepted.(*net.TCPConn).File()
		accepted.Close()
		if err != nil {
			t.Fatal(err)
		}
		near, err := unix.Dup(int(file.Fd()))
		file.Close()
		if err == nil {
			err = unix.SetNonblock(near, true)
		}
		if err != nil {
			t.Fatal(err)
		}
		g := newGuest(l)
		var w Watch
		w.Init(l, near)
		w.Tell(&g.Waiter)
		arm(t, &w, Readable)
		far.(*net.TCPConn).SetLinger(0)
		far.Close()
		for got := Events(0); got&Readable == 0; got = w.Take() {
			if g.Park(&w) {
				await.Value(t, g.unparked, "the reset")
			}
		}
		if n, err := unix.Read(near, make([]byte, 1)); err != unix.ECONNRESET {
			t.Errorf("reading after a reset: %d, %v; want %v", n, err, unix.ECONNRESET)
		}
		w.CloseFD()
	}
}

// TestShared_isWokenForEachEvent, however many goroutines notify it, and at its deadline until that is taken back.
func TestShared_isWokenForEachEvent(t *testing.T) {
	l := startLot(t)
	g := &guest{unparked: make(chan int64, 1000)}
	g.InitShared(l, g)
	near, far := pair(t)
	closeAtEnd(t, far)
	var w Watch
	w.Init(l, near)
	w.Tell(&g.Waiter)
	arm(t, &w, Readable)
	if w.Happened(Readable | HungUp) {
		t.Error("an event is said to have happened before it has")
	}
	unix.Shutdown(far, unix.SHUT_WR)
	await.Until(t, "the peer's end is noticed", func() bool { return w.Happened(HungUp) })
	await.Value(t, g.unparked, "its first wake-up")
	if !w.Happened(HungUp) || w.Take()&HungUp == 0 || w.Happened(HungUp) {
		t.Error("Happened has taken the event, or Take has not")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				g.Notify()
			}
		})
	}
	all.Wait()
	if n := len(g.unparked); n < 400 {
		t.Errorf("400 notifications woke it %d times", n)
	}
	for len(g.unparked) > 0 {
		<-g.unparked
	}
	due := l.Now() + int64(2*tick)
	g.SetDeadline(due)
	if at := await.Value(t, g.unparked, "its deadline"); at < due {
		t.Errorf("woken %v early", time.Duration(due-at))
	}
	g.SetDeadline(0)
	await.Until(t, "the wheel has forgotten it", func() bool { return l.Timed() == 0 })
	w.CloseFD()
}
