package forward

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"tenfour/sock"
)

func TestBody_holdsWhatWasPutIn(t *testing.T) {
	c, peer := pair(t, newLot(t))
	defer peer.Close()
	defer c.Close()
	var want []byte
	b := NewBody(nil, 0)
	rng := rand.New(rand.NewPCG(1, 2))
	for len(want) < 300<<10 {
		p := make([]byte, 1+rng.IntN(40<<10))
		for i := range p {
			p[i] = byte(rng.Int())
		}
		if rng.IntN(2) == 0 {
			b.Append(p)
		} else {
			peer.Write(p)
			for left := len(p); left > 0; c.Retry() {
				n, err := b.Fill(c, left)
				if err != nil && err != sock.ErrWait {
					t.Fatal(err)
				}
				left -= n
			}
		}
		want = append(want, p...)
		if b.Len() != len(want) {
			t.Fatalf("Len is %d after %d bytes", b.Len(), len(want))
		}
	}
	var got []byte
	capacity := 0
	for _, piece := range b.pieces {
		got = append(got, piece.B...)
		capacity += cap(piece.B)
	}
	if !bytes.Equal(got, want) {
		t.Error("the pieces are not what was put in")
	}
	if spare := capacity - len(want); spare > pieceMost {
		t.Errorf("%d bytes of its memory are unused, want a piece's %d at most", spare, pieceMost)
	}
	b.Leave()
}

// TestBody_isGivenBackByItsLastUser: not before, whichever of them that is.
func TestBody_isGivenBackByItsLastUser(t *testing.T) {
	b := NewBody(nil, 0)
	b.Append([]byte("content"))
	piece := b.pieces[0]
	b.Share()
	b.Leave()
	if b.Len() != 7 || len(b.pieces) != 1 || b.pieces[0] != piece || string(piece.B) != "content" {
		t.Errorf("after one of two has left it: %d bytes in %d pieces", b.Len(), len(b.pieces))
	}
	b.Leave()
	if b.Len() != 0 || len(b.pieces) != 0 {
		t.Errorf("after both have left: %d bytes in %d pieces", b.Len(), len(b.pieces))
	}
}

// TestBody_isReadFromItsFileAndMemory: a reader gives all of it, and the last user's Leave closes the file.
func TestBody_isReadFromItsFileAndMemory(t *testing.T) {
	name := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(name, []byte("from a file, "), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b := FileBody(f, 13)
	b.Append([]byte("and from memory"))
	for range 2 {
		got, err := io.ReadAll(b.Reader())
		if string(got) != "from a file, and from memory" || err != nil || b.Len() != len(got) {
			t.Errorf("got %q (%v) of %d bytes", got, err, b.Len())
		}
	}
	b.Leave()
	if err := f.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file is open after Leave (%v)", err)
	}
	if got, err := io.ReadAll((*Body)(nil).Reader()); len(got) > 0 || err != nil {
		t.Errorf("no body is %q (%v)", got, err)
	}
}
