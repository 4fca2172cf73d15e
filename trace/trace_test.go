package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	request  = "GET /a?token=t HTTP/1.1\r\nHost: a.test\r\nCookie: sid=1\r\n\r\n"
	sent     = "GET /a?token=t HTTP/1.1\r\nHost: a.test\r\nCookie: sid=1\r\nVia: 1.1 tenfour\r\n\r\n"
	response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
)

var millisecond = int64(time.Millisecond)

// plainly records an exchange that took one millisecond.
func plainly(b *Book, number uint64, route string, now int64) {
	plainlyIn(b, b.Unrouted(), number, route, now)
}

// plainlyIn is plainly in a lane.
func plainlyIn(b *Book, l *Lane, number uint64, route string, now int64) {
	x := b.Begin(&Arrival{Lane: l, Route: route, Prefix: "p", Number: number, Began: now}, []byte(request))
	a := x.Attempt("127.0.0.1:9001", now)
	a.Opened(now)
	a.Head([]byte(sent))
	a.Sent(now + millisecond/4)
	a.Came([]byte(response), now+millisecond/2)
	x.Given([]byte(response), now+millisecond/2)
	a.Ended(200, "answering", "", now+millisecond)
	x.End(End{Now: now + millisecond, Status: 200, Bytes: 2, Backend: "127.0.0.1:9001", Limited: None, Body: None, Queue: 0, Connect: time.Millisecond / 4, FirstByte: time.Millisecond / 2})
}

func TestBook_keepsAnExchangeAsItPassed(t *testing.T) {
	b := New(8 << 20)
	plainly(b, 71, "/", 1000*millisecond)
	all := b.Recent()
	if len(all) != 1 || all[0].ID != "p-1z" || all[0].Method != "GET" || all[0].Target != "/a?token=***" || all[0].Status != 200 {
		t.Fatalf("got %+v", all)
	}
	k := b.Find("p-1z")
	if k == nil {
		t.Fatal("it cannot be found")
	}
	want := strings.NewReplacer("token=t", "token=***", "sid=1", "sid=***")
	for i, pair := range [][2]string{
		{string(k.ClientIn[0].Raw), want.Replace(request)}, {string(k.Attempts[0].Out[0].Raw), want.Replace(sent)},
		{string(k.Attempts[0].In[0].Raw), response}, {string(k.ClientOut[0].Raw), response},
	} {
		if pair[0] != pair[1] {
			t.Errorf("head %d: got %q, want %q", i, pair[0], pair[1])
		}
	}
	a := k.Attempts[0]
	if a.Backend != "127.0.0.1:9001" || a.Connection != "new" || a.Sent != 0.25 || a.FirstByte != 0.5 || a.Ended != 1 || !a.Won || a.Progress != "answering" {
		t.Errorf("got the attempt %+v", a)
	}
	if p := k.Summary.Phases; p.Limited.Known() || p.Queue != 0 || p.Connect != 0.25 || p.FirstByte != 0.25 || p.Rest != 0.5 {
		t.Errorf("got the phases %+v", p)
	}
}

func TestKept_isTheSameAfterJSON(t *testing.T) {
	b := New(8 << 20)
	plainly(b, 1, "/", 1000*millisecond)
	k := b.Find("p-1")
	k.ClientIn[0].Raw = append(k.ClientIn[0].Raw, 0xff, 0)
	text, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	var again Kept
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.ClientIn[0].Raw, k.ClientIn[0].Raw) || again.Summary.Phases != k.Summary.Phases || !strings.Contains(string(text), `"limited":null`) {
		t.Errorf("got %+v from %s", again, text)
	}
}

