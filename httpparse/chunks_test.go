package httpparse

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// decodeCut gives raw to c in parts that end at cuts and at its end, and describes the result.
func decodeCut(t testing.TB, c *Chunks, lim *Limits, raw string, cuts ...int) string {
	t.Helper()
	var body strings.Builder
	start := 0
	for _, cut := range append(cuts, len(raw)) {
		src := atEdge([]byte(raw[start:cut]))
		for len(src) > 0 {
			n, data, done, err := c.Next(src, lim)
			var refusal *Refusal
			if errors.As(err, &refusal) {
				if _, _, _, again := c.Next(src, lim); n != 0 || data != nil || done || again != err {
					t.Fatalf("refused with %d %q %t, then %v", n, data, done, again)
				}
				return fmt.Sprintf("%q, then refused at %d: %d %s", body.String(), refusal.Offset, refusal.Status, refusal.Rule)
			}
			if err != nil || n > len(src) || len(data) > n || n == 0 {
				t.Fatalf("n = %d, %q, %v of %q", n, data, err, src)
			}
			body.Write(data)
			src = src[n:]
			if done {
				end := cut - len(src)
				if n, data, again, err := c.Next(src, lim); n != 0 || data != nil || !again || err != nil {
					t.Fatalf("done, then %d %q %t %v", n, data, again, err)
				}
				return fmt.Sprintf("%q in %d bytes", body.String(), end)
			}
		}
		start = cut
	}
	return fmt.Sprintf("%q, incomplete", body.String())
}

// decodeEveryCut decodes raw whole, byte by byte and in two parts cut at every byte. It checks that the results are equal,
// and returns it.
func decodeEveryCut(t testing.TB, c *Chunks, lim *Limits, raw string) string {
	t.Helper()
	c.Reset()
	want := decodeCut(t, c, lim, raw)
	step := 1 + len(raw)/2000
	var all []int
	for cut := 0; cut < len(raw); cut += step {
		all = append(all, cut)
		c.Reset()
		if got := decodeCut(t, c, lim, raw, cut); got != want {
			t.Errorf("cut at %d: %s\nwhole: %s\ninput: %q", cut, got, want, raw)
		}
	}
	c.Reset()
	if got := decodeCut(t, c, lim, raw, all...); got != want {
		t.Errorf("byte by byte: %s\nwhole: %s\ninput: %q", got, want, raw)
	}
	return want
}

func TestChunks_accepts(t *testing.T) {
	tests := map[string]struct{ raw, want string }{
		"an empty body":                        {"0\r\n\r\n", `"" in 5 bytes`},
		"one chunk":                            {"5\r\nhello\r\n0\r\n\r\n", `"hello" in 15 bytes`},
		"bytes after the body are left":        {"5\r\nhello\r\n0\r\n\r\nGET /", `"hello" in 15 bytes`},
		"two chunks":                           {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", `"hello world" in 26 bytes`},
		"hexadecimal in any case":              {"a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", `"01234567890123456789a" in 36 bytes`},
		"data that looks like framing":         {"7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n", `"0\r\n\r\n0\r" in 17 bytes`},
		"leading zeros up to 16 digits":        {"0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", `"hello" in 45 bytes`},
		"an extension":                         {"5;a=b\r\nhello\r\n0;c\r\n\r\n", `"hello" in 21 bytes`},
		"an extension after white space":       {"5 \t;\ta = \"b;\\\"c\"\r\nhello\r\n0 ;\r\n\r\n", `"hello" in 32 bytes`},
		"high bytes in an extension":           {"5;\xff\x80\r\nhello\r\n0\r\n\r\n", `"hello" in 18 bytes`},
		"a trailer section":                    {"5\r\nhello\r\n0\r\nX: y\r\nContent-Length: 7\r\n\r\n", `"hello" in 40 bytes`},
		"trailer fields of every kind":         {"0\r\nX:\r\n_!~: \x80\tb\r\n\r\n", `"" in 19 bytes`},
		"a body that ends in the last line":    {"0\r\n", `"", incomplete`},
		"a body that ends in a trailer":        {"0\r\nX: y\r\n", `"", incomplete`},
		"a body that ends in data":             {"5\r\nhel", `"hel", incomplete`},
		"a body that ends after data":          {"5\r\nhello", `"hello", incomplete`},
		"a body that ends in a size":           {"5", `"", incomplete`},
		"the largest size":                     {"7fffffffffffffff\r\nhello", `"hello", incomplete`},
		"the largest size with a leading zero": {"0fffffffffffffff\r\nhello", `"hello", incomplete`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := decodeEveryCut(t, new(Chunks), nil, tc.raw); got != tc.want {
				t.Errorf("got %s, want %s, input %q", got, tc.want, tc.raw)
			}
		})
	}
}

