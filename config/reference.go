package config

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Reference writes docs/settings.md.
func Reference(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, `<!-- Made from config/settings.go: change it there, then go generate ./config -->
# Every setting

tenfour is configured by flags, by a file, or both: a flag wins over the file. The file is TOML; `+"`"+DefaultFile+"`"+` in the working
directory is read automatically, another one with `+"`--config FILE`"+`.

`+"```toml"+`
listen = "0.0.0.0:8000"
workers = 8                       # for every route that does not say otherwise

[[route]]
path = "/app/"
backends = ["127.0.0.1:9001", "127.0.0.1:9002"]

[[route]]
path = "/api/"
backends = "https://api.example.com"
workers = 2
host = "backend"
limit = "gentle"
[route.timeouts]
backend = "5s"

[limit.gentle]
rate = "10/1m"
by = "client"
`+"```"+`

`+"`tenfour check`"+`, with the same flags, reports whether all is right, and prints every value and where it came from: a default,
a line of the file, or a flag. It shows no secrets. `+"`tenfour check --example > tenfour.toml`"+` writes a file that has and
explains everything on this page.

An invalid value is an error that says where it is, what was expected, and which key was probably meant. The first hundred errors are
reported, and the exit code is 2. tenfour never replaces an invalid value by a default.

`+"```"+`
tenfour.toml:2:11: workers = "many": write a number from 1 to 65536, or auto
tenfour.toml:6:1: route[1].backend: there is no such key; did you mean backends?
`+"```"+`

Durations are written `+"`500ms`, `2s`, `1m`, `1d`; sizes `4096`, `64KiB`, `1MiB` (`kB`, `MB`, `GB` are powers of ten); rates `10/1m`"+`.
Numbers and sizes without a unit have no quotes; all else has. Where several values may stand, a single one needs no brackets; a
flag is repeated. The names of files are relative to the directory where tenfour was started. `+"`tenfour --help`"+` has the flags in short.

A file may have 1 MiB, 100,000 keys, values and tables, 16 arrays or tables within each other, 20,000 routes, 10,000 limits, 10,000
backends with 65,536 workers together, and a path 1,024
bytes. The lists of all routes together may have 500,000 items; those at the top of the file count for each route. Within these bounds reading a file
takes less than 100 MB of memory, and a time in proportion to its size. A file of tokens may have 4 MiB and 100,000 tokens.

## Where a key stands

- **top**: at the top of the file, before its first table.
- **route**: in a `+"`[[route]]`"+`, or at the top, where it holds for every route that does not say otherwise. A file without any
  `+"`[[route]]`"+` describes one route there. A flag for such a key wins for every route; but `+"`--backend`, `--serve` and `--path`"+` are
  an error when the file has several. Nothing is merged: where a route has a `+"`request.set`"+` of its own, the top's is not in it.
- **limit**: in a `+"`[limit.NAME]`"+`.

A key with a dot stands in a table: `+"`timeouts.connect`"+` is `+"`connect`"+` in `+"`[timeouts]`"+`, or in `+"`[route.timeouts]`"+` for the route above it.

| key | flag | where | what is written | default | what zero means |
|---|---|---|---|---|---|
`)
	for _, s := range settings {
		fmt.Fprintf(out, "| %s |\n", strings.Join([]string{
			orDash(code(s.key)), orDash(s.flagName()), s.of.String(), s.unit, s.byDefault(), orDash(s.zero),
		}, " | "))
	}
	fmt.Fprintf(out, "\n%s", wrapped("", "Exit codes: 0 stopped as asked, or all is right; 1 failed while running (an address in use); "+
		"2 wrong usage or configuration. `tenfour version` prints the version."))
	fmt.Fprintf(out, "\n## While it runs\n\n%s", wrapped("", "On SIGHUP tenfour reads its file, certificates and secrets again, with the flags that it "+
		"was started with. Requests that begin then follow the new configuration; those that run end as they began. When anything is wrong, "+
		"it is logged as above, and the running configuration stays. `listen`, `access_log`, `log_level`, `log_format`, and whether there is TLS, stay as they were "+
		"at the start: a warning says so. [admit.md](admit.md#changing-it-while-it-runs) tells more."))
	fmt.Fprintf(out, "\n%s", wrapped("", "Requests go on while tenfour reads, and reading has 10 s: after that, the running configuration stays. A file that a setting names must be "+
		"a regular file. A FIFO, a socket or a device is an error, because reading it might never end; only `--config` takes a pipe too, for 2 s. A byte order "+
		"mark and the line ends of Windows are understood."))
	for _, g := range groups {
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
	return out.Flush()
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
