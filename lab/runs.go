package lab

import (
	"bytes"
	"strconv"
	"strings"
)

// run is some bytes of a request, and what they are in plain words.
type run struct {
	bytes []byte
	is    string
}

// runs divides a request into the lines of its head, and its content or the chunks of it. It reads leniently, because its
// caller wants to show malformed requests too: it judges nothing.
func runs(raw []byte) []run {
	var all []run
	first, chunked := true, false
	for len(raw) > 0 {
		text, rest := cutLine(raw)
		switch name, value, field := bytes.Cut(text, []byte(":")); {
		case !bytes.HasSuffix(text, []byte("\n")):
			return append(all, run{text, "a line without its end"})
		case first:
			all = append(all, run{text, requestLine(text)})
		case isEmpty(text):
			all = append(all, run{text, "an empty line: the head ends"})
			if chunked {
				return append(all, chunks(rest)...)
			}
			return append(all, content(rest)...)
		case field:
			all = append(all, run{text, "the field " + visible(name)})
			chunked = chunked || strings.EqualFold(string(name), "Transfer-Encoding") && bytes.Contains(bytes.ToLower(value), []byte("chunked"))
		default:
			all = append(all, run{text, "a line without a colon: no field"})
		}
		first, raw = false, rest
	}
	return all
}

// requestLine names the parts of the first line.
func requestLine(text []byte) string {
	words := strings.Split(visible(bytes.TrimRight(text, "\r\n")), " ")
	if len(words) != 3 {
		return "the request line, which should be three words: method, target, version"
	}
	return "the request line: method " + words[0] + ", target " + words[1] + ", version " + words[2]
}

// content is a body in one piece.
func content(raw []byte) []run {
	if len(raw) == 0 {
		return nil
	}
	return []run{{raw, "content: " + inBytes(int64(len(raw)))}}
}

// chunks divides a chunked body: a line with a size, so many bytes, a line end, and so on until the size 0, and then trailers.
func chunks(raw []byte) []run {
	var all []run
	for len(raw) > 0 {
		text, rest := cutLine(raw)
		digits, _, _ := strings.Cut(strings.TrimRight(string(text), "\r\n"), ";")
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 16, 32)
		if err != nil || n < 0 {
			return append(all, run{raw, "no size of a chunk"})
		}
		if n == 0 {
			all = append(all, run{text, "the size 0: the last chunk"})
			return append(all, trailers(rest)...)
		}
		all = append(all, run{text, "the size of a chunk: " + strings.TrimSpace(digits) + " in hexadecimal is " + strconv.FormatInt(n, 10)})
		end := min(int(n), len(rest))
		all = append(all, content(rest[:end])...)
		text, raw = cutLine(rest[end:])
		if len(text) > 0 {
			all = append(all, run{text, "the end of the chunk"})
		}
	}
	return all
}

// trailers are the fields after the last chunk, and the empty line that ends a chunked body.
func trailers(raw []byte) []run {
	var all []run
	for len(raw) > 0 {
		text, rest := cutLine(raw)
		is := "a field of the trailer"
		if isEmpty(text) {
			is = "an empty line: the body ends"
		}
		all = append(all, run{text, is})
		raw = rest
	}
	return all
}

// cutLine returns the bytes up to and with the first LF, and the others.
func cutLine(raw []byte) (text, rest []byte) {
	i := bytes.IndexByte(raw, '\n')
	if i < 0 {
		return raw, nil
	}
	return raw[:i+1], raw[i+1:]
}

func isEmpty(text []byte) bool { return len(bytes.TrimRight(text, "\r\n")) == 0 }