func TestChunks_refuses(t *testing.T) {
	tests := map[string]struct {
		raw  string
		data string
		want *flaw
	}{
		"a leading space":                   {" 5\r\nhello\r\n", "", chunkSize},
		"a sign":                            {"+5\r\nhello\r\n", "", chunkSize},
		"a minus sign":                      {"-5\r\nhello\r\n", "", chunkSize},
		"0x":                                {"0x5\r\nhello\r\n", "", chunkSize},
		"an underscore":                     {"1_0\r\nhello\r\n", "", chunkSize},
		"an empty size":                     {"\r\nhello\r\n", "", chunkSize},
		"an empty size with an extension":   {";a\r\nhello\r\n", "", chunkSize},
		"a letter":                          {"5g\r\nhello\r\n", "", chunkSize},
		"quotes":                            {"\"5\"\r\nhello\r\n", "", chunkSize},
		"a NUL":                             {"5\x00\r\nhello\r\n", "", chunkSize},
		"a space and a digit":               {"0 5\r\n\r\n", "", chunkSize},
		"a space and no extension":          {"5 \r\nhello\r\n", "", chunkSpace},
		"a tab and no extension":            {"5\t\r\nhello\r\n", "", chunkSpace},
		"a space and a bare LF":             {"5 \nhello\r\n", "", chunkLF},
		"a size of 2^63":                    {"8000000000000000\r\nhello", "", chunkTooLarge},
		"a size of 2^64-1":                  {"ffffffffffffffff\r\nhello", "", chunkTooLarge},
		"a size that wraps around":          {"10000000000000005\r\nhello", "", chunkTooLarge},
		"a size of 17 digits":               {"00000000000000005\r\nhello", "", chunkTooLarge},
		"a bare LF after the size":          {"5\nhello\r\n0\r\n\r\n", "", chunkLF},
		"an empty line":                     {"\nhello\r\n0\r\n\r\n", "", chunkLF},
		"a bare CR after the size":          {"5\rhello\r\n0\r\n\r\n", "", bareCR},
		"CR CR LF after the size":           {"5\r\r\nhello\r\n0\r\n\r\n", "", bareCR},
		"a bare LF in an extension":         {"5;a\nhello\r\n0\r\n\r\n", "", chunkLF},
		"a bare LF in a quoted string":      {"5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "", chunkLF},
		"a bare CR in an extension":         {"5;a\rb\r\nhello\r\n0\r\n\r\n", "", bareCR},
		"a bare CR in a quoted string":      {"5;a=\"\r\"\r\nhello\r\n0\r\n\r\n", "", bareCR},
		"a NUL in an extension":             {"5;a\x00\r\nhello\r\n0\r\n\r\n", "", chunkControl},
		"a control byte in an extension":    {"5;a\x0b\r\nhello\r\n0\r\n\r\n", "", chunkControl},
		"data that is longer than its size": {"5\r\nhello!\r\n0\r\n\r\n", "hello", chunkNotEnded},
		"data that ends in LF":              {"5\r\nhello\n0\r\n\r\n", "hello", chunkNotEnded},
		"data that ends in CR":              {"5\r\nhello\r0\r\n\r\n", "hello", chunkNotEnded},
		"data that ends in two other bytes": {"5\r\nhelloXX0\r\n\r\n", "hello", chunkNotEnded},
		"data that ends in CR and a byte":   {"5\r\nhello\rX0\r\n\r\n", "hello", chunkNotEnded},
		"a fold first in a trailer section": {"0\r\n X: y\r\n\r\n", "", folded},
		"a fold in a trailer section":       {"0\r\nX: y\r\n z\r\n\r\n", "", folded},
		"a bare LF in a trailer section":    {"0\r\nX: y\n\r\n", "", chunkLF},
		"a bare LF in a trailer's name":     {"0\r\nX\n\r\n", "", chunkLF},
		"a bare LF at the end":              {"0\r\n\n", "", chunkLF},
		"a bare CR in a trailer section":    {"0\r\nX: y\rz\r\n\r\n", "", bareCR},
		"a bare CR at the end":              {"0\r\n\rX", "", bareCR},
		"a NUL in a trailer section":        {"0\r\nX: \x00\r\n\r\n", "", controlInValue},
		"white space before a colon":        {"0\r\nX : y\r\n\r\n", "", spaceInName},
		"a trailer field without a name":    {"0\r\n: y\r\n\r\n", "", emptyName},
		"a trailer field without a colon":   {"0\r\nX\r\n\r\n", "", noColon},
		"a trailer name that is no token":   {"0\r\nX(y): z\r\n\r\n", "", notAName},
		"a trailer name that starts badly":  {"0\r\n(X): z\r\n\r\n", "", notAName},
		"the next request without an end":   {"0\r\nGET / HTTP/1.1\r\n\r\n", "", spaceInName},
		"an error after a good first chunk": {"2\r\nab\r\n2\r\ncd\r\nx\r\n", "abcd", chunkSize},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := decodeEveryCut(t, new(Chunks), nil, tc.raw)
			if want := fmt.Sprintf("%q, then refused", tc.data); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ": "+tc.want.String()) {
				t.Errorf("got %s, want %s: %s, input %q", got, want, tc.want, tc.raw)
			}
		})
	}
}

