package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Contender takes part in scenarios: a proxy, or the backend itself without a proxy.
type Contender struct {
	Name    string // unique: "tenfour", "nginx", "caddy-tuned", "tenfour-old", "direct"
	Kind    *kind  // nil: the backend itself, without a proxy
	Path    string // its program's
	Version string
	Console []string
	Tuned   bool // with a limit on each backend's connections, where a scenario has one
	Variant *Variant
}

// Variant is tenfour with other flags, which adds a row to one scenario.
type Variant struct {
	Name  string
	Flags []string // instead of the scenario's flags; it admits every request
	of    *Scenario
}

// findContenders returns tenfour, the peers that are installed or given, the relay if there is one, and the direct backend, in
// the order of the tables.
func findContenders(ctx context.Context, tenfour, limit string, given []string) ([]*Contender, error) {
	all := []*Contender{{Name: "tenfour", Kind: kinds[0], Path: tenfour}}
	found, err := givenPeers(given)
	if err != nil {
		return nil, err
	}
	peers := addInstalled(found, limit)
	slices.SortStableFunc(peers, func(a, b *Contender) int { return slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind) })
	for _, p := range peers {
		all = append(all, p)
		if p.Kind.limits {
			all = append(all, &Contender{Name: p.Name + tunedSuffix, Kind: p.Kind, Path: p.Path, Tuned: true})
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
			c.Console = consoleFlags(ctx, c.Path)
		}
	}
	return append(all, &Contender{Name: "direct", Version: "no proxy"}), nil
}

// tunedSuffix ends the name of a peer that has a limit on each backend's connections.
const tunedSuffix = "-tuned"

// missingPeers returns a sentence for each kind of peer that is neither installed nor given, so that a reader does not take the
// table for complete.
func missingPeers(all []*Contender) []string {
	var missing []string
	for _, k := range kinds[1:] {
		has := slices.ContainsFunc(all, func(c *Contender) bool { return c.Kind == k })
		if !has && !isLimit(k.name) {
			missing = append(missing, fmt.Sprintf("%s does not take part: no program %s was found in PATH; --peer %s=PATH names one", k.name, k.programName(), k.name))
		}
	}
	return missing
}

// givenPeers returns the contenders of --peer. If a name is given twice, the last path counts.
func givenPeers(peers []string) (given []*Contender, err error) {
	for _, p := range peers {
		name, path, ok := strings.Cut(p, "=")
		if !ok || name == "" || path == "" || kindOf(name) == nil || name == "tenfour" || name == "direct" {
			return nil, fmt.Errorf("--peer %s: write NAME=PATH; NAME begins with nginx, haproxy, caddy, relay or tenfour- (tenfour alone is the tree's), as in nginx-new=/opt/nginx", p)
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		if i := indexOf(given, name); i >= 0 {
			given[i].Path = abs
			continue
		}
		given = append(given, &Contender{Name: name, Kind: kindOf(name), Path: abs})
	}
	return given, nil
}

// addInstalled adds the peers that are installed, and the relay at limit, unless they are given.
func addInstalled(given []*Contender, limit string) []*Contender {
	for _, k := range kinds[1:] {
		if indexOf(given, k.name) >= 0 {
			continue
		}
		path, err := limit, error(nil)
		if !isLimit(k.name) { // a program named relay in PATH is another one
			path, err = lookPeer(k.programName())
		}
		if err == nil && path != "" {
			given = append(given, &Contender{Name: k.name, Kind: kindOf(k.name), Path: path})
		}
	}
	return given
}

// indexOf returns the index of the contender with a name, or -1.
func indexOf(all []*Contender, name string) int {
	return slices.IndexFunc(all, func(c *Contender) bool { return c.Name == name })
}

// variants returns the contenders for the further rows of tenfour.
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

// consoleFlags asks a tenfour whether it has a console, and gives that a port of its own. It stays on, as its users have it.
func consoleFlags(ctx context.Context, path string) []string {
	if out, _ := exec.CommandContext(ctx, path, "--help").CombinedOutput(); bytes.Contains(out, []byte("--console")) {
		return []string{"--console", "127.0.0.1:0"}
	}
	return nil
}

// TakesPart reports whether the contender takes part in s. A tuned one does so only if the scenario sets MaxConn, and a relay
// only in its own scenarios.
func (c *Contender) TakesPart(s *Scenario) bool {
	if c.Kind != nil && len(c.Kind.only) > 0 && !slices.Contains(c.Kind.only, s.Name) {
		return false
	}
	if c.Variant != nil {
		return c.Variant.of == s
	}
	if s.TLS && c.Kind == nil || s.Static && (c.Kind == nil || !c.Kind.serves) {
		return false
	}
	if s.Jobs {
		return c.Kind == kinds[0] && !c.Tuned || c.Kind == pythonQueue
	}
	if s.Admits && (c.Kind == nil || !c.Kind.admits) {
		return false
	}
	return !c.Tuned || s.MaxConn > 0
}

// suited returns s with the changes for this contender.
func (c *Contender) suited(s setup) setup {
	s.Console = c.Console
	if c.Variant != nil {
		s.Flags, s.Admits = c.Variant.Flags, false
	}
	if !c.Tuned {
		s.MaxConn, s.Turn, s.Holds = 0, "", ""
	}
	return s
}

// Configuration returns the configuration file of c, or its command line if it has none.
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

// file returns the name of c's configuration; "" if it has none.
func (c *Contender) file(s *setup) string {
	if c.Kind.name == "tenfour" && s.Admits {
		return "tenfour.toml"
	}
	return c.Kind.file
}

// Start starts the contender with a configuration of its own in dir, and returns when it listens. The caller ends the
// process. Without a proxy the process is nil, and the address is the backend's.
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
