package httpparse

import (
	"bytes"
	"strings"
	"testing"
)

const alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// TestStops puts every byte at every place of a word. The bytes before it stop no scan; those after it may.
func TestStops(t *testing.T) {
	tests := map[string]struct {
		marks func(uint64) uint64
		stops func(c byte) bool
		among string
	}{
		"of values":  {valueStops, func(c byte) bool { return c < 0x20 || c == 0x7f }, " a~\x80\xff\x9f"},
		"of targets": {targetStops, func(c byte) bool { return c <= 0x20 || c == 0x7f || c == '#' }, "!\"$a~\x80\xff\xa3"},
		"of names": {nameStops, func(c byte) bool {
			return c != '-' && (c < 'A' || strings.IndexByte(alphanumeric, c) < 0)
		}, "-azAZ"},
		"of hosts": {hostStops, func(c byte) bool { return strings.IndexByte(alphanumeric+"-.", c) < 0 }, "-.azAZ09"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for place := range 8 {
				for c := range 256 {
					for _, around := range []byte(tc.among) {
						for _, after := range []byte{around, 0, ' ', 0x7f, 0xff, '\r'} {
							word := bytes.Repeat([]byte{around}, 8)
							word[place] = byte(c)
							for i := place + 1; i < 8; i++ {
								word[i] = after
							}
							want := 0
							for want < 8 && !tc.stops(word[want]) {
								want++
							}
							if got := firstMark(tc.marks(load64(word, 0))); got != want {
								t.Fatalf("%q: stops at %d, want %d", word, got, want)
							}
						}
					}
				}
			}
		})
	}
}

// TestFieldID changes every byte of every known name into every byte that a token may have.
func TestFieldID(t *testing.T) {
	for id, name := range fieldNames {
		if name == "" {
			continue
		}
		for place := range name {
			for c := range 256 {
				if !isToken(byte(c)) {
					continue
				}
				other := []byte(name)
				other[place] = byte(c)
				want := FieldOther
				if lower(byte(c)) == name[place] {
					want = FieldID(id)
				}
				for _, after := range []string{"", ": and more after it"} {
					buf := atEdge([]byte("\r\n" + string(other) + after))
					if got := fieldID(buf, 2, 2+len(name)); got != want {
						t.Fatalf("%q is field %d, want %d", other, got, want)
					}
				}
			}
		}
		for _, other := range []string{name + "s", "x" + name, name[1:], name[:len(name)-1]} {
			if got := fieldID([]byte(other), 0, len(other)); got != FieldOther {
				t.Errorf("%q is field %d", other, got)
			}
		}
	}
}

// TestParse_readsNoByteTwice checks the parsers' own offsets: the part of a long line that was scanned is not scanned again.
func TestParse_readsNoByteTwice(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, raw := range []string{
		"GET /" + long + " HTTP/1.1\r\n", "GET / HTTP/1.1\r\n" + long + ": a\r\n", "GET / HTTP/1.1\r\nX: " + long + "\r\n",
	} {
		var r Request
		for n := range len(raw) {
			if _, err := r.Parse([]byte(raw[:n]), nil); err != ErrPartial {
				t.Fatal(err)
			}
			if at := max(r.private.pos, r.private.fields.pos); at < n-DefaultLimits.Method {
				t.Fatalf("of %d bytes only %d are done with, input %.50q", n, at, raw)
			}
		}
	}
	for _, raw := range []string{
		"HTTP/1.1 200 " + long + "\r\n", "HTTP/1.1 200 OK\r\nX: a\r\n " + long + "\r\n", "HTTP/1.1 200 OK\r\nX: " + long + "\r\n",
	} {
		var r Response
		for n := range len(raw) {
			if _, err := r.Parse([]byte(raw[:n]), Get, nil); err != ErrPartial {
				t.Fatal(err)
			}
			if at := max(r.private.pos, r.private.fields.pos); at < n-DefaultLimits.Method {
				t.Fatalf("of %d bytes only %d are done with, input %.50q", n, at, raw)
			}
		}
	}
}
