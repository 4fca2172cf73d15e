package front

import (
	"testing"
	"time"

	"tenfour/httpparse"
)

// parsed returns the head of a request with some field lines, each without its line end, and the bytes that it is in.
func parsed(t *testing.T, lines ...string) (*httpparse.Request, []byte) {
	t.Helper()
	raw := "GET / HTTP/1.1\r\nHost: a\r\n"
	for _, l := range lines {
		raw += l + "\r\n"
	}
	head, buf := &httpparse.Request{}, []byte(raw+"\r\n")
	if _, err := head.Parse(buf, nil); err != nil {
		t.Fatal(err)
	}
	return head, buf
}

func TestPrefers_readsRFC7240(t *testing.T) {
	async, wait := preferences{async: true}, func(n int) preferences {
		return preferences{waits: true, wait: time.Duration(n) * time.Second}
	}
	both := wait(10)
	both.async = true
	tests := []struct {
		lines []string
		want  preferences
	}{
		{nil, preferences{}},
		{[]string{"Prefer: respond-async"}, async},
		{[]string{"prefer: RESPOND-Async"}, async},
		{[]string{"Prefer: respond-async, wait=10"}, both},
		{[]string{"Prefer: wait=10", "Prefer: return=minimal, respond-async"}, both},
		{[]string{"Prefer: , ,wait = 10 ;x=1,\trespond-async;a=\"b,c\""}, both},
		{[]string{`Prefer: wait="10"`}, wait(10)},
		{[]string{`Prefer: foo="a, respond-async, wait=3", wait=4`}, wait(4)},
		{[]string{`Prefer: foo="a\", respond-async", wait=4`}, wait(4)},
		{[]string{"Prefer: wait=4, wait=5"}, wait(4)},
		{[]string{"Prefer: wait=0"}, wait(0)},
		{[]string{"Prefer: wait=99999999999999999999"}, preferences{waits: true, wait: waitMost}},
		{[]string{"Prefer: wait", "Prefer: wait=", "Prefer: wait=-1", "Prefer: wait=1.5", "Prefer: wait=x"}, preferences{}},
		{[]string{"Prefer: xrespond-async, respond-asyncx, respond async"}, preferences{}},
		{[]string{`Prefer: foo="never ends, respond-async`}, preferences{}},
		{[]string{"X-Prefer: respond-async"}, preferences{}},
		{[]string{"Prefer: respond-async; lenient"}, async},
	}
	for _, tc := range tests {
		if got := prefers(parsed(t, tc.lines...)); got != tc.want {
			t.Errorf("%q: got %+v, want %+v", tc.lines, got, tc.want)
		}
	}
}

func TestDropApplied_leavesTheOthers(t *testing.T) {
	tests := map[string]string{
		"respond-async":          "", // the line goes no further
		"respond-async, wait=10": "",
		"wait=1, wait=2":         "",
		`return=minimal, respond-async;x=1 , handling="a,b";c, wait=5`: `return=minimal, handling="a,b";c`,
		"return=minimal":  "return=minimal",
		"respond-async,x": "x",
	}
	for value, want := range tests {
		head, buf := parsed(t, "Prefer: "+value, "After: it")
		dropApplied(head, buf)
		f := head.Fields[1]
		if got := string(f.Value.In(buf)); f.Hop != (want == "") || !f.Hop && got != want {
			t.Errorf("%q: got %q, dropped %v, want %q", value, got, f.Hop, want)
		}
		if got := string(head.Fields[2].Value.In(buf)); got != "it" {
			t.Errorf("%q: the next field is %q", value, got)
		}
	}
}

func FuzzPrefers(f *testing.F) {
	for _, value := range []string{"respond-async", `a="\`, "wait=3;x=\"\\\"\",b", ",,;;=", `"`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		head, buf := &httpparse.Request{}, []byte("GET / HTTP/1.1\r\nHost: a\r\nPrefer: "+value+"\r\n\r\n")
		if n, err := head.Parse(buf, nil); err != nil || n != len(buf) {
			t.Skip()
		}
		before := prefers(head, buf)
		if before.wait < 0 || before.wait > waitMost {
			t.Errorf("it would wait for %v", before.wait)
		}
		dropApplied(head, buf)
		f := &head.Fields[1]
		if after := prefers(head, buf); !f.Hop && after != (preferences{}) {
			t.Errorf("%q becomes %q, which still says %+v", value, f.Value.In(buf), after)
		}
	})
}
