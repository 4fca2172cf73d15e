package forward

import (
	"net/netip"
	"reflect"
	"testing"

	"tenfour/httpparse"
	"tenfour/sock"
	"tenfour/trace"
)

// TestRequest_resetLeavesNothing: each field but the head, which resets itself, is as in the zero value.
func TestRequest_resetLeavesNothing(t *testing.T) {
	r := Request{
		In: &sock.Input{}, Target: []byte("/"), Body: &Body{}, BodyWhole: true, Remote: netip.IPv6Loopback(), Secure: true, Persists: true,
		Limits: &httpparse.DefaultLimits, Route: &Route{}, Timed: true, Trace: &trace.Exchange{}, Recorder: recorder{}, Began: 1,
	}
	before := reflect.ValueOf(r)
	r.reset()
	after := reflect.ValueOf(r)
	for i := range before.NumField() {
		switch name := before.Type().Field(i).Name; {
		case name == "Head":
		case before.Field(i).IsZero():
			t.Errorf("the test sets no %s: a new field belongs into both", name)
		case !after.Field(i).IsZero():
			t.Errorf("%s is still %v", name, after.Field(i))
		}
	}
}

// TestAttempt_resetLeavesNothing: each field but those that are fixed is as in the zero value.
func TestAttempt_resetLeavesNothing(t *testing.T) {
	x := &Exchange{}
	x.Init(newLot(t), NewHeld(1))
	fresh := reflect.ValueOf(&x.attempt).Elem()
	a := &x.attempt
	dirty(a)
	a.reset()
	zero := &Exchange{}
	zero.Init(a.lot, a.portion.of)
	want := reflect.ValueOf(&zero.attempt).Elem()
	for i := range fresh.NumField() {
		switch name := fresh.Type().Field(i).Name; name {
		case "decider", "req", "up", "res": // fixed, or with parts that are fixed
		case "memo": // keeps its memory, which is empty
			if m := a.memo; len(m.sent)+len(m.came)+len(m.given)+m.headLen != 0 || m.cameAt != 0 || m.idle != 0 || m.reused || m.again || m.came != nil {
				t.Errorf("memo is still %+v", m)
			}
		default:
			if got, want := fresh.Field(i), want.Field(i); !got.Equal(want) {
				t.Errorf("%s is still %v", name, got)
			}
		}
	}
	if a.up.single || a.up.stopped || a.up.held != nil || a.up.given != 0 || a.up.rest == nil || a.up.resent == nil || a.res.Status != 0 {
		t.Errorf("of the request %+v is left", a.up)
	}
}

// recorder records nothing.
type recorder struct{}

func (recorder) Record(trace.Shelf) {}

// dirty sets every field of an attempt that an exchange sets.
func dirty(a *Attempt) {
	a.sink, a.tries, a.link, a.state, a.askAgain = Sink{minor: 1, persists: true}, tries{next: 1, end: 2}, &link{}, relaying, true
	a.origin, a.clock, a.lasting = &Origin{}, clock{now: 1, began: 2, progress: 3, asked: true, impatient: true}, lasting{endless: true, paused: true, lent: true, heldUp: 1, openEnd: 2, end: 3}
	a.result = Result{Status: 200, Backend: "a", Keep: true}
	a.up.single, a.up.stopped, a.up.held, a.up.given = true, true, NewBody(nil, 0), 5
	a.down.interims, a.down.heard, a.down.unsure, a.down.headEnd, a.down.given, a.down.taken = 1, true, true, 4, 5, true
	a.down.need()
	a.portion.Raise(1)
	a.res.Status = 200
	a.memo = memo{1, []byte("sent"), make([]byte, memoMost+1), []byte("given"), 1, true, 2, true}
}