// What a backend may write and a client may not.
func TestChunks_arePatient(t *testing.T) {
	tests := map[string]struct{ raw, want string }{
		"a padded size":                      {"5   \r\nhello\r\n0   \r\n\r\n", `"hello" in 21 bytes`},
		"a size padded with tabs":            {"5 \t\r\nhello\r\n0\r\n\r\n", `"hello" in 17 bytes`},
		"padding and an extension":           {"5  ;a=b\r\nhello\r\n0\r\n\r\n", `"hello" in 21 bytes`},
		"a trailer with a fold":              {"0\r\nX: y\r\n z\r\n\t\r\nY: 1\r\n\r\n", `"" in 24 bytes`},
		"a trailer with a space and a colon": {"0\r\nX \t: y\r\n\r\n", `"" in 13 bytes`},
		"a trailer with control bytes":       {"0\r\nX: a\x01\x7fb\r\n z\x02\r\n\r\n", `"" in 19 bytes`},
		"padding and a bare LF":              {"5 \nhello\r\n0\r\n\r\n", `"", then refused at 2: ` + chunkLF.String()},
		"padding and a bare CR":              {"5 \rhello\r\n0\r\n\r\n", `"", then refused at 3: ` + bareCR.String()},
		"padding and a second number":        {"0 5\r\n\r\n", `"", then refused at 2: ` + chunkSize.String()},
		"padding in front":                   {" 5\r\nhello\r\n0\r\n\r\n", `"", then refused at 0: ` + chunkSize.String()},
		"a bare LF after a size":             {"5\nhello\r\n0\r\n\r\n", `"", then refused at 1: ` + chunkLF.String()},
		"a bare LF at the end":               {"0\r\n\n", `"", then refused at 3: ` + chunkLF.String()},
		"a bare LF after a trailer field":    {"0\r\nX: y\n\r\n", `"", then refused at 7: ` + chunkLF.String()},
		"a bare LF before a trailer's colon": {"0\r\nX \n: y\r\n\r\n", `"", then refused at 5: ` + chunkLF.String()},
		"a trailer's space and no colon":     {"0\r\nX y\r\n\r\n", `"", then refused at 5: ` + noColon.String()},
		"a trailer with a NUL":               {"0\r\nX: \x00\r\n\r\n", `"", then refused at 6: ` + controlInValue.String()},
		"a trailer that begins with a fold":  {"0\r\n X: y\r\n\r\n", `"", then refused at 3: ` + folded.String()},
		"more padding than a line may have":  {"5" + strings.Repeat(" ", 17) + "\r\nhello\r\n", `"", then refused at 17: ` + chunkExtLine.String()},
		"a trailer that is padded too much":  {"0\r\nX" + strings.Repeat(" ", 40) + ":\r\n", `"", then refused at 43: ` + trailerTooLong.String()},
		"a trailer with too many odd bytes":  {"0\r\nX:" + strings.Repeat("\x01", 39) + "\r\n", `"", then refused at 43: ` + trailerTooLong.String()},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := decodeEveryCut(t, &Chunks{Patient: true}, &Limits{ChunkLine: 16, Trailer: 40}, tc.raw); got != tc.want {
				t.Errorf("got %s, want %s, input %.100q", got, tc.want, tc.raw)
			}
		})
	}
}

