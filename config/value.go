package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tenfour/value/amount"
	"tenfour/value/choice"
)

// value is a field of a configuration, and how people write what stands there.
type value interface {
	set(n *node, bad *problems) // takes what was written
	toml() string               // what stands there now, as a file has it
}

// form is how a scalar is written in a file.
type form int

const (
	inQuotes form = iota // "text"
	either               // "64KiB" and 4096
	bare                 // 4: numbers have no quotes, and words have
	truth                // true, false: a word without quotes
)

// scalar is a value that is one text.
type scalar struct {
	form  form
	wants string                  // "a number from 1 to 65536"
	word  string                  // that may stand for it, in quotes: "auto"; "" for none
	take  func(text string) error // errOther stands for: write what it wants
	text  func() string
}

// errOther is the answer to what is none of what a scalar wants.
var errOther = errors.New("something else")

func (s scalar) set(n *node, bad *problems) {
	fits := n.kind == given || n.kind == quoted || n.kind == number && s.form != inQuotes || n.kind == other && s.form == truth
	err := errOther
	if fits {
		err = s.take(n.text)
	}
	switch {
	case err == errOther:
		bad.of(n, "write%s", s.advice(n))
	case err != nil:
		bad.of(n, "%v", err)
	case n.kind == quoted && (s.form == bare || s.form == truth) && n.text != s.word:
		bad.of(n, "write it without quotes: %s", n.text)
	}
}

// advice is what to write instead of n: all of it, quotes included, so that nothing is left to be said about the next try.
func (s scalar) advice(n *node) string {
	wants, or := s.wants, ""
	if s.form == bare && isNumber(n.text) && strings.ContainsAny(n.text, ".eE") {
		wants = strings.Replace(wants, "a number", "a whole number", 1)
	}
	if s.word != "" && n.kind == given {
		or = ", or " + s.word
	} else if s.word != "" {
		or = ", or " + quote(s.word)
	}
	return quotes(n, s.form == bare || s.form == truth) + " " + wants + or
}

// quotes says that quotes are missing around n, or stand there in vain.
func quotes(n *node, bare bool) string {
	switch {
	case n.kind == quoted && bare:
		return ", without quotes,"
	case n.kind != quoted && n.kind != given && !bare:
		return ", in quotes,"
	}
	return ""
}

func (s scalar) toml() string {
	if text := s.text(); s.form != truth && (s.form != bare || !isNumber(text)) {
		return quote(text)
	}
	return s.text()
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// quote is text as a file has it.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case isControl(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// digits is a whole number.
func digits(p *int, least, most int) scalar {
	return scalar{bare, fmt.Sprintf("a number from %d to %d", least, most), "",
		func(text string) error {
			n, err := strconv.ParseInt(text, 0, 64)
			if err != nil || n < int64(least) || n > int64(most) {
				return errOther
			}
			*p = int(n)
			return nil
		},
		func() string { return strconv.Itoa(*p) },
	}
}

// autoOr is a number, or the word auto.
func autoOr(auto *bool, n scalar) scalar {
	return scalar{bare, n.wants, "auto",
		func(text string) error {
			*auto = text == "auto"
			if *auto {
				return nil
			}
			return n.take(text)
		},
		func() string {
			if *auto {
				return "auto"
			}
			return n.text()
		},
	}
}

// span is a duration.
func span(p *time.Duration, least time.Duration) scalar {
	wants := "a duration such as 500ms or 2s; 0 is none"
	if least > 0 {
		wants = fmt.Sprintf("a duration of %v or more, such as 500ms or 2s", least)
	}
	return scalar{either, wants, "",
		func(text string) error {
			d, err := amount.ParseDuration(text)
			if err != nil || d < least {
				return errOther
			}
			*p = d
			return nil
		},
		func() string { return amount.FormatDuration(*p) },
	}
}

// wordOr is a duration of more than zero, or a word that stands for zero.
func wordOr(word string, p *time.Duration) scalar {
	return scalar{inQuotes, word + ", or a duration such as 50ms", "",
		func(text string) error {
			if text == word {
				*p = 0
				return nil
			}
			d, err := amount.ParseDuration(text)
			if err != nil || d <= 0 {
				return errOther
			}
			*p = d
			return nil
		},
		func() string {
			if *p == 0 {
				return word
			}
			return amount.FormatDuration(*p)
		},
	}
}

// sizeFrom is a number of bytes, least or more.
func sizeFrom(p *int, least, most int) scalar {
	s := size(p, most)
	take := s.take
	s.wants = "a size from " + amount.FormatSize(least) + " to " + amount.FormatSize(most)
	s.take = func(text string) error {
		if err := take(text); err != nil || *p < least {
			return errOther
		}
		return nil
	}
	return s
}

// size is a number of bytes.
func size(p *int, most int) scalar {
	return scalar{either, "a size such as 4096, 64KiB or 1MiB, at most " + amount.FormatSize(most), "",
		func(text string) error {
			n, err := amount.ParseSize(text)
			if err != nil || n > most {
				return errOther
			}
			*p = n
			return nil
		},
		func() string { return amount.FormatSize(*p) },
	}
}

// perSecond is a number of bytes in a second.
func perSecond(p *int) scalar {
	return scalar{inQuotes, "a size in a second, such as 500B/s or 1KiB/s; 0B/s is any", "",
		func(text string) error {
			size, ok := strings.CutSuffix(text, "/s")
			n, err := amount.ParseSize(size)
			if !ok || err != nil || n > 1<<30 {
				return errOther
			}
			*p = n
			return nil
		},
		func() string {
			if size := amount.FormatSize(*p); strings.HasSuffix(size, "B") {
				return size + "/s"
			}
			return strconv.Itoa(*p) + "B/s"
		},
	}
}

// yesOrNo is true or false. As a flag it needs no value, which then is true.
func yesOrNo(p *bool) scalar {
	return scalar{truth, "true or false", "",
		func(text string) error {
			if text != "true" && text != "false" {
				return errOther
			}
			*p = text == "true"
			return nil
		},
		func() string { return strconv.FormatBool(*p) },
	}
}

// oneOf is one of a few words.
func oneOf[T choice.Choice](p *T) scalar { return typed(p, choice.Wants[T](), choice.Parse[T]) }

// twoWords is one of two words, which stand for false and true.
func twoWords(p *bool, no, yes string) scalar {
	return scalar{inQuotes, no + " or " + yes, "",
		func(text string) error {
			if text != no && text != yes {
				return errOther
			}
			*p = text == yes
			return nil
		},
		func() string {
			if *p {
				return yes
			}
			return no
		},
	}
}

// words is any text that a check lets pass.
func words(p *string, wants string, check func(string) error) scalar {
	return scalar{inQuotes, wants, "",
		func(text string) error {
			if err := check(text); err != nil {
				return err
			}
			*p = text
			return nil
		},
		func() string { return *p },
	}
}

// typed is a value whose type has its own rule.
func typed[T fmt.Stringer](p *T, wants string, parse func(text string) (T, error)) scalar {
	return scalar{inQuotes, wants, "",
		func(text string) error {
			v, err := parse(text)
			if err != nil {
				return errOther
			}
			*p = v
			return nil
		},
		func() string { return (*p).String() },
	}
}

// prefixOff is the beginning of a path, without a slash at its end.
func prefixOff(p *string) scalar {
	s := words(p, "the beginning of a path, such as /app", checkPathOrNone)
	take := s.take
	s.take = func(text string) error { return take(strings.TrimRight(text, "/")) }
	return s
}
