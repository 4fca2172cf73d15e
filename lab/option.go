package lab

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tenfour/value/amount"
	"tenfour/value/choice"
)

// option is one key of a kind.
type option struct {
	key, def, what string
	set            func(string) error
}

// options binds keys to the fields of a fault. Binding sets the field to the default.
type options []option

func (o *options) add(key, def, what string, set func(string) error) {
	if err := set(def); err != nil {
		panic(fmt.Sprintf("lab: the default of %s: %v", key, err)) // a mistake in the table of kinds, which the tests find
	}
	*o = append(*o, option{key, def, what, set})
}

// take reads key=value[,key=value…] and returns which keys were given.
func (o options) take(kind, text string) (given map[string]bool, err error) {
	given = map[string]bool{}
	if text == "" {
		return given, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		i := slices.IndexFunc(o, func(option option) bool { return option.key == key })
		switch {
		case i < 0:
			return nil, fmt.Errorf("%q: %s has no such option%s; it has %s", key, kind, choice.DidYouMean(key, o.keys()), strings.Join(o.keys(), ", "))
		case !ok:
			return nil, fmt.Errorf("%s: write key=value, such as %s=%s", key, key, o[i].def)
		case given[key]:
			return nil, fmt.Errorf("%s: given twice", key)
		}
		given[key] = true
		if err := o[i].set(value); err != nil {
			return nil, fmt.Errorf("%s=%s: %w", key, value, err)
		}
	}
	return given, nil
}

func (o options) keys() []string {
	var keys []string
	for _, option := range o {
		keys = append(keys, option.key)
	}
	return keys
}

func (o *options) duration(p *time.Duration, key, def string, least time.Duration, what string) {
	o.add(key, def, what, func(text string) error {
		d, err := amount.ParseDuration(text)
		if err != nil {
			return errors.New("write a duration such as 300ms or 2s")
		}
		if d < least {
			return fmt.Errorf("%v or more", least)
		}
		*p = d
		return nil
	})
}

func (o *options) count(p *int, key, def string, least, most int, what string) {
	o.add(key, def, what, func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%d to %d", least, most)
		}
		*p = n
		return nil
	})
}

func (o *options) share(p *float64, key, def, what string) {
	o.add(key, def, what, func(text string) error {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || !(f >= 0 && f <= 1) { // refuses NaN too
			return errors.New("a share from 0 to 1, such as 0.25")
		}
		*p = f
		return nil
	})
}

func (o *options) yes(p *bool, key, def, what string) {
	o.add(key, def, what, func(text string) error {
		if text != "true" && text != "false" {
			return errors.New("true or false")
		}
		*p = text == "true"
		return nil
	})
}

func (o *options) size(p *size, key, def string, least size, what string) {
	o.add(key, def, what, func(text string) error {
		n, err := parseSize(text)
		if err == nil && n < least {
			err = fmt.Errorf("%v or more", least)
		}
		if err == nil {
			*p = n
		}
		return err
	})
}

// text binds a key whose value is any text that check accepts.
func (o *options) text(p *string, key, def, what string, check func(string) error) {
	o.add(key, def, what, func(text string) error {
		err := check(text)
		if err == nil {
			*p = text
		}
		return err
	})
}