func TestLimits_ofChunks(t *testing.T) {
	lim := &Limits{ChunkLine: 6, ChunkExt: 10, Trailer: 12, Fields: 2}
	x := strings.Repeat
	tests := map[string]struct {
		lim  *Limits
		raw  string
		want *flaw
	}{
		"an extension one below the limit":       {lim, "1;2345\r\na\r\n0\r\n\r\n", nil},
		"an extension at the limit":              {lim, "1;23456\r\na\r\n0\r\n\r\n", nil},
		"an extension one above the limit":       {lim, "1;234567\r\na\r\n0\r\n\r\n", chunkExtLine},
		"white space at the limit":               {lim, "1     ;\r\na\r\n0\r\n\r\n", nil},
		"white space above the limit":            {lim, "1      ;\r\na\r\n0\r\n\r\n", chunkExtLine},
		"extensions one below their limit":       {lim, "1;23456\r\na\r\n0;23\r\n\r\n", nil},
		"extensions at their limit":              {lim, "1;23456\r\na\r\n0;234\r\n\r\n", nil},
		"extensions one above their limit":       {lim, "1;23456\r\na\r\n0;2345\r\n\r\n", chunkExtTotal},
		"extensions above both limits":           {lim, "1;23456\r\na\r\n0;234567\r\n\r\n", chunkExtTotal},
		"a trailer one below its limit":          {lim, "0\r\nA: 345678\r\n\r\n", nil},
		"a trailer at its limit":                 {lim, "0\r\nA: 3456789\r\n\r\n", nil},
		"a trailer one above its limit":          {lim, "0\r\nA: 34567890\r\n\r\n", trailerTooLong},
		"a trailer two above its limit":          {lim, "0\r\nA: 345678901\r\n\r\n", trailerTooLong},
		"a trailer name above its limit":         {lim, "0\r\nA23456789012: \r\n\r\n", trailerTooLong},
		"trailer fields at their limit":          {lim, "0\r\nA:\r\nB:\r\n\r\n", nil},
		"trailer fields above their limit":       {lim, "0\r\nA:\r\nB:\r\nC:\r\n\r\n", trailerFields},
		"a default line of 4 KiB":                {nil, "1;" + x("x", 4095) + "\r\na\r\n0\r\n\r\n", nil},
		"a default line of 4 KiB and a byte":     {nil, "1;" + x("x", 4096) + "\r\na\r\n0\r\n\r\n", chunkExtLine},
		"default extensions of 16 KiB":           {nil, x("1;"+x("x", 4095)+"\r\na\r\n", 4) + "0\r\n\r\n", nil},
		"default extensions of 16 KiB and one":   {nil, x("1;"+x("x", 4095)+"\r\na\r\n", 4) + "0;\r\n\r\n", chunkExtTotal},
		"a default trailer of 8 KiB":             {nil, "0\r\nX: " + x("x", 8<<10-5) + "\r\n\r\n", nil},
		"a default trailer of 8 KiB and a byte":  {nil, "0\r\nX: " + x("x", 8<<10-4) + "\r\n\r\n", trailerTooLong},
		"many small chunks without extensions":   {nil, x("1\r\na\r\n", 20000) + "0\r\n\r\n", nil},
		"200 default trailer fields":             {nil, "0\r\n" + x("X:\r\n", 200) + "\r\n", nil},
		"201 default trailer fields":             {nil, "0\r\n" + x("X:\r\n", 201) + "\r\n", trailerFields},
		"a size of 16 digits and a long comment": {lim, "0000000000000001;2345\r\na\r\n0\r\n\r\n", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			raw := tc.raw
			if len(raw) > 40<<10 { // every cut of it takes too long
				if got := decodeCut(t, new(Chunks), tc.lim, raw); !strings.HasSuffix(got, fmt.Sprintf("in %d bytes", len(raw))) {
					t.Errorf("got %.100s", got)
				}
				return
			}
			got := decodeEveryCut(t, new(Chunks), tc.lim, raw)
			switch {
			case tc.want == nil && !strings.HasSuffix(got, fmt.Sprintf("in %d bytes", len(raw))):
				t.Errorf("got %.100s, want all of it, input %.100q", got, raw)
			case tc.want != nil && !strings.HasSuffix(got, ": "+tc.want.String()):
				t.Errorf("got %.100s, want %s, input %.100q", got, tc.want, raw)
			}
		})
	}
}

func TestAppendChunkSize(t *testing.T) {
	for _, n := range []int{1, 9, 10, 15, 16, 31, 255, 256, 4096, 1<<20 - 1, 1 << 30, math.MaxInt, 0} {
		if got, want := string(AppendChunkSize(nil, n)), fmt.Sprintf("%x\r\n", n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}
