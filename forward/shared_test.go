package forward

import (
	"testing"

	"tenfour/httpparse"
	"tenfour/sock"
)

// TestFrameAgain_isAsTheClientWouldHaveGotIt: what is recorded of a response, in the framing for a client of some version.
func TestFrameAgain_isAsTheClientWouldHaveGotIt(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nX-Own: 1\r\n"
	for name, tc := range map[string]struct {
		framing  httpparse.Framing
		minor    uint8
		content  string
		taken    bool
		want     string
		persists bool
	}{
		"chunks":             {framing: httpparse.Chunked, minor: 1, content: "half", want: "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", persists: true},
		"chunks to the end":  {framing: httpparse.Chunked, minor: 1, content: "whole", taken: true, want: "Transfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n", persists: true},
		"nothing yet":        {framing: httpparse.UntilClose, minor: 1, want: "Transfer-Encoding: chunked\r\n\r\n", persists: true},
		"for HTTP/1.0":       {framing: httpparse.Chunked, content: "half", want: "Connection: close\r\n\r\nhalf"},
		"a length":           {framing: httpparse.Length, minor: 1, content: "\r\n\r\nhalf", want: "Content-Length: 9\r\n\r\n\r\n\r\nhalf", persists: true},
		"a length, HTTP/1.0": {framing: httpparse.Length, content: "half", want: "Content-Length: 9\r\nConnection: keep-alive\r\n\r\nhalf", persists: true},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Attempt{req: &Request{Route: &Route{Settings: &Settings{Buffer: 5000}}}, sink: Sink{minor: tc.minor, persists: true}}
			a.up.out, a.up.taken = sock.GetBuffer(0), true
			a.res.Framing, a.res.ContentLength = tc.framing, 9
			d := &a.down
			d.portion, d.taken, d.out = &a.portion, tc.taken, &sock.Buffer{B: []byte(head + "\r\n" + tc.content)}
			a.frameAgain()
			if got := string(d.out.B); got != head+tc.want || a.sink.persists != tc.persists || d.hold != 5000 {
				t.Errorf("got %q, persists: %t, holds %d; want %q", got, a.sink.persists, d.hold, head+tc.want)
			}
		})
	}
}

func TestAppendRecorded_hasAFramingThatEndsIt(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	for _, tc := range []struct {
		status   int
		minor    uint8
		persists bool
		want     string
	}{
		{200, 1, true, "Content-Length: 4\r\n\r\n"},
		{404, 1, false, "Content-Length: 4\r\nConnection: close\r\n\r\n"},
		{200, 0, true, "Content-Length: 4\r\nConnection: keep-alive\r\n\r\n"},
		{204, 1, true, "\r\n"},
		{304, 0, false, "Connection: close\r\n\r\n"},
	} {
		if got := string(AppendRecorded(nil, tc.status, []byte(head), []byte("okay"), tc.minor, tc.persists)); got != head+tc.want {
			t.Errorf("%+v: got %q", tc, got)
		}
	}
}
