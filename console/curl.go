package console

import (
	"maps"
	"slices"
	"strings"

	"tenfour/httpparse"
	"tenfour/trace"
)

// curlOf is a command that asks for the same again: method, target, and the field lines that curl does not write by itself. Masked credentials
// stay masked, and the body is not kept. Each word is quoted, because a client chose what is in it.
func curlOf(k *trace.Kept) string {
	in := last(k.ClientIn)
	if in == nil || in.Refused >= 0 || in.Left > 0 {
		return ""
	}
	line, rest, _ := strings.Cut(string(in.Raw), "\r\n")
	words := strings.Split(line, " ")
	if len(words) != 3 {
		return ""
	}
	command := []string{"curl", "-gi"}
	switch words[0] {
	case "GET":
	case "HEAD":
		command[1] = "-gI"
	default:
		command = append(command, "-X", quoted(words[0]))
	}
	if words[2] == "HTTP/1.0" {
		command = append(command, "--http1.0")
	}
	host, missing := "", map[string]bool{"accept": true, "user-agent": true} // curl adds them
	for rest != "" && !strings.HasPrefix(rest, "\r\n") {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		delete(missing, strings.ToLower(name))
		switch strings.ToLower(name) {
		case "host":
			host = value
		case "content-length", "transfer-encoding", "connection", "expect": // of a body and a connection that curl makes anew
		default:
			command = append(command, "-H", quoted(fieldFor(name, value)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		command = append(command, "-H", quoted(name+":"))
	}
	scheme := "http://"
	if k.TLS {
		scheme = "https://"
	}
	return strings.Join(append(command, "--path-as-is", quoted(urlOf(scheme, host, words[1]))), " ")
}

// fieldFor is a field line as curl takes it: without a value it ends in a semicolon.
func fieldFor(name, value string) string {
	if value == "" {
		return name + ";"
	}
	return name + ": " + value
}

// urlOf is the URL of a request-target. Brackets and braces would be patterns of curl's (its option -g).
func urlOf(scheme, host, target string) string {
	if !strings.HasPrefix(target, "/") {
		return target // in absolute-form
	}
	if host == "" || !httpparse.IsHost([]byte(host)) {
		host = "127.0.0.1"
	}
	return scheme + host + target
}

// quoted is a word as a shell of POSIX takes it, whatever is in it (XCU §2.2.2). Bytes that a terminal would act on are made visible with
// $'…', which bash, zsh and ksh know.
func quoted(word string) string {
	if !strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r == 0x7f }) && isPlain(word) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	const hex = "0123456789abcdef"
	for _, c := range []byte(word) {
		switch {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			b.WriteString(`\x`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// isPlain reports whether a word is of ASCII alone.
func isPlain(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return r >= 0x7f })
}
