package site

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"tenfour/admit"
	"tenfour/config"
	"tenfour/forward"
	"tenfour/limit"
	"tenfour/value/choice"
	"tenfour/value/rate"
)

// waitersMost is how many requests may wait for one limit.
const waitersMost = 10_000

// buildLimits makes or takes over the limits, by their names.
func (s *Site) buildLimits() (map[string]*admit.Limit, error) {
	limits := map[string]*admit.Limit{}
	for _, c := range s.Config.Limits {
		window, err := share(s, limitKey{c.Name, c.Rate, c.By, strings.ToLower(c.Header)}, func() (*limit.Window, func(), error) {
			w := limit.NewWindow(limit.Options{Rate: c.Rate, Waiters: waitersMost, Memory: limit.DefaultMemory / len(s.Config.Limits)})
			return w, w.Close, nil
		})
		if err != nil {
			return nil, err
		}
		limits[c.Name] = &admit.Limit{
			Name: c.Name, Rate: c.Rate, Limiter: window, Header: c.Header,
			By: c.By, Wait: c.Wait, WaitMax: c.WaitMax, AdmitOnError: c.AdmitOnError,
		}
	}
	return limits, nil
}

type limitKey struct {
	name   string
	rate   rate.Rate
	by     choice.By
	header string
}

// rule returns the rule about which clients may use a route; nil if all may.
func (s *Site) rule(r *config.Route, limits map[string]*admit.Limit) (*admit.Rule, error) {
	rule := &admit.Rule{Allow: r.AllowFrom, Deny: r.DenyFrom, Trusted: s.Config.TrustedProxies}
	for _, name := range r.Limits {
		l := limits[name]
		if l == nil {
			return nil, fmt.Errorf("limit %s: there is no [limit.%[1]s]", name)
		}
		rule.Limits = append(rule.Limits, l)
	}
	if r.ClientTokenFile != "" {
		tokens, err := watched(s, tokensKey(r.ClientTokenFile), "credentials", func() (*admit.Tokens, error) {
			return admit.NewTokens(r.ClientTokenFile)
		})
		if err != nil {
			return nil, err
		}
		rule.Tokens = tokens
	}
	tells := rule.Trusted != nil && s.Config.AccessLog != choice.AccessLog{} // the access log has the client that a proxy reports
	if rule.Allow == nil && rule.Deny == nil && rule.Tokens == nil && rule.Limits == nil && !tells {
		return nil, nil
	}
	return rule, nil
}

type tokensKey string

type credentialKey struct{ from, header string }

// edits returns how a route changes heads. A client's token for tenfour is never forwarded.
func (s *Site) edits(r *config.Route) (request, response *forward.Edits, err error) {
	drop, add := linesOf(&r.Request)
	var line *atomic.Pointer[[]byte]
	if r.ClientTokenFile != "" {
		drop = append(drop, "Authorization")
	}
	if r.CredentialFile != "" {
		credential, err := watched(s, credentialKey{r.CredentialFile, r.CredentialHeader}, "credentials", func() (*admit.Credential, error) {
			return admit.NewCredential(r.CredentialFile, r.CredentialHeader)
		})
		if err != nil {
			return nil, nil, err
		}
		line = &credential.Line
		if !strings.EqualFold(r.CredentialHeader, "Authorization") || r.ClientTokenFile == "" {
			drop = append(drop, r.CredentialHeader)
		}
	}
	request = forward.NewEdits(drop, add, line)
	drop, add = linesOf(&r.Response)
	return request, forward.NewEdits(drop, add, nil), nil
}

// linesOf returns the names of the field lines to drop, and the lines to add.
func linesOf(c *config.Edits) (drop []string, add string) {
	drop = slices.Clone(c.Remove)
	for _, f := range c.Set {
		drop = append(drop, f.Name)
		add += f.Name + ": " + f.Value + "\r\n"
	}
	for _, f := range c.Add {
		add += f.Name + ": " + f.Value + "\r\n"
	}
	return drop, add
}

// watched takes a part that is read from files, which are what the log calls them. They are read again when one changes, and once
// when another configuration is built. If that fails, the part keeps its old content.
func watched[T admit.Reloader](s *Site, key any, what string, read func() (T, error)) (T, error) {
	it, err := share(s, key, func() (T, func(), error) {
		it, err := read()
		if err != nil {
			return it, nil, err
		}
		s.read[key] = true
		log := s.b.log
		w := admit.Watch(it, func(err error) {
			file := strings.Join(it.Files(), ", ")
			if err != nil {
				log.Error().Err(err).Str("file", file).Msg(what + " were not read again, and are what they were")
				return
			}
			log.Info().Str("file", file).Msg(what + " were read again")
		})
		return it, w.Close, nil
	})
	if err == nil && !s.read[key] {
		s.read[key] = true
		err = it.Reload()
	}
	return it, err
}
