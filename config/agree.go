package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tenfour/source"
)

// check reports what is right by itself, and wrong beside something else: settings that contradict each other, names of what
// is not there.
func (d *draft) check(bad *problems) {
	d.checkTLS(bad)
	d.checkAccessLog(bad)
	for i := range d.routes {
		d.routes[i].checkRoute(bad)
		d.checkLimitNames(&d.routes[i], bad)
	}
	d.checkPaths(bad)
	d.checkShared(bad)
	for i := range d.limits {
		d.checkLimit(&d.limits[i], bad)
	}
}

// wrong adds what is wrong with the i-th text of a setting.
func (p *part) wrong(bad *problems, key string, i int, format string, args ...any) {
	if n := p.from[key]; n != nil {
		bad.of(n.item(i), format, args...)
		return
	}
	bad.add(problem{p.at, p.called(key), fmt.Sprintf(format, args...)})
}

// called is how errors name a setting of the part.
func (p *part) called(key string) string {
	switch n := p.from[key]; {
	case n != nil:
		return n.name
	case p.name == "":
		return key
	}
	return p.name + "." + key
}

// beside is how another setting is named where this one was written: as a key, or as a flag.
func (p *part) beside(key, other string) string {
	if n := p.from[key]; n != nil && n.at.flag != "" {
		return "--" + find(other, ofProcess, ofRoute).flag
	}
	return other
}

// understood reports whether a setting has a value that was understood.
func (p *part) understood(key string) bool { return p.from[key] == nil || !p.from[key].wrong }

// whence is where the value of a setting came from, as an error tells it.
func (p *part) whence(key string) string {
	switch n := p.from[key]; {
	case n == nil:
		return "by default"
	case n.at.flag != "":
		return n.at.flag
	default:
		return fmt.Sprintf("line %d", n.at.line)
	}
}

func (d *draft) checkTLS(bad *problems) {
	p, c := &d.process, &d.c
	switch {
	case !p.understood("tls_cert") || !p.understood("tls_key"):
	case c.TLSCert != "" && c.TLSKey == "":
		p.wrong(bad, "tls_cert", 0, "it needs %s too", p.beside("tls_cert", "tls_key"))
	case c.TLSCert == "" && c.TLSKey != "":
		p.wrong(bad, "tls_key", 0, "it needs %s too", p.beside("tls_key", "tls_cert"))
	case c.TLSCert != "":
		if _, err := KeyPair(c.TLSCert, c.TLSKey); err != nil {
			p.wrong(bad, "tls_cert", 0, "%v", err)
		}
	}
}

func (d *draft) checkAccessLog(bad *problems) {
	name := d.c.AccessLog
	if name == "off" || name == "stdout" {
		return
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		d.process.wrong(bad, "access_log", 0, "it is a directory")
	}
	if _, err := os.Stat(filepath.Dir(name)); err != nil {
		d.process.wrong(bad, "access_log", 0, "its directory: %v", cause(err))
	}
}

// checkRoute looks at one route.
func (p *part) checkRoute(bad *problems) {
	r := p.in.r
	if r.Serve != "" && len(r.Backends) > 0 {
		at := p.from["serve"].at
		bad.add(problem{at, "", p.called("serve") + " and " + p.called("backends") + ": one of the two"})
	}
	if r.Serve != "" {
		if info, err := os.Stat(r.Serve); err != nil {
			p.wrong(bad, "serve", 0, "%v", cause(err))
		} else if !info.IsDir() {
			p.wrong(bad, "serve", 0, "it is not a directory")
		}
	}
	for _, path := range r.Paths {
		if !beginsWith(path, r.StripPrefix) {
			p.wrong(bad, "strip_prefix", 0, "the path %s does not begin with it", path)
		}
	}
	p.checkCredentials(bad)
	for _, key := range []string{"request.set", "request.add", "response.set", "response.add"} {
		p.checkVariables(key, bad)
	}
}

