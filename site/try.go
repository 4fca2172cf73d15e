package site

import (
	"errors"
	"fmt"

	"tenfour/admit"
	"tenfour/config"
	"tenfour/lab"
)

// Try returns why Build would fail. It opens the files that settings name, and makes no backend, queue or limit: those take memory, and
// cannot fail.
func Try(c *config.Config) error {
	if key := (certificateKey{c.TLSCert, c.TLSKey}); key.cert != "" {
		if _, err := newCertificate(key, nil); err != nil {
			return &Error{err}
		}
	}
	t := trial{looked: map[any]error{}}
	for i := range c.Routes {
		r := &c.Routes[i]
		if err := errors.Join(t.credential(r), t.tokens(r), t.keys(r)); err != nil {
			t.errs = append(t.errs, err)
			continue
		}
		if err := t.directory(r); err != nil {
			t.errs = append(t.errs, err)
			continue
		}
		for _, p := range r.Paths {
			t.paths = append(t.paths, admit.Path{Path: p, Methods: r.Methods, Route: i})
		}
	}
	if _, err := admit.NewTable(t.paths); err != nil {
		t.errs = append(t.errs, fmt.Errorf("--path: %w", err))
	}
	return failed(t.errs)
}

// trial is what was found out about the routes. Routes may name the same file: it is looked at once.
type trial struct {
	looked map[any]error
	paths  []admit.Path
	errs   []error
}

func (t *trial) once(key any, look func() error) error {
	err, known := t.looked[key]
	if !known {
		err = look()
		t.looked[key] = err
	}
	return err
}

func (t *trial) credential(r *config.Route) error {
	if r.CredentialFile == "" {
		return nil
	}
	return t.once(credentialKey{r.CredentialFile, r.CredentialHeader}, func() error {
		_, err := admit.NewCredential(r.CredentialFile, r.CredentialHeader)
		return err
	})
}

func (t *trial) tokens(r *config.Route) error {
	if r.ClientTokenFile == "" {
		return nil
	}
	return t.once(tokensKey(r.ClientTokenFile), func() error {
		_, err := admit.NewTokens(r.ClientTokenFile)
		return err
	})
}

func (t *trial) keys(r *config.Route) error {
	if r.CallbackSecretFile == "" {
		return nil
	}
	return t.once(webhookKey(r.CallbackSecretFile), func() error {
		_, err := newWebhookKeys(r.CallbackSecretFile)
		return err
	})
}

func (t *trial) directory(r *config.Route) error {
	if r.Serve == "" || len(r.Backends) > 0 {
		return nil
	}
	return t.once(labKey{r.Serve}, func() error {
		_, err := lab.Dir(r.Serve)
		return noDirectory(err)
	})
}

// noDirectory is why the files of a directory cannot be served.
func noDirectory(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--%w", err)
}

// failed is an Error of all that is wrong, each once, or nil.
func failed(errs []error) error {
	var once []error
	said := map[string]bool{}
	for _, err := range errs {
		if !said[err.Error()] {
			said[err.Error()] = true
			once = append(once, err)
		}
	}
	if len(once) == 0 {
		return nil
	}
	return &Error{errors.Join(once...)}
}
