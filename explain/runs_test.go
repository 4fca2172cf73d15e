package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tenfour/httpparse"
)

// covered returns what is wrong with the runs of a report: each byte must be in one of them, in order.
func covered(r *Report) error {
	at := 0
	for _, run := range r.Runs {
		if run.From != at || run.To <= run.From {
			return fmt.Errorf("a run from %d to %d after byte %d", run.From, run.To, at)
		}
		at = run.To
	}
	if at != r.Length || len(r.Bytes) != r.Length {
		return fmt.Errorf("the runs end at %d, the message at %d, and it has %d bytes", at, r.Length, len(r.Bytes))
	}
	return nil
}

// asParsed returns what is wrong with the runs of a head that httpparse takes: they must have its spans. raw is the head.
func asParsed(r *Report, raw []byte) error {
	if r.What == Request {
		var req httpparse.Request
		req.Reset()
		if _, err := req.Parse(raw, nil); err != nil {
			return nil
		}
		if err := spansOf(r, Method, req.Method); err != nil {
			return err
		}
		if err := spansOf(r, Target, req.Target); err != nil {
			return err
		}
		return fieldsOf(r, req.Fields, raw)
	}
	var res httpparse.Response
	res.Reset()
	parsed := bytes.Clone(raw)
	if _, err := res.Parse(parsed, httpparse.OtherVerb, nil); err != nil {
		return nil
	}
	if res.Reason.Len() > 0 {
		if err := spansOf(r, Reason, res.Reason); err != nil {
			return err
		}
	}
	return fieldsOf(r, res.Fields, parsed)
}

// spansOf returns what is wrong with the runs of a kind: there must be one, of that span.
func spansOf(r *Report, kind Kind, span httpparse.Span) error {
	for _, run := range r.Runs {
		if run.Kind == kind {
			if run.From != int(span.Start) || run.To != int(span.End) {
				return fmt.Errorf("%v is [%d:%d], and the parser has %v", kind, run.From, run.To, span)
			}
			return nil
		}
	}
	return fmt.Errorf("there is no %v, and the parser has %v", kind, span)
}

// fieldsOf compares the names and values. A value that was folded is compared by its words: the parser has moved them.
func fieldsOf(r *Report, fields []httpparse.Field, parsed []byte) error {
	i := -1
	var value []string
	same := func() error {
		if i < 0 {
			return nil
		}
		want := string(fields[i].Value.In(parsed))
		if got := strings.Join(value, " "); words(got) != words(want) && !bytes.HasPrefix([]byte(got), []byte(want+":")) {
			return fmt.Errorf("the value of field %d is %q, and the parser has %q", i, got, want)
		}
		return nil
	}
	for _, run := range r.Runs {
		switch run.Kind {
		case Name:
			if err := same(); err != nil {
				return err
			}
			if i++; i == len(fields) || run.From != int(fields[i].Name.Start) || run.To != int(fields[i].Name.End) {
				return fmt.Errorf("name [%d:%d] is not the parser's", run.From, run.To)
			}
			value = nil
		case Value:
			value = append(value, string(r.Bytes[run.From:run.To]))
		}
	}
	if i != len(fields)-1 {
		return fmt.Errorf("%d fields, and the parser has %d", i+1, len(fields))
	}
	return same()
}

// words is text with one space for each run of spaces and control bytes, which the parser changes to spaces in a response.
func words(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
}

// odd are messages of every kind, with the oddities that the parser takes and refuses.
var odd = []string{
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"\r\n\nGET / HTTP/1.0\n\n",
	"GET http://u:80?x HTTP/1.1\r\nHost: b\r\nConnection: close, X\r\nX: 1\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: a:\r\nMax-Forwards: 3\r\nX_Forwarded_For: 1\r\nForwarded: for=b\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n000\r\nA:  b \r\nC:d\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
	"GET /a b HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", "\x16\x03\x01\x02\x00\x01", "",
	"GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\nHost: a\nConnection: close\n\nrest",
	"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x00",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204\r\n\r\nmore",
	"HTTP/1.0  200   odd\x01reason \r\nX : a\r\n b\n\tc\r\nY:\x02d\r\nZ:\r\n e\r\n\r\nuntil close",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x00",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n5   \r\nhello\r\n0\r\nX : y\r\n  z\r\n\r\n",
	"HTTP/2 200\r\n\r\n", "HTTP/1.1 99 x\r\n\r\n", "HTTP/1.1 200 OK\r\n X: a\r\n\r\n",
}