func TestMask_hidesCredentials(t *testing.T) {
	tests := map[string]struct {
		head     string
		at       int
		want     string
		wantedAt int
	}{
		"a credential keeps its scheme":  {"GET / HTTP/1.1\r\nAuthorization: Bearer abc\r\nA: b\r\n\r\n", 42, "GET / HTTP/1.1\r\nAuthorization: Bearer ***\r\nA: b\r\n\r\n", 42},
		"a credential without a scheme":  {"authorization: abcdef\r\nA: b\r\n", 23, "authorization: ***\r\nA: b\r\n", 20},
		"cookies keep their names":       {"G\r\nCookie: a=1; bc=23; d\r\n\r\n", -1, "G\r\nCookie: a=***; bc=***; ***\r\n\r\n", -1},
		"a cookie keeps its attributes":  {"H\r\nSet-Cookie: a=12=3; Path=/; HttpOnly\r\n", 0, "H\r\nSet-Cookie: a=***; Path=/; HttpOnly\r\n", 0},
		"a key":                          {"G\r\nX-Api-Key:abc\r\n", -1, "G\r\nX-Api-Key:***\r\n", -1},
		"a field that the settings name": {"G\r\nX-PIN: ab\r\n cd\r\nA: b\r\n", -1, "G\r\nX-PIN: ***\r\n ***\r\nA: b\r\n", -1},
		"a line without a colon":         {"G\r\nAuthorization Basic ab\r\nPlain text\r\n", -1, "G\r\nAuthorization ***\r\nPlain text\r\n", -1},
		"a CR in a credential":           {"G\r\nAuthorization: Basic\rab\r\n", -1, "G\r\nAuthorization: ***\r***\r\n", -1},
		"several handles":                {"G\r\nLink: </.tenfour/jobs/0123456789abcdef>, </.tenfour/jobs/0123456789abcdef>\r\n", -1, "G\r\nLink: </.tenfour/jobs/01234567***>, </.tenfour/jobs/01234567***>\r\n", -1},
		"a user without a scheme":        {"CONNECT u:p@h:80 HTTP/1.1\r\nReferer: //u:p@h/\r\n", -1, "CONNECT ***@h:80 HTTP/1.1\r\nReferer: //***@h/\r\n", -1},
		"a fragment":                     {"G\r\nLocation: https://h/#access_token=ab&b=1\r\n", -1, "G\r\nLocation: https://h/#access_token=***&b=1\r\n", -1},
		"a folded credential":            {"G\r\nX-Token: ab\r\n cd\r\nA: b\r\n", -1, "G\r\nX-Token: ***\r\n ***\r\nA: b\r\n", -1},
		"a space before the colon":       {"G\r\nX-Token : ab\r\n", 10, "G\r\nX-Token : ***\r\n", 10},
		"line ends that are LF or CR":    {"G\nX-Token: ab\rCookie: a=b\n", -1, "G\nX-Token: ***\r***\n", -1},
		"a parameter of the target":      {"GET /?a=1&token=xyzzy HTTP/1.1\r\nA: b\r\n", 32, "GET /?a=1&token=*** HTTP/1.1\r\nA: b\r\n", 30},
		"a user in the target":           {"GET http://u:p@h/ HTTP/1.1\r\n", -1, "GET http://***@h/ HTTP/1.1\r\n", -1},
		"a URL in a field":               {"G\r\nLocation: /a?session=1\r\n", -1, "G\r\nLocation: /a?session=***\r\n", -1},
		"the handle of a job":            {"GET /.tenfour/jobs/0123456789abcdef HTTP/1.1\r\n", -1, "GET /.tenfour/jobs/01234567*** HTTP/1.1\r\n", -1},
		"what is asked for stays":        {"H\r\nWWW-Authenticate: Basic realm=\"a\"\r\n", -1, "H\r\nWWW-Authenticate: Basic realm=\"a\"\r\n", -1},
		"nothing to hide":                {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 22, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 22},
		"cut in a credential":            {"G\r\nAuthorization: Basic dXN", -1, "G\r\nAuthorization: Basic ***", -1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			head := []byte(tc.head)
			got, at := mask(head, tc.at, []string{"x-pin"})
			if string(got) != tc.want || at != tc.wantedAt {
				t.Errorf("got %q, %d; want %q, %d", got, at, tc.want, tc.wantedAt)
			}
			if string(head) != tc.head {
				t.Errorf("the head itself has become %q", head)
			}
		})
	}
}

// TestBook_aRouteWithFewExchangesIsNotCrowdedOut: 20,000 exchanges of one route, one of another in two hundred.
func TestBook_aRouteWithFewExchangesIsNotCrowdedOut(t *testing.T) {
	b := New(8 << 20)
	lanes := map[string]*Lane{"/busy": {}, "/quiet": {}}
	for i := range 20_000 {
		route := "/busy"
		if i%200 == 0 {
			route = "/quiet"
		}
		plainlyIn(b, lanes[route], uint64(i), route, int64(i)*millisecond+1)
	}
	quiet := 0
	all := b.Recent()
	for _, s := range all {
		if s.Route == "/quiet" {
			quiet++
		}
	}
	if len(all) != 200 || quiet != 100 {
		t.Errorf("%d exchanges are kept, %d of the quiet route; want 200, and all 100 of the quiet one", len(all), quiet)
	}
}

