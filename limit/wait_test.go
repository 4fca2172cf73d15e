package limit

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tenfour/tests/await"
	"tenfour/value/rate"
)

// TestWait_admitsInOrder: each waiter is admitted at the first moment with room, in the order in which they came.
func TestWait_admitsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWindow(Options{Rate: rate.Rate{N: 2, Per: time.Second}, Waiters: 100})
		defer w.Close()
		key := []byte("192.0.2.1")
		began := w.now()
		w.Ask(key, nil)
		w.Ask(key, nil)
		var order []int
		var at []time.Duration
		for i := range 7 {
			a := &waiter{after: func(d Decision, err error) {
				order, at = append(order, i), append(at, time.Duration(w.now()-began))
			}}
			if _, known, err := w.Wait(key, &a.place, a); known || err != nil {
				t.Fatalf("waiter %d: known %t, %v", i, known, err)
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if want := []int{0, 1, 2, 3, 4, 5, 6}; !slices.Equal(order, want) {
			t.Errorf("got the order %v", order)
		}
		if want := []time.Duration{1e9, 1e9, 2e9, 2e9, 3e9, 3e9, 4e9}; !slices.Equal(at, want) {
			t.Errorf("got the times %v, want %v", at, want)
		}
		if w.Waiting() != 0 || w.alarm.at != 0 {
			t.Errorf("%d wait, and the timer is set to %d", w.Waiting(), w.alarm.at)
		}
	})
}

// TestAsk_refusesWhileOthersWait: Ask refuses until there is room after the waiters.
func TestAsk_refusesWhileOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWindow(Options{Rate: rate.Rate{N: 1, Per: time.Second}, Waiters: 100})
		defer w.Close()
		key := []byte("192.0.2.1")
		w.Ask(key, nil)
		var waiters [3]waiter
		for i := range waiters {
			_, _, _ = w.Wait(key, &waiters[i].place, &waiters[i])
		}
		d, _ := w.Ask(key, nil)
		if want := (Decision{RetryAfter: 4 * time.Second, Reset: time.Second}); d != want {
			t.Errorf("got %+v, want %+v", d, want)
		}
		for range 7 {
			time.Sleep(time.Second / 2)
			if d, _ := w.Ask(key, nil); d.Admitted {
				t.Errorf("Ask admitted at %v", time.Duration(w.now()))
			}
		}
		time.Sleep(time.Second / 2)
		if d, _ := w.Ask(key, nil); !d.Admitted {
			t.Errorf("at its RetryAfter got %+v", d)
		}
	})
}

// TestAsk_admitsAfterLateWaiters: if the limiter is late with calling Answered, its waiters are still admitted before an
// Ask, and the Ask is admitted if there is room after them.
func TestAsk_admitsAfterLateWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWindow(Options{Rate: rate.Rate{N: 2, Per: time.Second}, Waiters: 100})
		defer w.Close()
		key, other := []byte("192.0.2.1"), []byte("192.0.2.2")
		hold := make(chan bool)
		slow := &waiter{after: func(Decision, error) { <-hold }}
		w.Ask(other, nil)
		w.Ask(other, nil)
		_, _, _ = w.Wait(other, &slow.place, slow)
		time.Sleep(time.Nanosecond)
		w.Ask(key, nil)
		w.Ask(key, nil)
		var waiters [3]waiter
		_, _, _ = w.Wait(key, &waiters[0].place, &waiters[0])
		time.Sleep(time.Second)
		synctest.Wait() // the limiter's goroutine is held up
		if len(waiters[0].told) > 0 {
			t.Fatal("the waiter was answered although the goroutine is held up")
		}
		if d, _ := w.Ask(key, nil); !d.Admitted || d.Remaining != 0 {
			t.Errorf("got %+v, want the second of two", d)
		}
		if w.Withdraw(&waiters[0].place) {
			t.Error("a waiter that was admitted could be withdrawn")
		}
		for i := range waiters[1:] {
			_, _, _ = w.Wait(key, &waiters[1+i].place, &waiters[1+i])
		}
		time.Sleep(time.Second)
		var third waiter
		if _, known, _ := w.Wait(key, &third.place, &third); known {
			t.Error("Wait admitted at once, after two waiters")
		}
		if d, _ := w.Ask(key, nil); d.Admitted {
			t.Error("Ask admitted a third of two")
		}
		close(hold)
		synctest.Wait()
		for i := range waiters {
			if len(waiters[i].told) != 1 || !waiters[i].told[0].Admitted {
				t.Errorf("waiter %d was told %+v", i, waiters[i].told)
			}
		}
	})
}

