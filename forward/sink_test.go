package forward

import (
	"testing"

	"tenfour/httpparse"
	"tenfour/sock"
)

// TestSink_framesByWhatTheClientKnows: a response without a length is chunked for HTTP/1.1, and ends with the connection for
// HTTP/1.0. A connection whose request was not read to its end does not persist.
func TestSink_framesByWhatTheClientKnows(t *testing.T) {
	for _, tc := range []struct {
		framing           httpparse.Framing
		minor             uint8
		sent              bool
		chunked, persists bool
	}{
		{httpparse.Length, 1, true, false, true},
		{httpparse.Length, 0, true, false, true},
		{httpparse.Length, 1, false, false, false},
		{httpparse.NoBody, 0, true, false, true},
		{httpparse.Chunked, 1, true, true, true},
		{httpparse.Chunked, 0, true, false, false},
		{httpparse.UntilClose, 1, true, true, true},
		{httpparse.UntilClose, 0, true, false, false},
		{httpparse.UntilClose, 1, false, true, false},
	} {
		s := Sink{minor: tc.minor, persists: true}
		chunked := s.frame(&httpparse.Response{Framing: tc.framing}, tc.sent)
		if chunked != tc.chunked || s.persists != tc.persists {
			t.Errorf("%+v: chunked %t, persists %t", tc, chunked, s.persists)
		}
	}
}

// TestSink_persistsOnlyIfItWasWanted: framing never makes a connection persist that is to be closed.
func TestSink_persistsOnlyIfItWasWanted(t *testing.T) {
	s := Sink{minor: 1}
	s.frame(&httpparse.Response{Framing: httpparse.Length}, true)
	if got := string(s.appendConnection(nil)); s.persists || got != "Connection: close\r\n" {
		t.Errorf("persists %t, the client is told %q", s.persists, got)
	}
}

// TestSink_thatHoldsGivesNothing: a flow without a connection to give to takes bytes, and gives none.
func TestSink_thatHoldsGivesNothing(t *testing.T) {
	var portion Portion
	in, out := sock.InputOf([]byte("okay")), sock.GetBuffer(firstRead)
	f := flow{framing: httpparse.Length, left: 4, in: in, outgoing: outgoing{out: out, hold: holdLeast, portion: &portion}}
	how, err := f.step()
	if how != waits || err != nil || !f.taken || f.given != 0 || f.done() || string(f.out.B) != "okay" {
		t.Errorf("outcome %d (%v), taken %t, %d bytes given, done %t, holds %q", how, err, f.taken, f.given, f.done(), f.out.B)
	}
}