func TestMessages_coverEachByteAndPartAsTheParser(t *testing.T) {
	for _, raw := range odd {
		for cut := 0; cut <= len(raw); cut++ {
			if err := checkStream([]byte(raw[:cut])); err != nil {
				t.Errorf("%v\nfor %q", err, raw[:cut])
			}
		}
	}
}

func FuzzMessages(f *testing.F) {
	for _, raw := range odd {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := checkStream(raw); err != nil {
			t.Errorf("%v\nfor %q", err, raw)
		}
		Changes(raw, raw)
	})
}

// checkStream returns what is wrong with the reports of a stream.
func checkStream(raw []byte) (err error) {
	before := bytes.Clone(raw)
	at := 0
	Messages(raw, Options{}, func(r *Report) {
		if err == nil && r.From != at {
			err = fmt.Errorf("a message begins at %d, and the one before ended at %d", r.From, at)
		}
		at = r.From + r.Length
		if err == nil {
			err = covered(r)
		}
		if err == nil && r.Refusal == nil {
			err = asParsed(r, raw[r.From:])
		}
		if err == nil && r.Refusal != nil {
			err = refusedAsParsed(r)
		}
	})
	switch {
	case err != nil:
		return err
	case at != len(raw):
		return fmt.Errorf("the last message ends at %d of %d", at, len(raw))
	case !bytes.Equal(raw, before):
		return fmt.Errorf("the bytes were changed")
	}
	return nil
}

// refusedAsParsed returns what is wrong with a refusal: it must have words, and the run at its byte must be the wrong one.
func refusedAsParsed(r *Report) error {
	if r.Refusal.Means == "" || r.Refusal.Rule == "" || r.Refusal.Section == "" {
		return fmt.Errorf("the refusal %+v says too little", *r.Refusal)
	}
	for _, run := range r.Runs {
		if run.From <= r.Refusal.Offset && r.Refusal.Offset < run.To && run.Kind != Wrong {
			return fmt.Errorf("byte %d is refused, and is %v", r.Refusal.Offset, run.Kind)
		}
	}
	return nil
}

func TestReport_isReadableJSON(t *testing.T) {
	raw := []byte("GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n")
	text, err := json.Marshal(Message(raw, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Bytes string
		Runs  []struct {
			From, To int
			Kind     string
		}
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	target := back.Runs[2]
	if got := string([]rune(back.Bytes)[target.From:target.To]); target.Kind != "target" || got != "/ÿ" {
		t.Errorf("the third run is %q, %q; want the target, \"/ÿ\": each byte is one character\n%s", target.Kind, got, text)
	}
	var bytesBack Bytes
	if b, _ := json.Marshal(Bytes(raw)); json.Unmarshal(b, &bytesBack) != nil || !bytes.Equal(bytesBack, raw) {
		t.Errorf("the bytes came back as %q, want %q", bytesBack, raw)
	}
}

// TestChanges_sayWhoseAFieldOfARaceIs: tenfour adds X-Race by itself, and no setting does.
func TestChanges_sayWhoseAFieldOfARaceIs(t *testing.T) {
	in := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	for _, c := range Changes([]byte(in), []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Race: 2/2\r\n\r\n")) {
		if c.Name != "X-Race" {
			continue
		}
		if want := "a race: how many backends were asked, of how many"; c.Why != want {
			t.Errorf("got %q, want %q", c.Why, want)
		}
		return
	}
	t.Error("X-Race is no change")
}
