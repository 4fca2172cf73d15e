package console

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// jobs answers about jobs, by what the command "tenfour jobs" asks too. A form of the page, which a browser sends without its script, is
// led back to the page, or to why it was refused.
func (s *Server) jobs(w http.ResponseWriter, r *http.Request) {
	var of http.Handler
	if s.Jobs != nil {
		of = s.Jobs()
	}
	if of == nil {
		say(w, http.StatusNotFound, "there are no jobs: no route has async")
		return
	}
	if r.Method != http.MethodPost || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		of.ServeHTTP(w, r)
		return
	}
	kept := &keptAnswer{header: http.Header{}, status: http.StatusOK}
	of.ServeHTTP(kept, r)
	if kept.status < http.StatusBadRequest {
		http.Redirect(w, r, "/#jobs", http.StatusSeeOther)
		return
	}
	say(w, kept.status, kept.reason())
}

// keptAnswer is an answer that is looked at before anything is sent. It keeps the first of its bytes.
type keptAnswer struct {
	header http.Header
	status int
	text   bytes.Buffer
}

// answerMost is how much of an answer is kept: a reason in words.
const answerMost = 64 << 10

func (k *keptAnswer) Header() http.Header              { return k.header }
func (k *keptAnswer) WriteHeader(status int)           { k.status = status }
func (k *keptAnswer) SetWriteDeadline(time.Time) error { return nil }
func (k *keptAnswer) FlushError() error                { return nil }
func (k *keptAnswer) Write(text []byte) (n int, err error) {
	k.text.Write(text[:min(len(text), answerMost-k.text.Len())])
	return len(text), nil
}

// reason is why the answer is a refusal.
func (k *keptAnswer) reason() string {
	var said struct{ Error string }
	if json.Unmarshal(k.text.Bytes(), &said) == nil && said.Error != "" {
		return said.Error
	}
	return strings.TrimSpace(k.text.String())
}
