package lab

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// anyPort is where a backend listens by default.
const anyPort = "127.0.0.1:0"

// Plan is a misbehaving backend before it is started. Parse makes it.
type Plan struct {
	Kind   string // "fork"
	Listen string // HOST:PORT; port 0 is any free one

	// Seen, if not nil, is called for each request when it has arrived whole, before it is answered. It gets the request's
	// number, from 1, and its head. The calls come one at a time, in the order of the numbers. It must not call the
	// backend's methods.
	Seen func(number int, r *http.Request)

	// Explain, if not nil, says what the bytes of a request are. "echo" shows it. Several goroutines call it at once.
	Explain func(raw []byte) Explanation

	// Said, if not nil, is called with what the backend has done, such as "wrote d/….request (78 bytes)". The calls come one at
	// a time. It must not call the backend's methods.
	Said func(line string)

	fault fault
}

// Parse reads KIND[:key=value[,key=value…]][@HOST:PORT], such as "fork:pause=40ms@127.0.0.1:9001".
func Parse(spec string) (*Plan, error) {
	head, at := spec, ""
	i := strings.LastIndexByte(spec, '@')
	if i >= 0 {
		head, at = spec[:i], spec[i+1:]
	}
	name, rest, _ := strings.Cut(head, ":")
	fail := func(err error) (*Plan, error) { return nil, fmt.Errorf("%s: %w", spec, err) }

	k, err := kindOf(name)
	if err != nil {
		return fail(err)
	}
	p := &Plan{Kind: k.name, Listen: anyPort}
	var o options
	p.fault = k.make(&o)
	o.text(&p.Listen, "listen", anyPort, "where it is met", address)
	given, err := o.take(k.name, rest)
	if err != nil {
		return fail(err)
	}
	if i >= 0 {
		if given["listen"] {
			return fail(errors.New("listen= and @: one of the two"))
		}
		if err := address(at); err != nil {
			return fail(fmt.Errorf("@%s: %w", at, err))
		}
		p.Listen = at
	}
	return p, nil
}

// Does says in one sentence, without its subject, what the backend does.
func (p *Plan) Does() string { return p.fault.does() }

// Start starts the backend. It accepts clients from the moment Start returns until Close.
func (p *Plan) Start() (*Faulty, error) {
	b, err := newFaulty(p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Kind, err)
	}
	go b.run() // ends on Close, which waits for it
	return b, nil
}

// StartFaulty parses spec and starts the backend that it describes, see Parse.
func StartFaulty(spec string) (*Faulty, error) {
	p, err := Parse(spec)
	if err != nil {
		return nil, err
	}
	return p.Start()
}

// address returns an error unless text is HOST:PORT.
func address(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return errors.New("write HOST:PORT, such as 127.0.0.1:9001")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port %q: 0 to 65535", port)
	}
	return nil
}
