package jobs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"tenfour/forward"
)

// TestView_hasNamesThatStay: programs read them.
func TestView_hasNamesThatStay(t *testing.T) {
	do := next(t)
	j := do(accepted().Begin(noon))
	j = do(j.Reach("127.0.0.1:9001", forward.Answering))
	busy := Outcome{Reached: forward.Answering, Result: Result{Status: 503}, RetryAfter: noon.Add(time.Minute)}
	j = do(j.End(noon.Add(time.Second), busy, Verdict{State: Failed, Why: "the backend answered 503"}))
	got, err := json.Marshal(j.View())
	want := fmt.Sprintf(`{"id":"%s","state":"failed","created":"2026-11-26T12:00:00Z","deadline":"2026-11-26T13:00:00Z",`+
		`"ended":"2026-11-26T12:00:01Z","reason":"the backend answered 503","status":503,"tried":1,`+
		`"attempts":[{"began":"2026-11-26T12:00:00Z","ended":"2026-11-26T12:00:01Z","backend":"127.0.0.1:9001","reached":"answering","status":503,`+
		`"retry_after":"2026-11-26T12:01:00Z"}],"callback":{"state":"due","attempts":0,"next":"2026-11-26T12:00:01Z"}}`, j.ID)
	if err != nil || string(got) != want {
		t.Errorf("got  %s\nwant %s (%v)", got, want, err)
	}
}

func TestView_hasNoSecretOfTheRequest(t *testing.T) {
	j := accepted()
	j.Request.Target, j.Request.Fields = []byte("/?token=hunter2"), []byte("Authorization: hunter2\r\n")
	j.Callback.URL, j.Request.Route = "https://example.net/hunter2", "hunter2"
	if got, err := json.Marshal(j.View()); err != nil || strings.Contains(string(got), "hunter2") || strings.Contains(string(got), "null") {
		t.Errorf("got %s (%v)", got, err)
	}
}
