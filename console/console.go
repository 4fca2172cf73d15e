// Package console shows an operator what tenfour does: a page that moves, its status as JSON, metrics, and whether it is alive and ready.
//
//	s := console.New(console.Sources{Status: status, Ready: ready}, log)
//	s.Serve(listener, console.Settings{Hosts: []string{"tenfour.example"}}) // another listener later takes its place
//	defer s.Stop()
//
// It looks at tenfour only through the functions of Sources, which return copies. No exchange waits for it, and a page that stalls costs
// nothing but its connection. It changes nothing but jobs, and those only with the token of its page. docs/console.md has the rules.
package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"tenfour/trace"
)

// Sources are what the console shows. Each function may be called by several goroutines at a time, and returns soon.
type Sources struct {
	Status   func() any                  // the value of /status.json
	Ready    func() error                // nil once clients are served; why not, while tenfour starts or drains
	Exchange func(id string) *trace.Kept // one that is kept, or nil
	Metrics  func(io.Writer) error       // in the text format of Prometheus
	Jobs     func() http.Handler         // what answers at /jobs; nil, or returns nil, while there are no jobs
}

// Settings are what a reload may change. The zero value is right for a loopback address.
type Settings struct {
	Hosts []string      // that a Host field may name, beside the console's own address
	Token func() string // the present one, that each request must have; nil for none
	Debug bool          // /debug/pprof answers
	Most  int           // connections that are served at the same time; 0 is 256
}

// Server answers operators. Make one with New, end it with Stop. Serve and Follow are called by one goroutine.
type Server struct {
	Sources
	log      zerolog.Logger
	now      atomic.Pointer[Settings]
	patience patience
	token    string // of the page: every POST must have it
	key      []byte // makes cookies of the token of the settings
	status   *snapshots
	pages    *hub
	mux      *http.ServeMux

	serving *serving       // what answers at present; nil for nothing
	ending  sync.WaitGroup // those that ended before
}

// patience is how long a client may take.
type patience struct {
	head  time.Duration // for a request's head
	body  time.Duration // for its body, from its first byte
	idle  time.Duration // from one request to the next
	write time.Duration // to take a part of an answer
	event time.Duration // to take an event
	every time.Duration // from one event to the next

	refusal time.Duration // to read that there are too many
}

var patient = patience{
	head: 5 * time.Second, body: 20 * time.Second, idle: 30 * time.Second, write: 20 * time.Second, event: 10 * time.Second, every: time.Second,
	refusal: time.Second,
}

// headMost is how many bytes a request's head may have.
const headMost = 16 << 10

// New returns a server that answers nowhere yet.
func New(s Sources, log zerolog.Logger) *Server { return newServer(s, log, patient) }

func newServer(sources Sources, log zerolog.Logger, p patience) *Server {
	s := &Server{Sources: sources, log: log, patience: p, token: rand.Text(), key: []byte(rand.Text())}
	s.now.Store(&Settings{})
	s.status = &snapshots{make: sources.Status}
	s.pages = newHub(s.status, p.every)
	s.mux = s.routes()
	return s
}

// token is what each request must have; "" for nothing.
func (set *Settings) token() string {
	if set.Token == nil {
		return ""
	}
	return set.Token()
}

// Follow puts settings in force, for requests that begin from now on.
func (s *Server) Follow(set Settings) { s.now.Store(&set) }

// Serve answers on l by some settings, and on no listener of before: what is right for one address may not be for the other. l is the
// server's from now on.
func (s *Server) Serve(l net.Listener, set Settings) {
	s.end()
	s.Follow(set)
	s.serving = s.begin(l)
}

// Nudge has all pages told of the status at once: something has changed that they are to show now.
func (s *Server) Nudge() { s.pages.nudgeAll() }

// Stop ends all answers, until Serve is called again. Pages that are open see the end of their connection. It returns when no goroutine is
// left.
func (s *Server) Stop() {
	s.end()
	s.ending.Wait()
	s.pages.wait()
}

// end lets what answers at present end, if there is any.
func (s *Server) end() {
	if was := s.serving; was != nil {
		was.stop()
		s.ending.Go(was.end) // ends within endMost
		s.serving = nil
	}
}

// serving is a listener that is answered on, until end.
type serving struct {
	http     http.Server
	listener net.Listener
	stop     context.CancelFunc // ends what handlers do
	handlers sync.WaitGroup
	accepted chan struct{} // closed when no connection is accepted any more
}

// begin answers on l.
func (s *Server) begin(l net.Listener) *serving {
	ctx, stop := context.WithCancel(context.Background())
	now := &serving{listener: s.bounded(l), stop: stop, accepted: make(chan struct{})}
	now.http = http.Server{
		Handler:           now.counted(s.guard(s.mux)),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: s.patience.head,
		ReadTimeout:       s.patience.body,
		IdleTimeout:       s.patience.idle,
		MaxHeaderBytes:    headMost,
		ErrorLog:          log.New(&errorLog{Logger: s.log}, "", 0),
	}
	go now.accept() // ends with the listener
	return now
}

func (s *serving) accept() {
	defer close(s.accepted)
	s.http.Serve(s.listener) // it waits out what passes, such as no free descriptor; else it ends with the listener
}

// counted has end wait for the handlers: Shutdown does not wait for those whose connection is gone. Once stop was called, none begins: a
// connection of before may have a further request, and the settings are those of another address.
func (s *serving) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handlers.Add(1)
		defer s.handlers.Done()
		if r.Context().Err() != nil {
			say(w, http.StatusServiceUnavailable, "the console answers here no more")
			return
		}
		h.ServeHTTP(w, r)
	})
}

// endMost is how long answers that are under way at the end may take.
const endMost = time.Second

// end closes the listener and returns when all has ended. stop was called.
func (s *serving) end() {
	late, cancel := context.WithTimeout(context.Background(), endMost)
	defer cancel()
	if s.http.Shutdown(late) != nil {
		s.http.Close()
	}
	<-s.accepted
	s.handlers.Wait()
}

// errorLog logs what package http has to say: a handler that panicked, which ends one answer only, or connections that cannot be accepted,
// which it says each 5 ms while no descriptor is free.
type errorLog struct {
	zerolog.Logger
	said atomic.Int64 // when, in nanoseconds since the start; 0 for never
}

// sayEvery is the shortest time between two lines.
const sayEvery = 10 * time.Second

// started is what times are counted from: the clock of the wall may jump.
var started = time.Now()

func (l *errorLog) Write(text []byte) (int, error) {
	now, said := int64(time.Since(started)), l.said.Load()
	again := bytes.HasPrefix(text, []byte("http: Accept error")) && said != 0
	if again && now-said < int64(sayEvery) {
		return len(text), nil
	}
	l.said.Store(now)
	l.Warn().Bytes("error", bytes.TrimSpace(text)).Msg("the console has a problem; clients are served as ever")
	return len(text), nil
}
