package page

import (
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"
)

// forHeads are the functions of the page of one exchange. wire.js and panes.js do the same for the live page.
var forHeads = template.FuncMap{"passed": passed, "changes": changesOf, "changed": changedOf, "runs": runsOf, "rfc": rfcOf, "visible": visible, "topic": topicOf}

// passed are the heads of one part: "client-in", or "backend-out" of attempt 0. They are as in the JSON of /exchanges/ID.
func passed(messages any, part string, attempt int) []any {
	var found []any
	all, _ := messages.([]any)
	for _, m := range all {
		if at(m, "part") == part && number(at(m, "attempt")) == attempt {
			found = append(found, m)
		}
	}
	return found
}

// changesOf says for each part of a message of one attempt what tenfour did to it: of a list with one list for each attempt. It is nil if there
// is nothing to compare.
func changesOf(lists any, attempt int) []any {
	all, _ := lists.([]any)
	for _, l := range all {
		if number(at(l, "attempt")) == attempt {
			list, _ := at(l, "list").([]any)
			return list
		}
	}
	return nil
}

// changedOf are those of a list of changes that are not as they came.
func changedOf(list []any) []any {
	var changed []any
	for _, c := range list {
		if at(c, "did") != "kept" {
			changed = append(changed, c)
		}
	}
	return changed
}

// number is a whole number of JSON; -1 for anything else.
func number(v any) int {
	text, _ := v.(json.Number)
	n, err := strconv.Atoi(text.String())
	if err != nil {
		return -1
	}
	return n
}

// run is some bytes of a head, and what they are.
type run struct{ Kind, Says, Text string }

// runsOf are the runs of bytes of a report, of which each character of "bytes" is a byte.
func runsOf(report any) []run {
	text, _ := at(report, "bytes").(string)
	bytes := []rune(text)
	all, _ := at(report, "runs").([]any)
	runs := make([]run, 0, len(all))
	for _, r := range all {
		from, to := number(at(r, "from")), number(at(r, "to"))
		if from < 0 || to > len(bytes) || from > to {
			continue
		}
		kind := fmt.Sprint(at(r, "kind"))
		says := strings.ReplaceAll(kind, "-", " ")
		if more, _ := at(r, "says").(string); more != "" {
			says += ": " + more
		}
		runs = append(runs, run{kind, says, string(bytes[from:to])})
	}
	return runs
}

// topicOf is what a decision is about. One about a field is named after the field.
func topicOf(report, decision any) string {
	about := fmt.Sprint(at(decision, "about"))
	if about != "field" {
		return about
	}
	text, _ := at(report, "bytes").(string)
	all, _ := at(report, "runs").([]any)
	for _, r := range all {
		from, to := number(at(r, "from")), number(at(r, "to"))
		if from == number(at(decision, "at")) && from >= 0 && from <= to && to <= len([]rune(text)) {
			return string([]rune(text)[from:to])
		}
	}
	return about
}

// piece is a part of a run as a reader sees it.
type piece struct {
	Text   string
	Masked bool // it stands for a credential
}

// visible is text in pieces: those that are masked, and what is between them.
func visible(text any) []piece {
	var pieces []piece
	s, _ := text.(string)
	for i, part := range strings.Split(s, mask) {
		if i > 0 {
			pieces = append(pieces, piece{mask, true})
		}
		if part != "" {
			pieces = append(pieces, piece{escaped(part), false})
		}
	}
	return pieces
}

// mask stands for a credential in what is kept.
const mask = "***"

var section = regexp.MustCompile(`^RFC (\d+)(?: §([\d.]+))?$`)

// rfcOf is the address of a section, "RFC 9112 §6.1"; "" for a text that names none.
func rfcOf(text any) string {
	s, _ := text.(string)
	found := section.FindStringSubmatch(s)
	switch {
	case found == nil:
		return ""
	case found[2] == "":
		return "https://www.rfc-editor.org/rfc/rfc" + found[1]
	}
	return "https://www.rfc-editor.org/rfc/rfc" + found[1] + "#section-" + found[2]
}
