package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"

	"tenfour/program"
	"tenfour/tests/walk/steps"
)

const (
	patience = time.Minute           // how long anything that must come may take: test.sh gives this only what time is left
	atRest   = 30 * time.Millisecond // when nothing has moved for so long, a request has been dealt with
	rounds   = 9                     // how often each walk is gone: what most of them have in common is drawn
)

// A walk is one way of a request, and the steps of each time that it was gone.
type walk struct {
	Title  string
	Rounds [][]steps.Step
	Cut    bool // before the request's turn, its worker ends an exchange that is another's
}

// follow goes each walk and returns the steps. Only a program that build made takes steps.
func follow() ([]walk, error) {
	runtime.GOMAXPROCS(1) // a goroutine goes on until it waits: so the order is the same every time
	var all []walk
	for _, w := range []struct {
		title    string
		backends int
		flags    []string
		round    func(*house) ([]steps.Step, error)
		cut      bool
	}{
		{"A GET on a new connection, with a free slot", 1, nil, (*house).first, false},
		{"The next GET on that connection", 1, nil, (*house).second, false},
		{"A GET that queues, on a new connection", 1, []string{"--workers", "1"}, (*house).queued, true},
		{"A GET that is raced to two backends, on a new connection", 2, []string{"--race", "parallel"}, (*house).first, false},
	} {
		h, err := open(w.backends, w.flags...)
		if err != nil {
			return nil, err
		}
		one := walk{Title: w.title, Cut: w.cut}
		for i := range rounds + 1 {
			s, err := w.round(h)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.title, err)
			}
			if i > 0 { // the first fills pools of buffers, and the like
				one.Rounds = append(one.Rounds, s)
			}
		}
		all = append(all, one)
		if err := h.close(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// house is a tenfour with its backends, each of which answers one request of a connection when it is told to.
type house struct {
	addr   string
	asked  chan struct{} // gets one for every request that has reached a backend
	answer chan struct{} // an element lets a backend answer
	lns    []net.Listener
	stop   context.CancelFunc
	exit   chan int
}

func open(backends int, flags ...string) (*house, error) {
	h := &house{asked: make(chan struct{}, 16), answer: make(chan struct{}, 16), exit: make(chan int, 1)}
	args := []string{"--listen", "127.0.0.1:0", "--access-log", "off", "--log-level", "error"}
	for range backends {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		h.lns = append(h.lns, ln)
		go http.Serve(ln, h) // ends with close
		args = append(args, "--backend", ln.Addr().String())
	}
	var ctx context.Context
	ctx, h.stop = context.WithCancel(context.Background())
	ready := make(chan net.Addr, 1)
	run := func() {
		h.exit <- program.Run(ctx, append(args, flags...), os.Stderr, os.Stderr, func(a net.Addr) { ready <- a })
	}
	go run() // ends with close
	select {
	case a := <-ready:
		h.addr = a.String()
		return h, nil
	case code := <-h.exit:
		return nil, fmt.Errorf("tenfour left with %d", code)
	case <-time.After(patience):
		return nil, errors.New("tenfour does not listen")
	}
}

func (h *house) close() error {
	h.stop()
	for _, ln := range h.lns {
		ln.Close()
	}
	select {
	case <-h.exit:
		return nil
	case <-time.After(patience):
		return errors.New("tenfour does not end")
	}
}

func (h *house) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h.asked <- struct{}{}
	<-h.answer
	w.Header().Set("Connection", "close") // as simple backends do
	io.WriteString(w, "hello\n")
}

// first records a GET on a connection of its own.
func (h *house) first() ([]steps.Step, error) {
	start()
	c, err := h.ask(nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if len(h.lns) == 1 {
		h.answer <- struct{}{} // at once
	}
	for range h.lns {
		if err := h.reached(); err != nil {
			return nil, err
		}
	}
	if len(h.lns) > 1 { // of a race all are asked first: a loser may be cut off before its request has gone out
		for range h.lns {
			h.answer <- struct{}{}
		}
	}
	if err := c.hear(); err != nil {
		return nil, err
	}
	rest()
	return steps.Stop(), nil
}

// second records the GET after another one on the same connection.
func (h *house) second() ([]steps.Step, error) {
	c, err := h.ask(nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	h.answer <- struct{}{}
	if err := errors.Join(c.hear(), h.reached()); err != nil {
		return nil, err
	}
	start()
	if _, err := h.ask(c); err != nil {
		return nil, err
	}
	h.answer <- struct{}{}
	if err := errors.Join(c.hear(), h.reached()); err != nil {
		return nil, err
	}
	rest()
	return steps.Stop(), nil
}

// queued records a GET that waits until another one, which has the only slot, has ended.
func (h *house) queued() ([]steps.Step, error) {
	before, err := h.ask(nil)
	if err != nil {
		return nil, err
	}
	defer before.Close()
	if err := h.reached(); err != nil {
		return nil, err
	}
	start()
	c, err := h.ask(nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for late := time.Now().Add(patience); steps.Moves() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			return nil, errors.New("it does not come")
		}
	}
	rest() // it is queued
	h.answer <- struct{}{}
	h.answer <- struct{}{}
	if err := errors.Join(before.hear(), c.hear(), h.reached()); err != nil {
		return nil, err
	}
	rest()
	return steps.Stop(), nil
}

// start records from when all that came before is over.
func start() {
	steps.Start()
	rest()
	steps.Start()
}

// rest returns when nothing was recorded for a while.
func rest() {
	for n := -1; n != steps.Moves(); time.Sleep(atRest) {
		n = steps.Moves()
	}
}

func (h *house) reached() error {
	select {
	case <-h.asked:
		return nil
	case <-time.After(patience):
		return errors.New("no request reaches the backend")
	}
}

// client is one connection to tenfour.
type client struct {
	net.Conn
	in *bufio.Reader
}

// ask sends a GET on c, or on a new connection.
func (h *house) ask(c *client) (*client, error) {
	if c == nil {
		conn, err := net.DialTimeout("tcp", h.addr, patience)
		if err != nil {
			return nil, err
		}
		conn.SetDeadline(time.Now().Add(patience))
		c = &client{conn, bufio.NewReader(conn)}
	}
	_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	return c, err
}

// hear reads a response to its end.
func (c *client) hear() error {
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return errors.New(r.Status)
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err
}
