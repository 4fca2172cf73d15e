package main

import (
	"embed"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed peers
var peerFiles embed.FS

var peerTemplates = template.Must(template.ParseFS(peerFiles, "peers/*.tmpl"))

// kind says how a program is configured and started.
type kind struct {
	name    string
	program string // what it is called in PATH, if not by its name
	file    string // its configuration in peers/; "" if it has only flags
	args    func(path, conf string, s *setup) []string
	version func(path string) []string
	only    []string // the scenarios that it takes part in; nil is all
	admits  bool     // it has routes, tokens and limits
	serves  bool     // it has a file server
	limits  bool     // it has a limit on a backend's connections and a queue for what is over it, so that there is a tuned one too
}

// kinds are all known programs, tenfour first. The name of a --peer begins with the name of one of them.
var kinds = []*kind{
	{
		name: "tenfour",
		args: func(path, conf string, s *setup) []string {
			argv := slices.Concat([]string{path, "--listen", s.Listen}, s.Flags, s.Console)
			if s.Cert != nil {
				argv = append(argv, "--tls-cert", s.Cert.Cert, "--tls-key", s.Cert.Key)
			}
			if conf != "" {
				return append(argv, "--config", conf)
			}
			if s.Site != "" {
				return append(argv, "--serve", s.Site)
			}
			for _, b := range s.Backends {
				argv = append(argv, "--backend", b)
			}
			return argv
		},
		version: func(path string) []string { return []string{path, "version"} },
		admits:  true,
		serves:  true,
	},
	{
		name: "nginx",
		file: "nginx.conf",
		args: func(path, conf string, _ *setup) []string {
			return []string{path, "-p", filepath.Dir(conf), "-c", conf}
		},
		version: func(path string) []string { return []string{path, "-v"} },
		admits:  true,
		serves:  true,
	},
	{
		name:    "haproxy",
		file:    "haproxy.cfg",
		args:    func(path, conf string, _ *setup) []string { return []string{path, "-db", "-f", conf} },
		version: func(path string) []string { return []string{path, "-v"} },
		admits:  true,
		limits:  true,
	},
	{
		name: "caddy",
		file: "Caddyfile",
		args: func(path, conf string, _ *setup) []string {
			return []string{path, "run", "--adapter", "caddyfile", "--config", conf}
		},
		version: func(path string) []string { return []string{path, "version"} },
		serves:  true,
		limits:  true,
	},
	pythonQueue,
	pooledRelay, // in front of relay, because its name begins with that
	relay,
}

func (k *kind) programName() string {
	if k.program != "" {
		return k.program
	}
	return k.name
}

func kindOf(name string) *kind {
	for _, k := range kinds {
		if strings.HasPrefix(name, k.name) {
			return k
		}
	}
	return nil
}
