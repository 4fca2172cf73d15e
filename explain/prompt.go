package explain

import (
	"bytes"
	"regexp"
)

// What stands around messages that were copied from a terminal: the shell's prompt with the command, and the remarks of nc -v and telnet.
var (
	prompted   = regexp.MustCompile(`^(\[?[\w.-]+@[^$#%]*|[\w.-]+)?[$#%]( |$)`)
	remarked   = regexp.MustCompile(`^(Connection to .* succeeded!|Trying .*\.\.\.|Connected to .*\.|Escape character is .*\.|Connection closed by foreign host\.)$`)
	versioned  = regexp.MustCompile(` HTTP/\d\.\d$`)
	startsWith = regexp.MustCompile(`^(\S+ \S+ )?HTTP/\d`)
)

// Unprompted is what was copied from a terminal without the lines in front of its first message and after its last one that are a shell's,
// nc's or telnet's own; left is how many. It is raw itself if raw does not begin with such a line, or no message follows.
func Unprompted(raw []byte) (rest []byte, left int) {
	rest = raw
	for {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if !isTerminals(line) {
			break
		}
		rest = after
		left++
	}
	if left == 0 || !startsWith.Match(rest) {
		return raw, 0
	}
	for {
		text := bytes.TrimRight(rest, "\r\n")
		begin := bytes.LastIndexByte(text, '\n') + 1
		if begin == 0 || !isTerminals(text[begin:]) {
			return rest, left
		}
		rest = rest[:begin]
		left++
	}
}

func isTerminals(line []byte) bool {
	line = bytes.TrimRight(line, "\r")
	return (prompted.Match(line) || remarked.Match(line)) && !versioned.Match(line)
}

// dumped is the first line of a dump as hexdump, xxd, od and tcpdump -X print it.
var dumped = regexp.MustCompile(`^\s*(0x)?[0-9a-f]{4,8}:?\s+([0-9a-f]{2}\s?){4}`)

// Dump says what raw is if it is the record of bytes, and not the bytes themselves, and how to get those; "" if it is neither a hex dump nor a
// capture of packets.
func Dump(raw []byte) string {
	for _, magic := range []string{"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a"} {
		if bytes.HasPrefix(raw, []byte(magic)) {
			return "this is a capture of packets: tcpflow -r FILE writes the bytes of each connection into files, which can be explained"
		}
	}
	if first, _, _ := bytes.Cut(raw, []byte("\n")); dumped.Match(first) {
		return "this looks like a hex dump: explain needs the bytes themselves (xxd -r makes them of what xxd has printed)"
	}
	return ""
}
