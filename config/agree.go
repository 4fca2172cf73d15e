package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tenfour/source"
	"tenfour/value/address"
	"tenfour/value/choice"
	"tenfour/value/listen"
	"tenfour/value/method"
	"tenfour/value/routepath"
	"tenfour/value/secret"
)

// check reports settings that are valid by themselves and wrong together: they contradict each other, or name something that does
// not exist.
func (d *draft) check(bad *problems) {
	d.checkTLS(bad)
	d.checkListen(bad)
	d.checkAccessLog(bad)
	for i := range d.routes {
		d.routes[i].checkRoute(d.seen, bad)
	}
	d.checkPaths(bad)
	d.checkShared(bad)
	d.checkLimits(bad)
	d.checkJobs(bad)
	d.checkConsole(bad)
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
		return n.name()
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

// whence returns where the value of a setting came from, as an error names it.
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
		if _, err := secret.KeyPair(c.TLSCert, c.TLSKey); err != nil {
			p.wrong(bad, "tls_cert", 0, "%v", err)
		}
	}
}

// checkListen reports a socket that is named twice, and addresses that do not go together with the certificate.
func (d *draft) checkListen(bad *problems) {
	p, c := &d.process, &d.c
	if !p.understood("listen") {
		return
	}
	known := map[listen.Address]bool{}
	secure := false
	for i, a := range c.Listen {
		if known[a.Socket()] {
			p.wrong(bad, "listen", i, "named twice")
		}
		known[a.Socket()] = true
		secure = secure || listen.Secure(c.Listen, a, true)
		if a.Scheme == listen.HTTPS && c.TLSCert == "" && c.TLSKey == "" {
			p.wrong(bad, "listen", i, "it needs %s and %s", p.beside("listen", "tls_cert"), p.beside("listen", "tls_key"))
		}
	}
	if c.TLSCert != "" && !secure {
		p.wrong(bad, "tls_cert", 0, "clients speak TLS at none of the addresses: write one as https://HOST:PORT")
	}
}

