package console

import (
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"tenfour/trace"
)

func itoa(n int) string { return strconv.Itoa(n) }

// keptFor is an exchange that was sent twice.
func keptFor(id string) *trace.Kept {
	if id != "a" {
		return nil
	}
	head := func(text string) []trace.Head {
		return []trace.Head{{Raw: trace.Raw(strings.ReplaceAll(text, "\n", "\r\n")), Refused: -1}}
	}
	return &trace.Kept{
		Summary:  trace.Summary{ID: "a", Method: "GET"},
		ClientIn: head("GET /it's?a=$(id) HTTP/1.1\nHost: a.example\nX-Odd: `id`\nConnection: close\n\n"), ClientOut: head("HTTP/1.1 200 OK\nVia: 1.1 tenfour\n\n"),
		Attempts: []trace.Attempt{
			{Number: 1, Backend: "b:1", Out: head("GET /it's?a=$(id) HTTP/1.1\nHost: a.example\nX-Odd: `id`\n\n")},
			{Number: 2, Backend: "b:2", Won: true, Out: head("GET /it's?a=$(id) HTTP/1.1\nHost: a.example\n\n"), In: head("HTTP/1.1 200 OK\n\n")},
		},
	}
}

func TestExchange_isExplained(t *testing.T) {
	r := startRig(t, Settings{})
	got := r.ask(t, "GET /exchanges/a HTTP/1.1\r\nHost: HOST\r\nAccept: application/json\r\n\r\n")
	var v struct {
		Exchange trace.Kept
		Messages []struct {
			Part    string
			Attempt int
			Report  struct{ What string }
		}
		Changes struct{ Request, Response []struct{ Attempt int } }
		Curl    string
	}
	if err := json.Unmarshal([]byte(got.body), &v); err != nil || got.status != 200 {
		t.Fatalf("got %d %q: %v", got.status, got.body, err)
	}
	var parts []string
	for _, m := range v.Messages {
		parts = append(parts, m.Part+" "+itoa(m.Attempt)+" "+m.Report.What)
	}
	want := "client-in 0 request, backend-out 0 request, backend-out 1 request, backend-in 1 response, client-out 0 response"
	if strings.Join(parts, ", ") != want {
		t.Errorf("got %v, want %s", parts, want)
	}
	if len(v.Changes.Request) != 2 || len(v.Changes.Response) != 1 || v.Changes.Response[0].Attempt != 1 || v.Exchange.Summary.ID != "a" {
		t.Errorf("got %+v", v)
	}
}

func TestExchange_isThereAsBytes(t *testing.T) {
	r := startRig(t, Settings{})
	for query, want := range map[string]answer{
		"part=client-in":             {status: 200, body: "GET /it's?a=$(id) HTTP/1.1\r\nHost: a.example\r\nX-Odd: `id`\r\nConnection: close\r\n\r\n"},
		"part=backend-out&attempt=1": {status: 200, body: "GET /it's?a=$(id) HTTP/1.1\r\nHost: a.example\r\n\r\n"},
		"part=client-out":            {status: 200, body: "HTTP/1.1 200 OK\r\nVia: 1.1 tenfour\r\n\r\n"},
		"part=backend-in&attempt=0":  {status: 404}, "part=backend-in&attempt=2": {status: 400}, "part=backend-in&attempt=-1": {status: 400}, "": {status: 400},
	} {
		got := r.ask(t, "GET /exchanges/a/raw?"+query+" HTTP/1.1\r\nHost: HOST\r\n\r\n")
		if got.status != want.status || want.status == 200 && got.body != want.body {
			t.Errorf("%s: got %d %q, want %d %q", query, got.status, got.body, want.status, want.body)
		}
		if d := got.header.Get("Content-Disposition"); want.status == 200 && (!strings.HasPrefix(d, "attachment; filename=\"a-") || got.header.Get("Content-Type") != "application/octet-stream") {
			t.Errorf("%s: it is shown, and not saved: %q", query, d)
		}
	}
}

// TestCurl_isOneCommandForAShell, whatever a client wrote: a shell gets the words back, and runs nothing of them.
func TestCurl_isOneCommandForAShell(t *testing.T) {
	for _, words := range [][]string{
		{"a", "b c"}, {"it's"}, {"$(echo no)"}, {"`echo no`"}, {"\\"}, {"\"; echo no"}, {"'; echo no; '"}, {"$'x'"}, {"!!"}, {"~"}, {"*"}, {""}, {"\x01\x1b[31m'\\"}, {"é"},
	} {
		var command []string
		for _, word := range words {
			command = append(command, quoted(word))
		}
		out, err := exec.Command("bash", "-c", "printf '%s\\0' "+strings.Join(command, " ")).Output()
		if want := strings.Join(words, "\x00") + "\x00"; err != nil || string(out) != want {
			t.Errorf("%q: bash has %q (%v), want %q", command, out, err, want)
		}
	}
	curl := curlOf(keptFor("a"))
	want := "curl -gi -H 'X-Odd: `id`' -H 'accept:' -H 'user-agent:' --path-as-is 'http://a.example/it'\\''s?a=$(id)'"
	if curl != want {
		t.Errorf("got  %s\nwant %s", curl, want)
	}
}

// An event stream goes on: no attempt has won yet, and the client has the response of the one that has not ended.
func TestExchange_thatLastsHasWhatWasChangedInItsResponse(t *testing.T) {
	k := keptFor("a")
	if v := viewOf(k); len(v.Changes.Response) != 1 {
		t.Errorf("after its end: got %+v, want that of attempt 1", v.Changes.Response)
	}
	k.Summary.Lasts = true
	k.Attempts[1].Won, k.Attempts[1].Ended = false, trace.Unknown
	k.Attempts[0].In = k.Attempts[1].In
	if v := viewOf(k); len(v.Changes.Response) != 1 || v.Changes.Response[0].Attempt != 1 {
		t.Errorf("while it lasts: got %+v, want that of attempt 1", v.Changes.Response)
	}
}
