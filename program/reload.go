package program

import (
	"errors"
	"strings"

	"tenfour/config"
	"tenfour/front"
	"tenfour/logs"
	"tenfour/site"
)

// reload has f follow the configuration as it is now, instead of old. first is what tenfour was started with.
func reload(args []string, b *site.Builder, f *front.Front, first *config.Config, old *site.Site, l *logs.Logs) *site.Site {
	c, err := config.Parse(args)
	next := old
	if err == nil {
		next, err = b.Replace(old, &c, f)
	}
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			l.Log.Error().Err(errors.New(line)).Msg("the configuration is wrong: what ran goes on")
		}
		return old
	}
	for _, key := range unchangeable(first, &c) {
		l.Log.Warn().Str("key", key).Msg(key + " cannot change while tenfour runs: start it anew for that")
	}
	if err := l.Reopen(); err != nil {
		l.Log.Error().Err(err).Msg("the access log stays where it was")
	}
	l.Log.Info().Int("routes", len(c.Routes)).Msg("reloaded: requests that begin now follow the new configuration")
	return next
}

// unchangeable are the keys that differ, and stay as they are.
func unchangeable(first, c *config.Config) (keys []string) {
	for _, k := range []struct {
		name    string
		differs bool
	}{
		{"listen", first.Listen != c.Listen},
		{"tls_cert", (first.TLSCert == "") != (c.TLSCert == "")}, // another certificate is taken
		{"access_log", first.AccessLog != c.AccessLog},
		{"log_level", first.LogLevel != c.LogLevel},
		{"log_format", first.LogFormat != c.LogFormat},
	} {
		if k.differs {
			keys = append(keys, k.name)
		}
	}
	return keys
}
