package config

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tenfour/value/choice"

	"github.com/spf13/pflag"
)

// ErrHelp is the answer to --help.
var ErrHelp = pflag.ErrHelp

// texts is what a flag was given, each time. It is looked at when all are known.
type texts struct {
	given    []string
	standard string // the default, for --help
	kind     string // what pflag calls the value: "bool" where none is needed
}

func (t *texts) String() string        { return t.standard }
func (t *texts) Set(text string) error { t.given = append(t.given, text); return nil }
func (t *texts) Type() string          { return t.kind }

// flagSet is the flags of every setting that has one.
func flagSet() (*pflag.FlagSet, map[*setting]*texts) {
	fs := pflag.NewFlagSet("tenfour", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	all := map[*setting]*texts{}
	for _, s := range settings {
		if s.flag == "" {
			continue
		}
		all[s] = &texts{standard: s.defaultText(), kind: "value"}
		if s.isSwitch() {
			all[s].kind = "bool"
			fs.VarPF(all[s], s.flag, "", s.help).NoOptDefVal = "true"
			continue
		}
		fs.Var(all[s], s.flag, s.help)
	}
	return fs, all
}

// readFlags reads the command line, without the program's name: a layer of what the flags say, and the file that --config
// names. It returns ErrHelp when help is asked for.
func readFlags(args []string, bad *problems) (says layer, file string, err error) {
	fs, all, err := parseFlags(args, bad)
	if err != nil {
		return nil, "", err
	}
	if fs.NArg() > 0 {
		bad.ofFlag(fmt.Sprintf("%q", fs.Arg(0)), "not a command; tenfour takes flags, and the commands check, jobs, lab and version")
	}
	says = layer{}
	for _, s := range settings {
		switch {
		case s.flag == "" || len(all[s].given) == 0:
		case s.of == ofCommand:
			file = all[s].given[len(all[s].given)-1]
		case s.path && slices.Contains(all[s].given, ""): // "$TOKENS" of a shell that has no such variable must not let all pass
			bad.ofFlag("--"+s.flag, "it is empty: write the name, or leave the flag out")
		default:
			says.put(s, s.fromFlag(all[s].given), bad)
		}
	}
	return says, file, nil
}

// parseFlags collects the values of each flag. It reports an unknown flag, and reads the others nevertheless.
func parseFlags(args []string, bad *problems) (*pflag.FlagSet, map[*setting]*texts, error) {
	for {
		fs, all := flagSet()
		err := fs.Parse(args)
		if errors.Is(err, pflag.ErrHelp) {
			return nil, nil, ErrHelp
		}
		meant := ""
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) {
			meant = meantFlag(unknown.GetSpecifiedName())
		}
		if err != nil {
			bad.ofFlag("", "%v%s (tenfour --help lists the flags)", err, meant)
		}
		rest, found := without(args, unknown)
		if !found || bad.enough() {
			return fs, all, nil
		}
		args = rest
	}
}

// ofFlag adds what is wrong with the command line.
func (ps *problems) ofFlag(what, format string, args ...any) {
	ps.add(problem{place{flag: "flags"}, what, fmt.Sprintf(format, args...)})
}

func meantFlag(name string) string {
	var names []string
	for _, s := range settings {
		names = append(names, s.flag)
	}
	if meant := choice.Nearest(name, names); meant != "" {
		return "; did you mean --" + meant + "?"
	}
	return ""
}

// without returns args less an unknown flag, and less the value that probably belongs to it.
func without(args []string, unknown *pflag.NotExistError) (rest []string, found bool) {
	if unknown == nil {
		return nil, false
	}
	for i, arg := range args {
		flag, isFlag := strings.CutPrefix(arg, "-")
		name, _, inOne := strings.Cut(strings.TrimPrefix(flag, "-"), "=")
		letters := unknown.GetSpecifiedShortnames() // of which one is unknown: -wx
		if !isFlag || name != unknown.GetSpecifiedName() && (letters == "" || flag != letters) {
			continue
		}
		end := i + 1
		if !inOne && end < len(args) && !strings.HasPrefix(args[end], "-") {
			end++
		}
		return slices.Concat(args[:i], args[end:]), true
	}
	return nil, false
}

// fromFlag is a flag's value as if it had been written in a file.
func (s *setting) fromFlag(written []string) *node {
	name := "--" + s.flag
	at := place{flag: name, line: slices.Index(settings, s) + 1}
	one := func(text string) *node {
		return &node{at: at, named: name, kind: given, text: text, raw: text}
	}
	l, many := s.many()
	if !many {
		return one(written[len(written)-1])
	}
	n := &node{at: at, named: name, kind: array}
	for _, text := range written {
		parts := []string{text}
		if l.commas {
			parts = strings.Split(text, ",")
		}
		for _, part := range parts {
			n.append(one(part))
		}
	}
	return n
}

// Help writes what the flags are.
func Help(w io.Writer) {
	fmt.Fprint(w, `tenfour: a small HTTP reverse proxy for backends that are simple, slow or flaky

  tenfour                                  the welcome page, from four backends of its own
  tenfour --backend 127.0.0.1:9001         before one backend; repeat --backend for more
  tenfour --serve DIR                      the files of a directory
  tenfour --config FILE                    what a file says; tenfour.toml is read by itself
  tenfour check                            what holds, and where each value came from; it takes the same flags
  tenfour check --example > tenfour.toml   a file to begin with, which explains every setting
  tenfour lab KIND…                        backends that misbehave on purpose
  tenfour explain [FILE|-]                 says what the bytes of a request or a response are, and what follows from them
  tenfour jobs COMMAND                     lists, shows, retries and cancels the jobs of the tenfour that runs
  tenfour version

`)
	fs, _ := flagSet()
	fmt.Fprint(w, fs.FlagUsages())
	fmt.Fprint(w, "\nDurations are written 500ms, 2s, 1m; sizes 4096, 64KiB, 1MiB; rates 10/1m.\n")
}