// beginsWith reports whether a path has a prefix of whole segments.
func beginsWith(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

func (p *part) checkCredentials(bad *problems) {
	r := p.in.r
	if r.CredentialFile != "" {
		if value, err := secret(r.CredentialFile); err != nil {
			p.wrong(bad, "credential_file", 0, "%v", err)
		} else if err := checkFieldValue(value); err != nil {
			p.wrong(bad, "credential_file", 0, "%v", err)
		}
		for _, key := range []string{"request.set", "request.add"} {
			for _, m := range p.fields(key) {
				if strings.EqualFold(m.key, r.CredentialHeader) {
					bad.add(problem{m.at, m.value.name, "credential_file sets this field: one of the two"})
				}
			}
		}
	}
	if r.ClientTokenFile != "" {
		if _, err := secret(r.ClientTokenFile); err != nil {
			p.wrong(bad, "client_token_file", 0, "%v", err)
		}
	}
}

// fields are the members of a table of fields, as they were written.
func (p *part) fields(key string) []*member {
	if n := p.from[key]; n != nil {
		return n.members
	}
	return nil
}

// checkVariables looks whether what fields take from the environment is there.
func (p *part) checkVariables(key string, bad *problems) {
	for _, m := range p.fields(key) {
		for _, v := range m.value.texts() {
			if v.kind != quoted || !strings.HasPrefix(v.text, source.Env) {
				continue
			}
			value, err := secret(v.text)
			if err == nil {
				err = checkFieldValue(value)
			}
			if err != nil {
				bad.of(v, "%v", err)
			}
		}
	}
}

// checkPaths reports paths that an earlier route has too, for the same methods.
func (d *draft) checkPaths(bad *problems) {
	named := map[string][]*part{}
	for i := range d.routes {
		p := &d.routes[i]
		if !p.understood("path") || !p.understood("methods") {
			continue
		}
		for i, path := range p.in.r.Paths {
			at := slices.IndexFunc(named[path], func(o *part) bool { return o != p && overlap(o.in.r.Methods, p.in.r.Methods) })
			if at >= 0 {
				o := named[path][at]
				p.wrong(bad, "path", i, "%s has the path %s too (%s): write another, or methods that they do not share", o.name, path, o.whence("path"))
			}
			named[path] = append(named[path], p)
		}
	}
}

// overlap reports whether two routes share a method. None is any, and HEAD goes with GET.
func overlap(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	has := func(methods []string, m string) bool {
		return slices.Contains(methods, m) || m == "HEAD" && slices.Contains(methods, "GET")
	}
	shared := func(m string) bool { return has(a, m) && has(b, m) }
	return slices.ContainsFunc(a, shared) || slices.ContainsFunc(b, shared)
}

// checkShared reports what two routes that name the same backend say differently of it. Each is held against the first that
// names it: who agrees with that one agrees with all.
func (d *draft) checkShared(bad *problems) {
	first := map[Backend]*part{}
	for i := range d.routes {
		p := &d.routes[i]
		var held []*part
		for _, at := range p.in.r.Backends {
			o := first[at]
			if o == nil {
				first[at] = p
			} else if o != p && !slices.Contains(held, o) {
				held = append(held, o)
				checkAgree(o, p, at, bad)
			}
		}
	}
}

func checkAgree(a, b *part, shared Backend, bad *problems) {
	ra, rb := a.in.r, b.in.r
	keys := []string{"workers", "streams", "keep_idle", "health"}
	if ra.Auto && rb.Auto {
		keys = append(keys, "workers_max")
	}
	if ra.Health != "" && rb.Health != "" {
		keys = append(keys, "health_every")
	}
	for _, key := range keys {
		s := find(key, ofRoute)
		of := func(p *part) string { return s.in(p.in).toml() }
		if of(a) == of(b) || !a.understood(key) || !b.understood(key) {
			continue
		}
		here, other := b, a
		if b.from[key] == nil { // then it is the first that says something of its own
			here, other = a, b
		}
		here.wrong(bad, key, 0, "%s has %s = %s (%s); they share the backend %s, so make it the same",
			other.name, key, of(other), other.whence(key), formatBackend(shared))
	}
}

// checkLimitNames looks at the limits that a route is under.
func (d *draft) checkLimitNames(p *part, bad *problems) {
	var names []string
	for _, l := range d.limits {
		names = append(names, l.in.l.Name)
	}
	for i, name := range p.in.r.Limits {
		at := slices.Index(names, name)
		switch {
		case at < 0:
			p.wrong(bad, "limit", i, "there is no [limit.%s]%s", name, didYouMean(name, names))
		case d.c.Limits[at].By == "token" && p.in.r.ClientTokenFile == "" && p.understood("client_token_file"):
			d.limits[at].wrong(bad, "by", 0, "%s asks for no token: it needs client_token_file", p.orTheRoute())
		}
	}
}

func (p *part) orTheRoute() string {
	if p.name == "" {
		return "the route"
	}
	return p.name
}

// checkLimit looks whether a limit has a rate, and a route.
func (d *draft) checkLimit(p *part, bad *problems) {
	if p.from["rate"] == nil {
		bad.add(problem{p.at, p.name, `it needs a rate, such as rate = "10/1m"`})
	}
	for i := range d.routes {
		r := &d.routes[i]
		if slices.Contains(r.in.r.Limits, p.in.l.Name) || !r.understood("limit") || slices.ContainsFunc(r.in.r.Limits, d.isUnknown) {
			return // or the one that is misspelt may be it
		}
	}
	bad.add(problem{p.at, p.name, fmt.Sprintf("no route is under it: write limit = %q in a [[route]]", p.in.l.Name)})
}

func (d *draft) isUnknown(limit string) bool {
	return !slices.ContainsFunc(d.c.Limits, func(l Limit) bool { return l.Name == limit })
}

// resolved is the configuration with what fields take from the environment.
func (d *draft) resolved() Config {
	c := d.c
	c.Routes = slices.Clone(c.Routes)
	for i := range c.Routes {
		r := &c.Routes[i]
		for _, fields := range []*[]Field{&r.Request.Set, &r.Request.Add, &r.Response.Set, &r.Response.Add} {
			*fields = slices.Clone(*fields)
			for j, f := range *fields {
				if strings.HasPrefix(f.Value, source.Env) {
					(*fields)[j].Value, _ = secret(f.Value) // it is there: that was checked
				}
			}
		}
	}
	return c
}
