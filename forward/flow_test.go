package forward

import (
	"errors"
	"testing"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/sock"
	"tenfour/tests/await"
)

// taken has a flow take raw, of which the first cut bytes came with the head and the rest comes over a real connection that ends then. The
// flow gives nothing: what it would give is returned.
func taken(t *testing.T, l *lot.Lot, f flow, raw string, cut int) (string, *flowError) {
	t.Helper()
	from, peer := pair(t, l)
	defer from.Close()
	if _, err := peer.Write([]byte(raw[cut:])); err != nil {
		t.Fatal(err)
	}
	peer.Close()
	var portion Portion
	f.from, f.in, f.limits, f.chunks = from, sock.InputOf([]byte(raw[:cut])), &httpparse.DefaultLimits, &httpparse.Chunks{Patient: true}
	f.outgoing = outgoing{out: sock.GetBuffer(firstRead), hold: holdLeast, portion: &portion}
	var err *flowError
	await.Until(t, "the flow has taken all", func() bool {
		from.Retry()
		_, err = f.step()
		return err != nil || f.taken
	})
	return string(f.out.B), err
}

func TestFlow_givesABodyInTheFramingThatWasChosen(t *testing.T) {
	tests := map[string]struct {
		flow flow
		raw  string
		want string // of a body that came in one piece
	}{
		"a length stays":                       {flow{framing: httpparse.Length, left: 5}, "hello", "hello"},
		"bytes after a length are not its":     {flow{framing: httpparse.Length, left: 4}, "hello", "hell"},
		"an end by close stays":                {flow{framing: httpparse.UntilClose}, "hello", "hello"},
		"chunks are decoded":                   {flow{framing: httpparse.Chunked}, "2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n", "hello"},
		"chunks stay chunks, without the rest": {flow{framing: httpparse.Chunked, chunked: true}, "5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"},
		"an end by close becomes chunks":       {flow{framing: httpparse.UntilClose, chunked: true}, "hello", "5\r\nhello\r\n0\r\n\r\n"},
	}
	l := newLot(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for cut := range len(tc.raw) + 1 {
				got, err := taken(t, l, tc.flow, tc.raw, cut)
				if err != nil {
					t.Fatalf("cut at %d: %v", cut, err)
				}
				if tc.flow.chunked {
					got, tc.want = content(t, got), content(t, tc.want)
				}
				if got != tc.want {
					t.Errorf("cut at %d: got %q, want %q", cut, got, tc.want)
				}
			}
		})
	}
}

// content decodes a chunked body that is whole; of other text it returns all.
func content(t *testing.T, raw string) (data string) {
	t.Helper()
	var c httpparse.Chunks
	if raw == "hello" {
		return raw
	}
	for rest := []byte(raw); ; {
		n, some, done, err := c.Next(rest, &httpparse.DefaultLimits)
		if err != nil {
			t.Fatalf("%q is not chunked: %v", raw, err)
		}
		data += string(some)
		if rest = rest[n:]; done {
			return data
		}
	}
}

// TestFlow_saysThatABodyWasCut: an end before the framing said is a failure of the side that sent it.
func TestFlow_saysThatABodyWasCut(t *testing.T) {
	tests := map[string]struct {
		flow flow
		raw  string
	}{
		"short of its length":    {flow{framing: httpparse.Length, left: 6}, "hello"},
		"inside a chunk":         {flow{framing: httpparse.Chunked}, "6\r\nhello"},
		"without its last chunk": {flow{framing: httpparse.Chunked, chunked: true}, "5\r\nhello\r\n"},
	}
	l := newLot(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for cut := range len(tc.raw) + 1 {
				if _, err := taken(t, l, tc.flow, tc.raw, cut); err == nil || !err.taking || !errors.Is(err.err, errIncomplete) {
					t.Errorf("cut at %d: got %v, want %v of the side that gives", cut, err, errIncomplete)
				}
			}
		})
	}
}
