package console

import (
	"net/http"
	"net/http/pprof"
	"strconv"
	"strings"
	"time"
)

// routes are what the console answers, once guard has let a request pass.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /page/{name}", s.file)
	mux.HandleFunc("GET /status.json", s.statusJSON)
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "tenfour is alive") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /exchanges/{id}", s.exchange)
	mux.HandleFunc("GET /exchanges/{id}/raw", s.raw)
	mux.HandleFunc("/jobs", s.jobs)
	mux.HandleFunc("/jobs/", s.jobs)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("/debug/pprof/", s.debug)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		say(w, http.StatusNotFound, "the console has nothing at this path: its page is at /")
	})
	return mux
}

// ready answers whether clients are served: a load balancer in front of tenfour asks this.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if err := s.Ready(); err != nil {
		w.Header().Set("Retry-After", "1")
		say(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
		return
	}
	say(w, http.StatusOK, "ready: clients are served")
}

// metrics answers with the metrics, in the text format of Prometheus 0.0.4.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.Metrics(w) // an error is that of w
}

// profileMost is how long a profile may take, and profileSend the time to send it.
const profileMost, profileSend = 10 * time.Minute, time.Minute

// debug answers with profiles of tenfour itself, if console_debug allows it.
func (s *Server) debug(w http.ResponseWriter, r *http.Request) {
	if !s.now.Load().Debug {
		say(w, http.StatusNotFound, "profiles are off: set console_debug = true, and ask tenfour to read its configuration again (SIGHUP)")
		return
	}
	if seconds, err := strconv.ParseFloat(r.URL.Query().Get("seconds"), 64); err == nil && seconds > profileMost.Seconds() {
		say(w, http.StatusBadRequest, "a profile may take 600 seconds: ask for fewer")
		return
	}
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(profileMost + profileSend))
	switch name := strings.TrimPrefix(r.URL.Path, "/debug/pprof/"); name {
	case "cmdline":
		pprof.Cmdline(w, r)
	case "profile":
		pprof.Profile(w, r)
	case "symbol":
		pprof.Symbol(w, r)
	case "trace":
		pprof.Trace(w, r)
	default:
		pprof.Index(w, r)
	}
}
