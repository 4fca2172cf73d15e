package config

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"strings"
)

// referenceBegin is the reference up to its table: how settings are written, and where.
//
//go:embed reference_begin.md
var referenceBegin string

// Reference writes docs/settings.md. An error is one of w.
func Reference(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "<!-- Made from config/settings_*.go and config/reference*: change it there, then go generate ./config -->\n", referenceBegin)
	referenceTable(out)
	referenceRunning(out)
	for _, g := range groups {
		g.reference(out)
	}
	return out.Flush()
}

// referenceTable writes a row for each setting.
func referenceTable(out io.Writer) {
	fmt.Fprint(out, "\n| key | flag | where | what is written | default | what zero means |\n|---|---|---|---|---|---|\n")
	for _, s := range settings {
		fmt.Fprintf(out, "| %s |\n", strings.Join([]string{
			orDash(code(s.key)), orDash(s.flagName()), s.of.String(), s.unit, s.byDefault(), orDash(s.zero),
		}, " | "))
	}
}

// referenceRunning writes how tenfour ends, and how it reads its configuration again.
func referenceRunning(out io.Writer) {
	fmt.Fprintf(out, "\n%s", wrapped("", "Exit codes: 0 stopped as asked, or all is right; 1 failed while running (an address in use); "+
		"2 wrong usage or configuration. `tenfour version` prints the version."))
	fmt.Fprintf(out, "\n## While it runs\n\n%s", wrapped("", "On SIGHUP tenfour reads its file, certificates and secrets again, with the flags that it "+
		"was started with. Requests that begin then follow the new configuration; those that run end as they began. When anything is wrong, "+
		"it is logged as above, and the running configuration stays. `listen`, `access_log`, `log_level`, `log_format`, and whether there is TLS, stay as they were "+
		"at the start: a warning says so. [admit.md](admit.md#changing-it-while-it-runs) tells more."))
	fmt.Fprintf(out, "\n%s", wrapped("", "Requests go on while tenfour reads, and reading has 10 s: after that, the running configuration stays. A file that a setting names must be "+
		"a regular file. A FIFO, a socket or a device is an error, because reading it might never end; only `--config` takes a pipe too, for 2 s. A byte order "+
		"mark and the line ends of Windows are understood."))
}

// reference writes the section about the settings of a group.
func (g group) reference(out io.Writer) {
	fmt.Fprintf(out, "\n## %s\n", g.title)
	if g.intro != "" {
		fmt.Fprintf(out, "\n%s", wrapped("", g.intro))
	}
	for _, s := range g.settings {
		fmt.Fprintf(out, "\n%s", wrapped("", s.heading()+" "+s.more))
	}
	if g.after != "" {
		fmt.Fprintf(out, "\n%s", g.after)
	}
}

// String is how the reference says where a key stands.
func (o scope) String() string {
	return map[scope]string{ofProcess: "top", ofRoute: "route", ofLimit: "limit", ofCommand: "–"}[o]
}

// heading is what a setting's paragraph begins with.
func (s *setting) heading() string {
	if s.key == "" {
		return "**`--" + s.flag + " " + s.arg() + "`**"
	}
	if s.flag == "" {
		return "**`" + s.key + "`**"
	}
	if s.isSwitch() {
		return "**`" + s.key + "`** (`--" + s.flag + "`)"
	}
	return "**`" + s.key + "`** (`--" + s.flag + " " + s.arg() + "`)"
}

// byDefault is the default, as the reference has it.
func (s *setting) byDefault() string {
	if s.none != "" {
		return s.none
	}
	return code(s.defaultText())
}

func (s *setting) flagName() string {
	if s.flag == "" {
		return ""
	}
	return code("--" + s.flag)
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
