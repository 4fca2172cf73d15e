package callback

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"tenfour/jobs"
)

func TestMessage_hasTheResult(t *testing.T) {
	large := strings.Repeat("a", bodyMost)
	tests := map[string]struct {
		result   jobs.Result
		body     string
		fields   []any
		want     any // the member body
		encoding string
	}{
		"text":                     {jobs.Result{Status: 200}, "hé\r\n\t<&>\u2028", nil, "hé\r\n\t<&>\u2028", "text"},
		"no bytes":                 {jobs.Result{Status: 204}, "", nil, "", "text"},
		"no UTF-8":                 {jobs.Result{Status: 200}, "\xff\x00a", nil, "/wBh", "base64"},
		"control characters":       {jobs.Result{Status: 200}, "\x1b[1m", nil, "G1sxbQ==", "base64"},
		"as much as may be":        {jobs.Result{Status: 200}, large, nil, large, "text"},
		"one byte more":            {jobs.Result{Status: 200}, large + "a", nil, nil, "link"},
		"names that repeat":        {jobs.Result{Status: 200, Fields: []byte("Set-Cookie: a=b\r\nX: \t c:d \r\nset-cookie:e\r\nEmpty:\r\n")}, "", []any{[]any{"Set-Cookie", "a=b"}, []any{"X", "c:d"}, []any{"set-cookie", "e"}, []any{"Empty", ""}}, "", "text"},
		"a value in ISO-8859-1":    {jobs.Result{Status: 200, Fields: []byte("X: gr\xfcn\r\nY: grün\r\n")}, "", []any{[]any{"X", "grün"}, []any{"Y", "grün"}}, "", "text"},
		"a value of JSON's syntax": {jobs.Result{Status: 200, Fields: []byte("X: \"a\\\r\n")}, "", []any{[]any{"X", `"a\`}}, "", "text"},
	}
	g := newRig(t)
	g.Sender = New(g.c)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			j := g.ended(t, "https://h/", tc.result, tc.body)
			m, err := g.message(j)
			if err != nil {
				t.Fatal(err)
			}
			got := posted{body: m.body}.json(t)
			if tc.fields == nil {
				tc.fields = []any{}
			}
			for key, want := range map[string]any{
				"type": "job.done", "id": j.ID.String(), "state": "done", "status": float64(tc.result.Status), "route": "/", "location": "/.tenfour/jobs/" + j.ID.String(),
				"fields": tc.fields, "body": tc.want, "body_encoding": tc.encoding, "body_bytes": float64(len(tc.body)), "tried": 1.0,
			} {
				if !reflect.DeepEqual(got[key], want) {
					t.Errorf("%s is %#v, want %#v", key, got[key], want)
				}
			}
			if _, has := got["callback"]; has || got["timestamp"] == nil || got["attempts"] == nil {
				t.Errorf("got %s", m.body)
			}
			if again, err := g.message(j); err != nil || again.id != m.id || string(again.body) != string(m.body) {
				t.Errorf("the same callback differs: %s, %s, %v", m.body, again.body, err)
			}
		})
	}
}

func TestMessage_ofAJobWithoutAResponse(t *testing.T) {
	g := newRig(t)
	g.Sender = New(g.c)
	m, err := g.message(g.cancelled(t, "https://h/"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Type, State, Reason string
		Status              *int
		Body                *string
		Fields              [][2]string
		Encoding            string `json:"body_encoding"`
	}
	if err := json.Unmarshal(m.body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "job.cancelled" || got.State != "cancelled" || got.Reason == "" || got.Status != nil || got.Body != nil || got.Fields == nil || got.Encoding != "" {
		t.Errorf("got %s", m.body)
	}
}
