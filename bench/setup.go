package main

import (
	"slices"
	"strings"
)

// setup is what a scenario needs of a contender. The configurations are made from it.
type setup struct {
	Listen   string
	Backends []string
	Flags    []string   // tenfour's flags for the scenario
	Admits   bool       // by a hundred routes, a token, a credential and a limit; tenfour has them in a file
	Cert     *certFiles // for TLS with clients; nil is without
	Console  []string   // tenfour's flags that say where its console is
	MaxConn  int        // connections to each backend; 0 is no limit
	Bulk     bool       // large bodies, for which nginx has larger buffers
	Holds    string     // how much of a response HAProxy and Caddy hold for a slow client, in bytes; "" is as they come
	Retries  string     // after which failures the peers try again: "", "connections" or "statuses"
	Turn     string     // HAProxy's timeout connect, which is also its pause between two tries; "" is the usual one
	Site     string     // a directory whose files are served, without a backend; "" if there are backends
	Queue    string     // the source of python-queue
	Files    int        // the limit of descriptors
	Small    string     // the small response
}

// Port returns the port of Listen.
func (s *setup) Port() string { return s.Listen[strings.LastIndexByte(s.Listen, ':')+1:] }

// Token is the token of clients, and Credential the one that the backend gets, in a scenario that admits.
func (s *setup) Token() string { return benchToken }

func (s *setup) Credential() string { return benchCredential }

// Hundred returns the numbers from 1 to 100, for a template.
func (s *setup) Hundred() []int {
	return slices.Collect(func(yield func(int) bool) {
		for i := 0; i < 100 && yield(i); i++ {
		}
	})
}

// Clients returns how many clients HAProxy may serve at once. Each may need two descriptors.
func (s *setup) Clients() int { return min(9000, (s.Files-500)/2) }
