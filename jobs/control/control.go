// Package control answers an operator about jobs, over a unix socket; and asks it, for the command "tenfour jobs".
//
//	srv, err := control.Listen("tenfour-data", control.Config{Store: store, Runner: runner, Log: log}) // in the process that has the store
//	defer srv.Close()
//	c := control.NewClient("tenfour-data")                                                            // in another one
//	list, err := c.List(ctx, control.Selection{States: jobs.Only(jobs.Failed)}, 100, each)
//
// It speaks HTTP (docs/jobs-cli.md has the paths and the names in the JSON). NewHandler is the same without the socket, for a
// console. What it shows has no credentials of a request. It decides nothing about jobs: the events are those of package jobs, and
// the runner has them stored. It is never in the path of an exchange.
package control

import (
	"bytes"
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"tenfour/jobs"
	"tenfour/jobs/callback"
	"tenfour/jobs/runner"
)

// Config is what the answers are made of.
type Config struct {
	Store     jobs.Store
	Runner    *runner.Runner
	Callbacks *callback.Sender // for the counters; nil for none
	Log       zerolog.Logger   // a line for each change that an operator made
}

// SocketName is the name of the socket in the directory of the jobs.
const SocketName = "control.sock"

// Server answers over the socket. Close ends it.
type Server struct {
	http     http.Server
	end      context.CancelFunc // ends what handlers do
	handlers sync.WaitGroup
	serving  chan struct{} // closed when no connection is accepted any more
}

// Listen answers on the socket in the directory of the jobs. Only the owner of the socket may connect. The caller has the lock of the
// directory, so a socket that is there is left over from a process that was killed: it is replaced.
func Listen(dir string, c Config) (*Server, error) { return listenWithin(dir, c, patient) }

func listenWithin(dir string, c Config, p patience) (*Server, error) {
	l, err := listen(filepath.Join(dir, SocketName))
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Server{end: end, serving: make(chan struct{})}
	s.http = http.Server{
		Handler:           s.counted(newHandler(c, p.write)),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: p.head,
		ReadTimeout:       p.request,
		IdleTimeout:       p.idle,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(errorLog{c.Log}, "", 0),
	}
	go s.serve(l) // ends with the socket
	return s, nil
}

// patience is how long a local client may take.
type patience struct {
	head    time.Duration
	request time.Duration // with its body
	idle    time.Duration // from one request to the next
	write   time.Duration // to take a part of an answer
}

var patient = patience{head: 5 * time.Second, request: 20 * time.Second, idle: 30 * time.Second, write: 10 * time.Second}

// endMost is how long answers that are under way at the end may take.
const endMost = time.Second

func (s *Server) serve(l *listener) {
	defer close(s.serving)
	s.http.Serve(l) // it waits out what passes, such as no free descriptor; else it ends with the socket
}

// counted has Close wait for the handlers. Shutdown does not wait for those whose connection is gone.
func (s *Server) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handlers.Add(1)
		defer s.handlers.Done()
		h.ServeHTTP(w, r)
	})
}

// Close ends the answers that are under way, removes the socket, and returns when all goroutines have ended. A change of many jobs
// stops between two of them.
func (s *Server) Close() error {
	s.end()
	late, cancel := context.WithTimeout(context.Background(), endMost)
	defer cancel()
	err := s.http.Shutdown(late)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	<-s.serving
	s.handlers.Wait()
	return err
}

// errorLog logs what package http has to say, such as a panic in a handler, which ends one answer only.
type errorLog struct{ zerolog.Logger }

func (l errorLog) Write(text []byte) (int, error) {
	l.Error().Bytes("error", bytes.TrimSpace(text)).Msg("an answer for tenfour jobs was lost to a bug of tenfour")
	return len(text), nil
}