// TestWait_isFullAtItsBound: one below, at and above Options.Waiters.
func TestWait_isFullAtItsBound(t *testing.T) {
	w := NewWindow(Options{Rate: rate.Rate{N: 1, Per: time.Hour}, Waiters: 2})
	defer w.Close()
	var waiters [4]waiter
	keys := [][]byte{[]byte("a"), []byte("b")}
	w.Ask(keys[0], nil)
	w.Ask(keys[1], nil)
	for i, want := range []error{nil, nil, ErrFull} {
		d, known, err := w.Wait(keys[i%2], &waiters[i].place, &waiters[i])
		if !errors.Is(err, want) || known != (want != nil) || d.Admitted || d.RetryAfter <= 0 {
			t.Errorf("waiter %d got %+v, known %t, %v; want %v", i, d, known, err, want)
		}
	}
	if w.Withdraw(&waiters[2].place) {
		t.Error("a caller that did not wait could be withdrawn")
	}
	if !w.Withdraw(&waiters[0].place) || w.Withdraw(&waiters[0].place) {
		t.Error("the first waiter could not be withdrawn exactly once")
	}
	if _, known, err := w.Wait(keys[0], &waiters[3].place, &waiters[3]); known || err != nil {
		t.Errorf("after one had left got known %t, %v", known, err)
	}
	none := NewWindow(Options{Rate: rate.Rate{N: 1, Per: time.Hour}})
	defer none.Close()
	if d, known, err := none.Wait(keys[0], &waiters[0].place, &waiters[0]); !d.Admitted || !known || err != nil {
		t.Errorf("in a window where none may wait got %+v, known %t, %v", d, known, err)
	}
	if _, _, err := none.Wait(keys[0], &waiters[0].place, &waiters[0]); !errors.Is(err, ErrFull) {
		t.Errorf("and then got %v, want ErrFull", err)
	}
}

// TestRefund_admitsTheNextWaiter at once.
func TestRefund_admitsTheNextWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWindow(Options{Rate: rate.Rate{N: 1, Per: time.Hour}, Waiters: 2})
		defer w.Close()
		key := []byte("192.0.2.1")
		d, _ := w.Ask(key, nil)
		var a, b waiter
		_, _, _ = w.Wait(key, &a.place, &a)
		_, _, _ = w.Wait(key, &b.place, &b)
		w.Refund(key, d)
		synctest.Wait()
		if len(a.told) != 1 || !a.told[0].Admitted || len(b.told) != 0 {
			t.Errorf("they were told %+v and %+v, want the first one alone", a.told, b.told)
		}
	})
}

// TestAnswered_mayUseTheLimiter: Answered runs without a lock, and its Place can be used again.
func TestAnswered_mayUseTheLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWindow(Options{Rate: rate.Rate{N: 1, Per: time.Second}, Waiters: 1})
		defer w.Close()
		key := []byte("192.0.2.1")
		w.Ask(key, nil)
		a := &waiter{}
		a.after = func(d Decision, err error) {
			if len(a.told) == 1 {
				if _, known, err := w.Wait(key, &a.place, a); known || err != nil {
					t.Errorf("again: known %t, %v", known, err)
				}
				w.Refund(key, d) // which admits it again
			}
		}
		_, _, _ = w.Wait(key, &a.place, a)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(a.told) != 2 {
			t.Errorf("told %d times, want twice: %+v", len(a.told), a.told)
		}
	})
}

// TestClose_answersAllWaiters before it returns. After it Wait fails, and Ask still decides.
func TestClose_answersAllWaiters(t *testing.T) {
	w := NewWindow(Options{Rate: rate.Rate{N: 1, Per: time.Hour}, Waiters: 1000})
	waiters := make([]waiter, 1000)
	for i := range waiters {
		key := address(i % 10)
		w.Ask(key, nil)
		if _, known, err := w.Wait(key, &waiters[i].place, &waiters[i]); known || err != nil {
			t.Fatalf("known %t, %v", known, err)
		}
	}
	w.Close()
	for i := range waiters {
		if a := &waiters[i]; len(a.told) != 1 || a.told[0].Admitted || !errors.Is(a.errs[0], ErrClosed) {
			t.Fatalf("waiter %d was told %+v, %v", i, a.told, a.errs)
		}
	}
	w.Close()
	if _, known, err := w.Wait(address(0), &waiters[0].place, &waiters[0]); !known || !errors.Is(err, ErrClosed) {
		t.Errorf("got known %t, %v; want ErrClosed", known, err)
	}
	if d, _ := w.Ask(address(0), nil); d.Admitted || d.RetryAfter == 0 {
		t.Errorf("got %+v, want a refusal", d)
	}
	if d, _ := w.Ask(address(99), nil); !d.Admitted {
		t.Errorf("got %+v for another key", d)
	}
	if w.Waiting() != 0 {
		t.Errorf("%d wait", w.Waiting())
	}
	counted(t, w)
}

