package main

import (
	"errors"
	"strings"

	"tenfour/config"
	"tenfour/front"
	"tenfour/logs"
)

// reload has f follow the configuration as it is now. A bad one changes nothing.
func (h *house) reload(args []string, f *front.Front, old *site, l *logs.Logs) *site {
	c, err := config.Parse(args)
	var next *site
	if err == nil {
		next, err = h.build(&c)
	}
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			h.log.Error().Err(errors.New(line)).Msg("the configuration is wrong: what ran goes on")
		}
		return old
	}
	for _, key := range unchangeable(old.c, &c) {
		h.log.Warn().Str("key", key).Msg(key + " cannot change while tenfour runs: start it anew for that")
	}
	if err := l.Reopen(); err != nil {
		h.log.Error().Err(err).Msg("the access log stays where it was")
	}
	next.use()
	f.Use(&next.Site)
	h.replaced.Go(func() { // ends with the last request of the old site
		old.Wait()
		old.release()
	})
	h.log.Info().Int("routes", len(c.Routes)).Msg("reloaded: requests that begin now follow the new configuration")
	return next
}

// unchangeable are the keys that differ, and stay as they are.
func unchangeable(old, c *config.Config) (keys []string) {
	for key, differs := range map[string]bool{
		"listen":     old.Listen != c.Listen,
		"tls_cert":   (old.TLSCert == "") != (c.TLSCert == ""),
		"access_log": old.AccessLog != c.AccessLog,
		"log_level":  old.LogLevel != c.LogLevel,
		"log_format": old.LogFormat != c.LogFormat,
	} {
		if differs {
			keys = append(keys, key)
		}
	}
	return keys
}