func (d *draft) checkAccessLog(bad *problems) {
	name := d.c.AccessLog.File
	if name == "" {
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
func (p *part) checkRoute(seen seen, bad *problems) {
	r := p.in.r
	if r.Serve != "" && len(r.Backends) > 0 {
		at := p.from["serve"].at
		bad.add(problem{at, "", p.called("serve") + " and " + p.called("backends") + ": one of the two"})
	}
	if r.Serve != "" {
		if err := seen.directory(r.Serve); err != nil {
			p.wrong(bad, "serve", 0, "%v", err)
		}
	}
	for _, path := range r.Paths {
		if !routepath.Under(path, r.StripPrefix) {
			p.wrong(bad, "strip_prefix", 0, "the path %s does not begin with it", path)
		}
	}
	p.checkCredentials(seen, bad)
	for _, key := range []string{"request.set", "request.add", "response.set", "response.add"} {
		p.checkVariables(key, seen, bad)
	}
}

func (p *part) checkCredentials(seen seen, bad *problems) {
	r := p.in.r
	if r.CredentialFile != "" {
		if err := seen.fieldValue(r.CredentialFile); err != nil {
			p.wrong(bad, "credential_file", 0, "%v", err)
		}
		for _, key := range []string{"request.set", "request.add"} {
			for _, m := range p.fields(key) {
				if strings.EqualFold(m.key, r.CredentialHeader) {
					bad.add(problem{m.at, m.value.name(), "credential_file sets this field: one of the two"})
				}
			}
		}
	}
	if r.ClientTokenFile != "" {
		if err := seen.secret(r.ClientTokenFile); err != nil {
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
func (p *part) checkVariables(key string, seen seen, bad *problems) {
	for _, m := range p.fields(key) {
		for _, v := range m.value.texts() {
			if v.kind != quoted || !strings.HasPrefix(v.text, source.Env) {
				continue
			}
			if err := seen.fieldValue(v.text); err != nil {
				bad.of(v, "%v", err)
			}
		}
	}
}

// checkPaths reports paths that an earlier route has too, for the same methods.
func (d *draft) checkPaths(bad *problems) {
	claimed := map[string]*claims{}
	for i := range d.routes {
		p := &d.routes[i]
		if !p.understood("path") || !p.understood("methods") {
			continue
		}
		for j, path := range p.in.r.Paths {
			if claimed[path] == nil {
				claimed[path] = &claims{first: i, byMethod: map[string]int{}}
			}
			at, taken := claimed[path].claim(i, p.in.r.Methods)
			if taken && at != i {
				o := &d.routes[at]
				p.wrong(bad, "path", j, "%s has the path %s too (%s): write another, or methods that they do not share", o.name, path, o.whence("path"))
			}
		}
	}
}

// claims are the routes that have a path, each by its index.
type claims struct {
	first    int            // of all
	any      int            // the first that has it for any method, plus 1; 0 for none
	byMethod map[string]int // the first that has it for a method, plus 1
}

// claim adds a route that has the path for some methods, or for any if there are none, and returns the first that has it for one of
// them too. HEAD goes with GET.
func (c *claims) claim(route int, methods []string) (at int, taken bool) {
	earlier := c.any
	if len(methods) == 0 {
		if c.any == 0 {
			c.any = route + 1
		}
		return c.first, c.first != route
	}
	for _, m := range method.WithHead(methods) {
		if was := c.byMethod[m]; was != 0 && (earlier == 0 || was < earlier) {
			earlier = was
		} else if was == 0 {
			c.byMethod[m] = route + 1
		}
	}
	return earlier - 1, earlier > 0
}

// checkShared reports what two routes that name the same backend say differently of it. Each is held against the first that
// names it: a route that agrees with that one agrees with all. It also reports the first backend that is one too many, or whose workers
// are.
func (d *draft) checkShared(bad *problems) {
	first := map[address.Backend]*part{}
	slots := 0
	for i := range d.routes {
		p := &d.routes[i]
		held := map[*part]bool{}
		for _, at := range p.in.r.Backends {
			o := first[at]
			if o == nil {
				first[at] = p
				slots += p.in.r.slots()
				if len(first) > backendsMost || slots > slotsMost {
					p.tooManyBackends(bad, len(first) > backendsMost)
					return
				}
			} else if o != p && !held[o] {
				held[o] = true
				checkAgree(o, p, at, bad)
			}
		}
	}
}

// tooManyBackends reports that the part's backends are too many together with those of the routes before it, or that their
// workers are.
func (p *part) tooManyBackends(bad *problems, backends bool) {
	if backends {
		p.wrong(bad, "backends", 0, "all routes together have more than %d backends up to here", backendsMost)
		return
	}
	p.wrong(bad, "workers", 0, "all backends together have more than %d workers up to here: lower it, or workers_max", slotsMost)
}

// slots is how many workers a backend of the route has at most.
func (r *Route) slots() int {
	if r.Auto {
		return r.WorkersMax
	}
	return r.Workers
}

func checkAgree(a, b *part, shared address.Backend, bad *problems) {
	ra, rb := a.in.r, b.in.r
	keys := []string{"workers", "streams", "keep_idle", "health"}
	if ra.Auto && rb.Auto {
		keys = append(keys, "workers_max")
	}
	if ra.Health != "" && rb.Health != "" {
		keys = append(keys, "health_every", "health_host")
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
			other.name, key, of(other), other.whence(key), shared)
	}
}

// checkLimits looks whether each limit that a route is under is there, and has what it counts by; and whether each limit has a rate,
// and a route.
func (d *draft) checkLimits(bad *problems) {
	byName := map[string]int{}
	var names []string
	for i, l := range d.c.Limits {
		byName[l.Name] = i
		names = append(names, l.Name)
	}
	used, unsure := map[string]bool{}, false // unsure: a misspelt name may stand for any of them
	for i := range d.routes {
		p := &d.routes[i]
		unsure = unsure || !p.understood("limit")
		for j, name := range p.in.r.Limits {
			at, known := byName[name]
			used[name] = true
			unsure = unsure || !known
			switch {
			case !known && !bad.enough():
				p.wrong(bad, "limit", j, "there is no [limit.%s]%s", name, choice.DidYouMean(name, names))
			case known && d.c.Limits[at].By == choice.ByToken && p.in.r.ClientTokenFile == "" && p.understood("client_token_file"):
				d.limits[at].wrong(bad, "by", 0, "%s asks for no token: it needs client_token_file", p.orTheRoute())
			}
		}
	}
	for i := range d.limits {
		p := &d.limits[i]
		if p.from["rate"] == nil {
			bad.add(problem{p.at, p.name, `it needs a rate, such as rate = "10/1m"`})
		}
		if !used[p.in.l.Name] && !unsure {
			bad.add(problem{p.at, p.name, fmt.Sprintf("no route is under it: write limit = %q in a [[route]]", p.in.l.Name)})
		}
	}
}

func (p *part) orTheRoute() string {
	if p.name == "" {
		return "the route"
	}
	return p.name
}

// resolved is the configuration with what fields take from the environment.
func (d *draft) resolved() Config {
	c := d.c
	c.ListenByDefault = d.process.from["listen"] == nil
	c.ConsoleByDefault = d.process.from["console"] == nil
	c.Routes = slices.Clone(c.Routes)
	c.SecretFields = nil
	for i := range c.Routes {
		r := &c.Routes[i]
		if r.CredentialFile != "" {
			c.SecretFields = append(c.SecretFields, r.CredentialHeader)
		}
		for _, fields := range []*[]Field{&r.Request.Set, &r.Request.Add, &r.Response.Set, &r.Response.Add} {
			*fields = slices.Clone(*fields)
			for j, f := range *fields {
				if strings.HasPrefix(f.Value, source.Env) {
					(*fields)[j].Value, _ = secret.Value(f.Value) // it is there: that was checked
					c.SecretFields = append(c.SecretFields, f.Name)
				}
			}
		}
	}
	return c
}