// TestClose_awaitsARunningAnswered, and calls the others after it.
func TestClose_awaitsARunningAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWindow(Options{Rate: rate.Rate{N: 1, Per: time.Second}, Waiters: 2})
		key := []byte("192.0.2.1")
		w.Ask(key, nil)
		hold := make(chan bool)
		first, second := &waiter{after: func(Decision, error) { <-hold }}, &waiter{}
		_, _, _ = w.Wait(key, &first.place, first)
		_, _, _ = w.Wait(key, &second.place, second)
		time.Sleep(time.Second)
		synctest.Wait()
		closed := make(chan bool)
		go func() { // ends with Close
			w.Close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("it is closed while one is being told")
		default:
		}
		close(hold)
		<-closed
		if len(first.told) != 1 || !first.told[0].Admitted || len(second.told) != 1 || !errors.Is(second.errs[0], ErrClosed) {
			t.Errorf("they were told %+v and %+v, %v", first.told, second.told, second.errs)
		}
	})
}

// contender is one of many waiters in TestWindow_hammered.
type contender struct {
	place    Place
	answered atomic.Int32
	decision chan Decision
}

func (c *contender) Answered(d Decision, err error) {
	c.answered.Add(1)
	if err == nil {
		c.decision <- d
	}
}

// TestWindow_hammered: goroutines ask, wait, withdraw and refund on a few keys in real time. No interval has too many. Each
// waiter is answered or withdrawn, never both. Nothing is left at the end.
func TestWindow_hammered(t *testing.T) {
	tests := map[string]rate.Rate{"a few": {N: 20, Per: 2 * time.Millisecond}, "one": {N: 1, Per: 50 * time.Microsecond}, "batches": {N: 3000, Per: 5 * time.Millisecond}}
	for name, rate := range tests {
		t.Run(name, func(t *testing.T) {
			w := NewWindow(Options{Rate: rate, Waiters: 8})
			keys := [][]byte{[]byte("192.0.2.1"), []byte("a key that is too long to stand in its record")}
			var mu sync.Mutex
			var taken [2][]int64
			keep := func(key int, d Decision) {
				mu.Lock()
				taken[key] = append(taken[key], d.at)
				mu.Unlock()
			}
			var all sync.WaitGroup
			for g := range 8 {
				all.Go(func() {
					c := &contender{decision: make(chan Decision, 1)}
					for i := range 4000 {
						key := (g + i/7) % 2
						switch {
						case i%5 == 0 && g%2 == 0:
							c.answered.Store(0)
							d, known, err := w.Wait(keys[key], &c.place, c)
							if err != nil || known {
								if d.Admitted {
									keep(key, d)
								}
								continue
							}
							select {
							case d := <-c.decision:
								keep(key, d)
								continue
							case <-time.After(time.Duration(i%7) * 100 * time.Microsecond):
							}
							if w.Withdraw(&c.place) {
								if n := c.answered.Load(); n != 0 {
									t.Errorf("a withdrawn waiter was answered %d times", n)
								}
								continue
							}
							keep(key, <-c.decision)
							if n := c.answered.Load(); n != 1 {
								t.Errorf("a waiter was answered %d times", n)
							}
						default:
							d, _ := w.Ask(keys[key], nil)
							switch {
							case d.Admitted && i%3 == 0:
								w.Refund(keys[key], d)
							case d.Admitted:
								keep(key, d)
							}
						}
					}
				})
			}
			all.Wait()
			if n := w.Waiting(); n != 0 {
				t.Errorf("%d wait", n)
			}
			w.Close()
			counted(t, w)
			for key := range taken {
				at := taken[key]
				slices.Sort(at)
				for i := rate.N; i < len(at); i++ {
					if within := at[i] - at[i-rate.N]; within < int64(rate.Per) {
						t.Fatalf("key %d: %d were admitted within %v", key, rate.N+1, time.Duration(within))
					}
				}
				t.Logf("key %d: %d were admitted", key, len(at))
			}
		})
	}
}

// TestClose_answersEachConcurrentWaiterOnce: waiters that come and go during Close are answered, withdrawn or refused, each
// of them once.
func TestClose_answersEachConcurrentWaiterOnce(t *testing.T) {
	for range 50 {
		w := NewWindow(Options{Rate: rate.Rate{N: 1, Per: 20 * time.Microsecond}, Waiters: 100})
		var all sync.WaitGroup
		var asks atomic.Int32
		for g := range 8 {
			all.Go(func() {
				key := address(g % 3)
				for {
					c := &told{end: make(chan error, 1)}
					asks.Add(1)
					_, known, err := w.Wait(key, &c.place, c)
					switch {
					case errors.Is(err, ErrClosed):
						return
					case known:
						w.Ask(key, nil)
						continue
					}
					if err := <-c.end; err != nil {
						return
					}
				}
			})
		}
		await.Until(t, "all of them come and go", func() bool { return asks.Load() > 16 })
		w.Close()
		all.Wait()
		if w.Waiting() != 0 || w.alarm.told != nil || len(w.alarm.queues) != 0 {
			t.Fatal("a waiter is left")
		}
	}
}

// told is an Asker that a goroutine can wait for.
type told struct {
	place Place
	end   chan error
}

func (a *told) Answered(_ Decision, err error) { a.end <- err }
