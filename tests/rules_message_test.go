package tests

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// message is an HTTP message as the tests read it: by the letter of RFC 9112, with no leniency at all, so that to read
// what tenfour wrote is a test of it.
type message struct {
	line    string    // the start-line
	fields  []string  // the field lines in order, as "Name: value"
	framing string    // "none", "length", "chunked" or "close"
	body    string    // as far as it came, its transfer coding off
	interim []message // the 1xx responses before it
}

// values returns the values of the field lines with that name.
func (m message) values(name string) []string {
	var vs []string
	for _, f := range m.fields {
		if n, v, _ := strings.Cut(f, ": "); strings.EqualFold(n, name) {
			vs = append(vs, v)
		}
	}
	return vs
}

// list returns the elements of the list that the field lines with that name make together.
func (m message) list(name string) []string {
	var es []string
	for _, v := range m.values(name) {
		for e := range strings.SplitSeq(v, ",") {
			if e = strings.Trim(e, " \t"); e != "" {
				es = append(es, e)
			}
		}
	}
	return es
}

// has reports whether that list has an element equal to want in any case.
func (m message) has(name, want string) bool {
	return slices.ContainsFunc(m.list(name), func(e string) bool { return strings.EqualFold(e, want) })
}

// status is the code of a response, 0 without one.
func (m message) status() int {
	if len(m.line) < 12 {
		return 0
	}
	n, _ := strconv.Atoi(m.line[9:12])
	return n
}

// without returns the field lines with none of the names.
func (m message) without(names ...string) []string {
	var fs []string
	for _, f := range m.fields {
		n, _, _ := strings.Cut(f, ": ")
		if !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(n, name) }) {
			fs = append(fs, f)
		}
	}
	return fs
}

var (
	fieldLine = regexp.MustCompile("^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([^\\x00-\\x08\\x0a-\\x1f\\x7f]*)$")
	digits    = regexp.MustCompile(`^[0-9]+$`)
	hexDigits = regexp.MustCompile(`^[0-9A-Fa-f]+$`)
)

// readHead reads a start-line and its field lines. The error is io.EOF when nothing came.
func readHead(r *bufio.Reader) (message, error) {
	var m message
	for {
		line, err := readLine(r)
		switch {
		case err != nil:
			return m, notFirst(err, m.line != "")
		case m.line == "" && line == "":
			return m, fmt.Errorf("an empty line before a start-line")
		case m.line == "":
			m.line = line
		case line == "":
			return m, nil
		default:
			f := fieldLine.FindStringSubmatch(line)
			if f == nil || f[2] != strings.Trim(f[2], " \t") {
				return m, fmt.Errorf("field line %q is not in canonical form", line)
			}
			m.fields = append(m.fields, f[1]+": "+f[2])
		}
	}
}

// notFirst makes an io.EOF, which says that nothing came, one that says that not all came.
func notFirst(err error, begun bool) error {
	if err == io.EOF && begun {
		return io.ErrUnexpectedEOF
	}
	return err
}

func readLine(r *bufio.Reader) (string, error) {
	raw, err := r.ReadString('\n')
	if err != nil {
		return raw, notFirst(err, raw != "")
	}
	line, ok := strings.CutSuffix(raw, "\r\n")
	if !ok || strings.ContainsAny(line, "\r\x00") {
		return raw, fmt.Errorf("line %q does not end with its only CR LF", raw)
	}
	return line, nil
}

// readRequest reads a request to its end.
func readRequest(r *bufio.Reader) (message, error) {
	m, err := readHead(r)
	if err != nil {
		return m, err
	}
	if len(m.values("Content-Length"))+len(m.values("Transfer-Encoding")) == 0 {
		m.framing = "none"
		return m, nil
	}
	return m, m.readBody(r)
}

// readAnswer reads a final response to that method to its end, and the interim ones before it.
func readAnswer(r *bufio.Reader, method string) (message, error) {
	var interim []message
	for {
		m, err := readHead(r)
		if err == nil && m.status()/100 == 1 && m.status() != 101 {
			interim = append(interim, m)
			continue
		}
		m.interim = interim
		switch {
		case err != nil:
			return m, notFirst(err, len(interim) > 0)
		case !strings.HasPrefix(m.line, "HTTP/1.1 ") || m.status() < 101:
			return m, fmt.Errorf("status-line %q", m.line)
		case method == "HEAD", m.status() == 101, m.status() == 204, m.status() == 304:
			m.framing = "none"
			return m, nil
		}
		if err := m.readBody(r); err != nil {
			return m, err
		}
		return m, reveals(strings.Join(m.values("Server"), ""), strings.Join(m.values("Via"), ""), m.body)
	}
}

// readBody reads a body as the head's framing fields say. An error comes with as much of the body as there was.
func (m *message) readBody(r *bufio.Reader) error {
	length, coding := m.values("Content-Length"), m.values("Transfer-Encoding")
	var body strings.Builder
	defer func() { m.body = body.String() }()
	switch {
	case len(length) == 1 && len(coding) == 0 && digits.MatchString(length[0]):
		m.framing = "length"
		n, err := strconv.ParseInt(length[0], 10, 64)
		if err != nil {
			return err
		}
		_, err = io.CopyN(&body, r, n)
		return notFirst(err, true)
	case len(length) == 0 && len(coding) == 1 && coding[0] == "chunked":
		m.framing = "chunked"
		return readChunks(&body, r)
	case len(length)+len(coding) == 0:
		m.framing = "close"
		_, err := io.Copy(&body, r)
		return err
	}
	return fmt.Errorf("framing by Content-Length %q and Transfer-Encoding %q", length, coding)
}

// readChunks reads chunks without extensions up to a last chunk without trailer section.
func readChunks(body io.Writer, r *bufio.Reader) error {
	for {
		line, err := readLine(r)
		if err != nil {
			return notFirst(err, true)
		}
		if !hexDigits.MatchString(line) {
			return fmt.Errorf("chunk line %q is more than a size", line)
		}
		size, err := strconv.ParseInt(line, 16, 64)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(body, r, size); err != nil {
			return notFirst(err, true)
		}
		if line, err = readLine(r); err != nil {
			return notFirst(err, true)
		}
		if line != "" {
			return fmt.Errorf("%q after a chunk", line)
		}
		if size == 0 {
			return nil
		}
	}
}
