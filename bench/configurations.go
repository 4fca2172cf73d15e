package main

import "slices"

// setupOf returns how a contender is set up for a scenario, without where it listens.
func (e *Env) setupOf(s *Scenario, backends []string) setup {
	return setup{Backends: backends, Flags: s.Flags, Admits: s.Admits, MaxConn: s.MaxConn, Bulk: s.Bulk, Holds: s.Holds, Retries: s.Retries, Turn: s.Turn, Cert: e.certFor(s), Site: e.siteFor(s), Queue: e.Queue, Files: e.Files}
}

// siteFor returns the directory whose files are served in s; "" if s has backends.
func (e *Env) siteFor(s *Scenario) string {
	if s.Static {
		return e.Site
	}
	return ""
}

// configurations returns the configurations of all contenders, each different text once.
func configurations(e *Env, contenders []*Contender, scenarios []*Scenario) ([]ConfigInfo, error) {
	var all []ConfigInfo
	for _, c := range contenders {
		if c.Kind == nil {
			continue
		}
		its, err := configurationsOf(e, c, scenarios)
		if err != nil {
			return nil, err
		}
		all = append(all, its...)
	}
	text, err := fastConfiguration("BACKEND")
	if err != nil {
		return nil, err
	}
	if _, err := lookPeer("nginx"); err == nil {
		all = append(all, ConfigInfo{Contender: "the fast backend (nginx)", Text: text})
	}
	return all, nil
}

// configurationsOf returns the configurations of one contender, each different text once.
func configurationsOf(e *Env, c *Contender, scenarios []*Scenario) ([]ConfigInfo, error) {
	var all []ConfigInfo
	for _, s := range scenarios {
		if !c.TakesPart(s) {
			continue
		}
		backends := []string{"BACKEND"}
		if s == seed || s == race {
			backends = []string{"BACKEND1", "BACKEND2", "BACKEND3", "BACKEND4"}
		}
		set := e.setupOf(s, backends)
		set.Listen, set.Cert = "127.0.0.1:PORT", set.Cert.in("DIR")
		if s.Static {
			set.Site = "SITE"
		}
		set.Queue = "jobqueue.py"
		text, err := c.Configuration(set)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(have ConfigInfo) bool { return have.Text == text })
		if i < 0 {
			i = len(all)
			all = append(all, ConfigInfo{Contender: c.Name, Text: text})
		}
		all[i].Scenarios = append(all[i].Scenarios, s.Name)
	}
	return all, nil
}
