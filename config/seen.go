package config

import (
	"errors"
	"os"

	"tenfour/value/secret"
)

// seen is what was found out about files, directories and variables that settings name. Each is looked at once, even if many routes
// name it.
type seen map[look]error

// look is what was looked for, and where.
type look struct {
	kind string
	name string
}

func (s seen) once(kind, name string, do func() error) error {
	at := look{kind, name}
	err, known := s[at]
	if !known {
		err = do()
		s[at] = err
	}
	return err
}

// secret returns why a file or a variable has no secret.
func (s seen) secret(from string) error {
	return s.once("secret", from, func() error {
		_, err := secret.Value(from)
		return err
	})
}

// fieldValue returns why a file or a variable has no secret that may be a field's value.
func (s seen) fieldValue(from string) error {
	return s.once("field value", from, func() error {
		_, err := secret.FieldValue(from)
		return err
	})
}

// webhookKeys returns why a file or a variable has no keys that sign callbacks.
func (s seen) webhookKeys(from string) error {
	return s.once("webhook keys", from, func() error {
		_, err := secret.WebhookKeys(from)
		return err
	})
}

// consoleToken returns why a file or a variable has no token for the console.
func (s seen) consoleToken(from string) error {
	return s.once("console token", from, func() error {
		_, err := secret.ConsoleToken(from)
		return err
	})
}

// directory returns why there is none of that name.
func (s seen) directory(name string) error {
	return s.once("directory", name, func() error {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return cause(err)
		case !info.IsDir():
			return errors.New("it is not a directory")
		}
		return nil
	})
}
