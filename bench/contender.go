package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed peers
var peerFiles embed.FS

var peerTemplates = template.Must(template.ParseFS(peerFiles, "peers/*.tmpl"))

// Contender is one who takes part: a proxy, or nobody.
type Contender struct {
	Name    string // unique: "tenfour", "nginx", "haproxy-tuned", "tenfour-old", "direct"
	Kind    *kind  // nil: the backend itself, without a proxy
	Path    string // of its program
	Version string
	Quiet   []string
	Tuned   bool // with a limit on each backend's connections, where a scenario has one
	Variant *Variant
}

// Variant is tenfour with other flags, a row more in one scenario.
type Variant struct {
	Name  string
	Flags []string // instead of the scenario's; and it admits everybody
	of    *Scenario
}

// setup is what a scenario asks of a contender, and what the configurations are written from.
type setup struct {
	Listen   string
	Backends []string
	Flags    []string // tenfour's, that suit the scenario
	Admits   bool     // by a hundred routes, a token, a credential and a limit; tenfour's are in a file
	Quiet    []string // and those that turn off what would take a port
	MaxConn  int      // connections to each backend; 0 is no limit
	Retries  string   // what the peers try again after: "", "connections" or "statuses"
	Turn     string   // HAProxy's timeout connect, which is also how long it waits between two tries; "": its usual one
	Files    int      // descriptors
	Small    string   // the small response
}

// Port is Listen's.
func (s *setup) Port() string { return s.Listen[strings.LastIndexByte(s.Listen, ':')+1:] }

// Token is what clients show, and Credential what the backend is shown, where requests are admitted.
func (s *setup) Token() string      { return benchToken }
func (s *setup) Credential() string { return benchCredential }

// Hundred counts to a hundred, for a configuration.
func (s *setup) Hundred() []int {
	return slices.Collect(func(yield func(int) bool) {
		for i := 0; i < 100 && yield(i); i++ {
		}
	})
}

// Clients is how many HAProxy may serve at once: each may need two descriptors.
func (s *setup) Clients() int { return min(9000, (s.Files-500)/2) }

// kind is how a program is set up and started.
type kind struct {
	name    string
	file    string // its configuration, in peers/; "" for flags only
	args    func(path, conf string, s *setup) []string
	version func(path string) []string
	only    []string // the scenarios that it takes part in; none: all
	admits  bool     // it knows routes, tokens and limits
}

// kinds are those we know, ourselves first. A --peer's name begins with one of them.
var kinds = []*kind{
	{
		name: "tenfour",
		args: func(path, conf string, s *setup) []string {
			argv := slices.Concat([]string{path, "--listen", s.Listen}, s.Flags, s.Quiet)
			if conf != "" {
				return append(argv, "--config", conf)
			}
			for _, b := range s.Backends {
				argv = append(argv, "--backend", b)
			}
			return argv
		},
		version: func(path string) []string { return []string{path, "version"} },
		admits:  true,
	},
	{
		name: "nginx",
		file: "nginx.conf",
		args: func(path, conf string, _ *setup) []string {
			return []string{path, "-p", filepath.Dir(conf), "-c", conf}
		},
		version: func(path string) []string { return []string{path, "-v"} },
		admits:  true,
	},
	{
		name:    "haproxy",
		file:    "haproxy.cfg",
		args:    func(path, conf string, _ *setup) []string { return []string{path, "-db", "-f", conf} },
		version: func(path string) []string { return []string{path, "-v"} },
		admits:  true,
	},
	{
		name: "caddy",
		file: "Caddyfile",
		args: func(path, conf string, _ *setup) []string {
			return []string{path, "run", "--adapter", "caddyfile", "--config", conf}
		},
		version: func(path string) []string { return []string{path, "version"} },
	},
	pooledRelay, // before relay, whose name it begins with
	relay,
}

func kindOf(name string) *kind {
	for _, k := range kinds {
		if strings.HasPrefix(name, k.name) {
			return k
		}
	}
	return nil
}