func TestBook_slowAndFailedOnesStayLonger(t *testing.T) {
	b := New(8 << 20)
	now := 1000 * millisecond
	plainly(b, 1, "/", now)
	for i, e := range []End{{Now: now + 900*millisecond, Status: 200}, {Now: now + millisecond, Status: 502, Reason: "the backend is down"}} {
		x := b.Begin(&Arrival{Lane: b.Unrouted(), Prefix: "odd", Number: uint64(i), Began: now}, []byte(request))
		x.End(e)
	}
	for i := range 1000 {
		plainly(b, uint64(i+2), "/", now+int64(i)*10*millisecond)
	}
	for i, want := range []Shelf{Slow, Failed} {
		if k := b.Find(fmt.Sprintf("odd-%d", i)); k == nil || k.Summary.Kept != want {
			t.Errorf("%v: got %+v", want, k)
		}
	}
	if b.Find("p-1") != nil {
		t.Error("the first plain exchange is still there")
	}
}

// TestBook_staysWithinItsBytes has large heads of many exchanges at once, all of which fail: what is being recorded and what is kept stay within the
// book's bytes.
func TestBook_staysWithinItsBytes(t *testing.T) {
	const most = 4 << 20
	b := New(most)
	head := []byte("GET / HTTP/1.1\r\nA: " + strings.Repeat("x", 12<<10) + "\r\n\r\n")
	var open []*Exchange
	now := 1000 * millisecond
	for i := range 5000 {
		now += 20 * millisecond
		x := b.Begin(&Arrival{Lane: b.Unrouted(), Prefix: "p", Number: uint64(i), Began: now}, head)
		a := x.Attempt("b", now)
		a.Head(head)
		a.Came(head, now)
		x.Given(head, now)
		open = append(open, x)
		if got := b.recording.Load(); got > most/4 {
			t.Fatalf("%d bytes are being recorded, want %d at most", got, most/4)
		}
		if len(open) == 1000 {
			for _, x := range open {
				x.End(End{Now: now, Reason: "failed"})
			}
			open = nil
		}
	}
	kept := 0
	for i := range b.shelves.all {
		s := &b.shelves.all[i]
		real := 0
		for _, k := range s.kept {
			real += k.size()
		}
		if real != s.bytes {
			t.Errorf("%v: counts %d bytes, has %d", Shelf(i), s.bytes, real)
		}
		kept += s.bytes
	}
	if kept > most*5/8 || kept == 0 {
		t.Errorf("%d bytes are kept, want %d at most", kept, most*5/8)
	}
	if b.Missed() == 0 {
		t.Error("no exchange was missed: the bound was not met")
	}
	if got := b.recording.Load(); got != 0 {
		t.Errorf("%d bytes are counted as being recorded after the end", got)
	}
}

// TestExchange_attemptsThatEndLaterAreKept is a race: a racer ends after the exchange, while others read what is kept and record more.
func TestExchange_attemptsThatEndLaterAreKept(t *testing.T) {
	b := New(8 << 20)
	now := 1000 * millisecond
	var wg sync.WaitGroup
	var others Lane
	for i := range 40 {
		x := b.Begin(&Arrival{Lane: b.Unrouted(), Prefix: "r", Number: uint64(i), Began: now}, []byte(request))
		x.Share()
		won, lost := x.Attempt("won", now), x.Attempt("lost", now)
		wg.Go(func() {
			lost.Head([]byte(sent))
			lost.Sent(now)
			lost.Ended(0, "sent", "another backend was first", now+2*millisecond)
		})
		wg.Go(func() {
			won.Head([]byte(sent))
			won.Sent(now)
			won.Ended(200, "answering", "", now+millisecond)
			x.End(End{Now: now + millisecond, Status: 200, Backend: "won"})
		})
		wg.Go(func() {
			for range 20 {
				plainlyIn(b, &others, uint64(i), "/", now)
				for _, s := range b.Recent() {
					b.Find(s.ID)
				}
			}
		})
	}
	wg.Wait()
	for i := range 40 {
		k := b.Find((&Arrival{Lane: b.Unrouted(), Prefix: "r", Number: uint64(i)}).id())
		if k == nil {
			t.Fatalf("exchange %d is not kept", i)
		}
		if a := k.Attempts[1]; a.Reason != "another backend was first" || a.Won || !k.Attempts[0].Won {
			t.Errorf("got the attempts %+v", k.Attempts)
		}
	}
	if got := b.recording.Load(); got != 0 {
		t.Errorf("%d bytes are counted as being recorded after the end", got)
	}
}

