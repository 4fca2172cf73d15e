package site

import (
	"fmt"
	"strings"
	"sync/atomic"

	"tenfour/source"
	"tenfour/value/secret"
)

type consoleTokenKey string

// consoleToken is the token that the console asks for. It is read again when its file changes.
type consoleToken struct {
	from  string
	token atomic.Pointer[string]
}

// takeConsoleToken takes the token of the console, if it asks for one.
func (s *Site) takeConsoleToken() error {
	c := s.Config
	if !c.Console.On() || c.ConsoleTokenFile == "" {
		return nil
	}
	t, err := watched(s, consoleTokenKey(c.ConsoleTokenFile), "credentials of the console", func() (*consoleToken, error) {
		t := &consoleToken{from: c.ConsoleTokenFile}
		return t, t.Reload()
	})
	if err == nil {
		s.ConsoleToken = t.now
	}
	return err
}

func (t *consoleToken) now() string { return *t.token.Load() }

// Files returns the file of the token; none for env:NAME.
func (t *consoleToken) Files() []string {
	if strings.HasPrefix(t.from, source.Env) {
		return nil
	}
	return []string{t.from}
}

// Reload reads the token again. If that fails, the old one stays.
func (t *consoleToken) Reload() error {
	token, err := secret.ConsoleToken(t.from)
	if err != nil {
		return fmt.Errorf("console_token_file = %q: %w", t.from, err)
	}
	t.token.Store(&token)
	return nil
}
