package console

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"
)

// jobs answers about jobs, by what the command "tenfour jobs" asks too. A browser without the script gets a page with forms; a form leads
// back to it, or to why it was refused.
func (s *Server) jobs(w http.ResponseWriter, r *http.Request) {
	var of http.Handler
	if s.Jobs != nil {
		of = s.Jobs()
	}
	if of == nil {
		say(w, http.StatusNotFound, "there are no jobs: no route has async")
		return
	}
	forPeople := strings.Contains(r.Header.Get("Accept"), "text/html")
	if !forPeople || r.Method != http.MethodPost && r.URL.Path != "/jobs" {
		of.ServeHTTP(w, r)
		return
	}
	kept := &keptAnswer{header: http.Header{}, status: http.StatusOK}
	if r.Method == http.MethodGet {
		r.URL.RawQuery = shownOnAPage
	}
	of.ServeHTTP(kept, r)
	switch {
	case kept.status >= http.StatusBadRequest:
		say(w, kept.status, kept.reason())
	case r.Method == http.MethodPost:
		http.Redirect(w, r, "/jobs", http.StatusSeeOther)
	default:
		s.showJobs(w, kept.text.Bytes())
	}
}

//go:embed jobs.html
var jobsText string

var jobsPage = template.Must(template.New("jobs.html").Parse(jobsText))

// shownOnAPage asks for the jobs that a page shows.
const shownOnAPage = "limit=50"

// shownJob is a job as the page has it.
type shownJob struct {
	ID, State, Created, Method, Target, Reason string
	Paused                                     bool
	Tried                                      int
}

// Verbs are what can be done to the job in its state.
func (j shownJob) Verbs() []string {
	switch {
	case j.State == "done":
		return nil
	case j.State == "failed" || j.State == "cancelled" || j.State == "interrupted":
		return []string{"retry"}
	case j.Paused:
		return []string{"resume", "cancel"}
	}
	return []string{"pause", "cancel"}
}

// showJobs shows a list of jobs, which is JSON, with a form for each thing that can be done.
func (s *Server) showJobs(w http.ResponseWriter, list []byte) {
	var jobs struct {
		Matching int
		Jobs     []shownJob
	}
	if err := json.Unmarshal(list, &jobs); err != nil {
		say(w, http.StatusInternalServerError, "the list of jobs is not whole: ask again")
		return
	}
	s.showPage(w, http.StatusOK, func(w io.Writer) error { return jobsPage.Execute(w, map[string]any{"List": jobs, "Token": s.token}) })
}

// keptAnswer is an answer that is looked at before anything is sent. It keeps the first of its bytes.
type keptAnswer struct {
	header http.Header
	status int
	text   bytes.Buffer
}

// answerMost is how much of an answer is kept: a list of a page's jobs, whose targets may be long.
const answerMost = 4 << 20

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