func TestExchange_thatLastsIsKeptFromItsBeginning(t *testing.T) {
	b := New(8 << 20)
	now := 1000 * millisecond
	x := b.Begin(&Arrival{Lane: b.Unrouted(), Prefix: "l", Client: netip.MustParseAddrPort("127.0.0.1:1"), Began: now}, []byte(request))
	a := x.Attempt("b", now)
	a.Head([]byte(sent))
	a.Sent(now)
	a.Came([]byte(response), now)
	x.Given([]byte(response), now)
	x.Lasts(now)
	k := b.Find("l-0")
	if k == nil || !k.Summary.Lasts || k.Summary.Status != 200 || k.Attempts[0].Ended.Known() {
		t.Fatalf("got %+v while it lasts", k)
	}
	a.Ended(200, "answering", "", now+millisecond)
	x.End(End{Now: now + millisecond, Status: 200, Backend: "b"})
	k = b.Find("l-0")
	if k == nil || k.Summary.Lasts || k.Summary.MS != 1 || !k.Attempts[0].Ended.Known() || string(k.ClientOut[0].Raw) != response {
		t.Errorf("got %+v after its end", k)
	}
	if n := len(b.Recent()); n != 1 {
		t.Errorf("%d are kept, want 1", n)
	}
	if got := b.recording.Load(); got != 0 {
		t.Errorf("%d bytes are counted as being recorded after the end", got)
	}
}

// TestExchange_ofManyAttemptsHasTheFirstAndTheLast: it was held, and tried its backend again and again.
func TestExchange_ofManyAttemptsHasTheFirstAndTheLast(t *testing.T) {
	b := New(8 << 20)
	now := 1000 * millisecond
	x := b.Begin(&Arrival{Prefix: "h", Began: now}, []byte(request))
	const tries = 700
	for i := range tries {
		a := x.Attempt("127.0.0.1:9001", now)
		a.Head(fmt.Appendf(nil, "GET /%d HTTP/1.1\r\n\r\n", i+1))
		if i < tries-1 {
			a.Ended(0, "nothing sent", "connection refused", now)
			continue
		}
		a.Sent(now)
		a.Came([]byte(response), now)
		x.Given([]byte(response), now)
		a.Ended(200, "answering", "", now)
	}
	x.End(End{Now: now, Status: 200, Backend: "127.0.0.1:9001"})
	k := b.Find("h-0")
	if k == nil || k.Summary.Attempts != tries || len(k.Attempts) != attemptsMost || string(k.ClientOut[0].Raw) != response || len(k.ClientIn) != 1 {
		t.Fatalf("got %+v", k)
	}
	for i, a := range k.Attempts {
		number := i + 1
		if i >= attemptsFirst {
			number = tries - attemptsMost + i + 1
		}
		if a.Number != number || string(a.Out[0].Raw) != fmt.Sprintf("GET /%d HTTP/1.1\r\n\r\n", number) || a.Won != (number == tries) {
			t.Errorf("attempt %d: got %+v, want number %d", i, a, number)
		}
	}
	if got := b.recording.Load(); got != 0 {
		t.Errorf("%d bytes are counted as being recorded after the end", got)
	}
}

func TestNilBook_recordsNothing(t *testing.T) {
	var b *Book
	plainlyIn(b, nil, 1, "/", 1)
	x := b.Begin(&Arrival{}, nil)
	x.Share()
	x.Hold()
	x.Release()
	x.Lasts(1)
	x.Drop()
	x.GivenLast(nil, 1)
	if x != nil || b.Recent() != nil || b.Find("p-1") != nil {
		t.Error("a nil book has something")
	}
}

func BenchmarkExchange(b *testing.B) {
	book := New(8 << 20)
	b.ReportAllocs()
	for i := range b.N {
		plainly(book, uint64(i), "/", int64(i)*1000)
	}
}

func TestSetSince_isHowFarTheWallClockWasSet(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for set, want := range map[time.Duration]time.Duration{0: 0, 100 * time.Millisecond: 0, 3 * time.Hour: 3 * time.Hour, -3*time.Hour - 100*time.Millisecond: -3 * time.Hour} {
		if got := setSince(began, began.Add(time.Minute+set), time.Minute); got != want {
			t.Errorf("set by %v: got %v, want %v", set, got, want)
		}
	}
}
