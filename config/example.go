package config

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Example writes a file with every setting at its default, each with an explanation.
func Example(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, `# tenfour.toml: every setting of tenfour, with its default. tenfour check reports whether a file is right, and its values.
#
# Durations are written "500ms", "2s", "1m"; sizes 4096, "64KiB", "1MiB"; rates "10/1m". Paths of files are looked up from
# where tenfour is started. A flag lies over its key.
#
# What stands at the top holds for every route, unless the route says otherwise. Lines without a space after their # are
# settings too; they do nothing until the # is removed.
`)
	exampleOf(out, "", "", within(ofProcess, ofRoute))
	fmt.Fprint(out, `

# Routes. With one, its settings may stand at the top, as above; several have a [[route]] each, with paths and backends of its
# own, and any other key in which they differ: any key from above but listen, tls_*, access_log, log_*, trusted_proxies and the
# timeouts head, idle and drain.
#
#[[route]]
#path = "/app/"
#backends = ["127.0.0.1:9001", "127.0.0.1:9002"]
#
#[[route]]
#path = "/api/"
#backends = "https://api.example.com"
#host = "backend"
#workers = 2
#limit = "NAME"
#[route.timeouts]
#backend = "5s"
`)
	for _, g := range groups {
		if g.title == "Limits" {
			fmt.Fprintf(out, "\n%s", comment(g.intro))
		}
	}
	exampleOf(out, "#[limit.NAME]\n", "#", within(ofLimit))
	return out.Flush()
}

// exampleOf writes settings, with what explains them. head opens their table, and off is before each line of theirs.
func exampleOf(w io.Writer, head, off string, settings []*setting) {
	fmt.Fprint(w, head)
	open := ""
	for _, s := range inTables(settings) {
		table, key := s.table()
		switch {
		case s.key == "limit": // it stands in routes alone
			continue
		case table == "timeouts" && table != open:
			fmt.Fprintf(w, "\n[%s]\n", table)
		case table != open:
			fmt.Fprintf(w, "\n#[%s]\n", table)
		}
		open = table
		fmt.Fprintf(w, "\n%s%s", comment(key+" "+s.more), comment(s.facts()))
		if s.example != "" {
			fmt.Fprintf(w, "#%s = %s\n", key, s.example)
		} else {
			fmt.Fprintf(w, "%s%s = %s\n", off, key, s.in(fresh()).toml())
		}
	}
}

// facts is what is written for a setting, what it is when it is not, and its flag.
func (s *setting) facts() string {
	facts := []string{s.unit}
	if s.none != "" {
		facts = append(facts, "default: "+s.none)
	}
	if least, refused := strings.CutPrefix(s.zero, "refused: "); refused {
		facts = append(facts, least)
	} else if s.zero != "" {
		facts = append(facts, "0: "+s.zero)
	}
	if s.flag != "" {
		facts = append(facts, "flag: --"+s.flag)
	}
	return "(" + strings.Join(facts, "; ") + ")"
}

// link is a link to another page, and its text. In most the text is the page's name.
var link = regexp.MustCompile(`\[([^\]]+)\]\(([^)#]+)[^)]*\)`)

// comment is text as comment lines of a file, without what marks it up.
func comment(text string) string {
	text = link.ReplaceAllStringFunc(text, func(found string) string {
		parts := link.FindStringSubmatch(found)
		if parts[1] == parts[2] {
			return "docs/" + parts[2]
		}
		return parts[1] + " (docs/" + parts[2] + ")"
	})
	return wrapped("# ", strings.ReplaceAll(text, "`", ""))
}

// wrapped is text in lines of a readable length, each with a mark before it.
func wrapped(mark, text string) string {
	const width = 118
	var b strings.Builder
	line := mark
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case len(line)+1+len(word) > width:
			b.WriteString(line + "\n")
			line = mark + word
		default:
			line += " " + word
		}
	}
	return b.String() + line + "\n"
}