// findContenders returns tenfour, the peers that are installed or given, the limit if there is one, and none at all, in the
// order of the tables.
func findContenders(ctx context.Context, tenfour, limit string, peers []string) ([]*Contender, error) {
	all := []*Contender{{Name: "tenfour", Kind: kinds[0], Path: tenfour}}
	given := map[string]string{}
	var order []string
	for _, p := range peers {
		name, path, ok := strings.Cut(p, "=")
		if !ok || name == "" || path == "" || kindOf(name) == nil || name == "tenfour" || name == "direct" {
			return nil, fmt.Errorf("--peer %s: write NAME=PATH; NAME begins with nginx, haproxy, caddy, relay or tenfour- (tenfour alone is the tree's), as in nginx-new=/opt/nginx", p)
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		if given[name] == "" {
			order = append(order, name)
		}
		given[name] = abs
	}
	for _, k := range kinds[1:] {
		if given[k.name] == "" {
			path, err := limit, error(nil)
			if !isLimit(k.name) { // a relay in PATH is another's
				path, err = lookPeer(k.name)
			}
			if err == nil && path != "" {
				given[k.name] = path
				order = append(order, k.name)
			}
		}
	}
	for _, name := range order {
		c := &Contender{Name: name, Kind: kindOf(name), Path: given[name]}
		all = append(all, c)
		if name == "haproxy" {
			all = append(all, &Contender{Name: "haproxy-tuned", Kind: c.Kind, Path: c.Path, Tuned: true})
		}
	}
	all = append(all, variants(tenfour)...)
	for _, c := range all {
		v, err := c.askVersion(ctx)
		if err != nil {
			return nil, err
		}
		c.Version = v
		if c.Kind.name == "tenfour" {
			c.Quiet = quietFlags(ctx, c.Path)
		}
	}
	return append(all, &Contender{Name: "direct", Version: "no proxy"}), nil
}

// variants are the further rows of tenfour.
func variants(tenfour string) []*Contender {
	var all []*Contender
	for _, s := range scenarios {
		for _, v := range s.Variants {
			v.of = s
			all = append(all, &Contender{Name: v.Name, Kind: kinds[0], Path: tenfour, Variant: &v})
		}
	}
	return all
}

// quietFlags asks a tenfour whether it has a console, which would take the same port every time.
func quietFlags(ctx context.Context, path string) []string {
	if out, _ := exec.CommandContext(ctx, path, "--help").CombinedOutput(); bytes.Contains(out, []byte("--console")) {
		return []string{"--console", "off"}
	}
	return nil
}

// lookPeer looks in PATH, and where Debian has servers when PATH is an ordinary user's.
func lookPeer(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/" + name)
}

func (c *Contender) askVersion(ctx context.Context) (string, error) {
	if c.Kind.version == nil {
		return "no parsing", nil
	}
	argv := c.Kind.version(c.Path)
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: ask for its version: %w: %s", c.Name, err, bytes.TrimSpace(out))
	}
	line, _, _ := strings.Cut(string(bytes.TrimSpace(out)), "\n")
	for _, cut := range []string{"nginx version: ", "HAProxy version ", "tenfour "} {
		line = strings.TrimPrefix(line, cut)
	}
	line, _, _ = strings.Cut(line, " - http") // HAProxy's address
	return line, nil
}

// TakesPart reports whether the contender has a place in s: a tuned one only where there is something to tune, and a relay
// where there is a limit to see.
func (c *Contender) TakesPart(s *Scenario) bool {
	if c.Kind != nil && len(c.Kind.only) > 0 && !slices.Contains(c.Kind.only, s.Name) {
		return false
	}
	if c.Variant != nil {
		return c.Variant.of == s
	}
	if s.Admits && (c.Kind == nil || !c.Kind.admits) {
		return false
	}
	return !c.Tuned || s.MaxConn > 0
}

// suited is s with what is this contender's own.
func (c *Contender) suited(s setup) setup {
	s.Quiet = c.Quiet
	if c.Variant != nil {
		s.Flags, s.Admits = c.Variant.Flags, false
	}
	if !c.Tuned {
		s.MaxConn, s.Turn = 0, ""
	}
	return s
}

// Configuration is the file that c runs with, or its command line when it has none.
func (c *Contender) Configuration(s setup) (string, error) {
	s = c.suited(s)
	file := c.file(&s)
	if file == "" {
		return strings.Join(c.Kind.args(c.Kind.name, "", &s), " ") + "\n", nil
	}
	var b strings.Builder
	if err := peerTemplates.ExecuteTemplate(&b, file+".tmpl", &s); err != nil {
		return "", fmt.Errorf("write the configuration of %s: %w", c.Name, err)
	}
	return b.String(), nil
}

// file is the name of c's configuration; "" if it has none.
func (c *Contender) file(s *setup) string {
	if c.Kind.name == "tenfour" && s.Admits {
		return "tenfour.toml"
	}
	return c.Kind.file
}

// Start runs the contender with a configuration of its own in dir, and returns when it listens. The caller ends the
// process; for nobody it is nil, and the address is the backend's.
func (c *Contender) Start(ctx context.Context, dir string, s setup) (addr string, p *Process, err error) {
	if c.Kind == nil {
		return s.Backends[0], nil, nil
	}
	if s.Listen, err = freeAddr(); err != nil {
		return "", nil, err
	}
	s = c.suited(s)
	if dir, err = openDir(dir, c.Name+"-"); err != nil {
		return "", nil, err
	}
	conf := ""
	if file := c.file(&s); file != "" {
		text, err := c.Configuration(s)
		if err != nil {
			return "", nil, err
		}
		conf = filepath.Join(dir, file)
		if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
			return "", nil, err
		}
	}
	home := []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "BENCH_TOKENS=ab " + benchToken, "BENCH_CREDENTIAL=" + benchCredential}
	p, err = startProcess(c.Name, dir, home, c.Kind.args(c.Path, conf, &s)...)
	if err != nil {
		return "", nil, err
	}
	if err := p.AwaitListening(ctx, s.Listen); err != nil {
		p.End()
		return "", nil, err
	}
	return s.Listen, p, nil
}
