package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"tenfour/jobs"
)

// handler answers about jobs.
type handler struct {
	Config
	searching chan struct{} // has a value while a search reads the whole store
	changing  chan struct{} // has a value for each change of a job that is under way
	writeMost time.Duration // for a client to take a part of an answer
}

// changesMost is how many jobs are changed at once. Their writes share a sync of the disk.
const changesMost = 64

// bodyMost is how long a request's body may be: 10,000 ids.
const bodyMost = 1 << 20

// NewHandler returns what answers about jobs: GET /jobs, GET /jobs/ID, POST /jobs/ID/VERB, POST /jobs/VERB, GET /stats. The caller
// decides which clients may ask, because each of them may read and change every job. Requests that a browser makes for
// another site are refused.
func NewHandler(c Config) http.Handler { return newHandler(c, patient.write) }

func newHandler(c Config, writeMost time.Duration) http.Handler {
	h := &handler{c, make(chan struct{}, 1), make(chan struct{}, changesMost), writeMost}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /jobs", h.answer(h.list))
	mux.HandleFunc("GET /jobs/{id}", h.answer(h.show))
	mux.HandleFunc("POST /jobs/{id}/{verb}", h.answer(h.changeOne))
	mux.HandleFunc("POST /jobs/{verb}", h.answer(h.changeMany))
	mux.HandleFunc("GET /stats", h.answer(h.stats))
	return h.paces(http.NewCrossOriginProtection().Handler(mux))
}

// paces gives each answer a deadline of its own, also one that package http writes by itself.
func (h *handler) paces(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.paced(w).extend()
		next.ServeHTTP(w, r)
	})
}

// answer makes a handler of a function that returns an error as long as it has written nothing.
func (h *handler) answer(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, bodyMost)
		if err := r.ParseForm(); err != nil {
			err = &wrong{http.StatusBadRequest, fmt.Sprintf("the parameters cannot be read: %v", err)}
			h.refuse(w, err)
			return
		}
		if err := f(w, r); err != nil {
			h.refuse(w, err)
		}
	}
}

// wrong is a request that cannot be answered as it is.
type wrong struct {
	status int
	text   string
}

func (e *wrong) Error() string { return e.text }

// refuse answers with an error, as JSON.
func (h *handler) refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(statusOf(err))
	json.NewEncoder(h.paced(w)).Encode(map[string]string{"error": reason(err)})
}

func statusOf(err error) int {
	var w *wrong
	var refusal *jobs.Refusal
	switch {
	case errors.As(err, &w):
		return w.status
	case errors.As(err, &refusal), errors.Is(err, jobs.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, jobs.ErrUnknown):
		return http.StatusNotFound
	case errors.Is(err, jobs.ErrNoRoom):
		return http.StatusInsufficientStorage
	case isOfStore(err):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// reason is an error about a job, for a client that has named the job.
func reason(err error) string {
	var r *jobs.Refusal
	switch {
	case errors.As(err, &r) && r.Why != "":
		return "it is " + r.In + ", " + r.Why
	case errors.As(err, &r):
		return "it is " + r.In
	case errors.Is(err, jobs.ErrUnknown):
		return jobs.ErrUnknown.Error() + ": tenfour jobs list shows which there are"
	}
	return err.Error()
}

// isOfStore reports whether an error would meet every other job too.
func isOfStore(err error) bool {
	for _, of := range []error{jobs.ErrNoRoom, jobs.ErrUnsure, jobs.ErrClosed, jobs.ErrDamaged, jobs.ErrFull} {
		if errors.Is(err, of) {
			return true
		}
	}
	return false
}

// show answers with all of a job.
func (h *handler) show(w http.ResponseWriter, r *http.Request) error {
	id, err := h.find(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	j, err := h.Runner.Get(id)
	if err != nil {
		return err
	}
	return h.writeJSON(w, recordOf(j))
}

// writeJSON answers with a value. It begins to write, so there is no error any more.
func (h *handler) writeJSON(w http.ResponseWriter, v any) error {
	begin(w, "application/json")
	json.NewEncoder(h.paced(w)).Encode(v)
	return nil
}

func begin(w http.ResponseWriter, contentType string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
}

// pacedWriter cuts a client that takes nothing of an answer for writeMost.
type pacedWriter struct {
	w    io.Writer
	c    *http.ResponseController
	most time.Duration
}

func (h *handler) paced(w http.ResponseWriter) *pacedWriter {
	return &pacedWriter{w, http.NewResponseController(w), h.writeMost}
}

func (p *pacedWriter) Write(text []byte) (int, error) {
	p.extend()
	return p.w.Write(text)
}

func (p *pacedWriter) extend() {
	p.c.SetWriteDeadline(time.Now().Add(p.most)) // a server without deadlines goes on without
}

// flush sends what is written.
func (p *pacedWriter) flush() error { return p.c.Flush() }
