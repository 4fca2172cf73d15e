package sock

import (
	"io"
	"strings"
	"testing"
)

// fill reads once into in, as soon as there is something.
func fill(t *testing.T, c *Conn, in *Input, least, room int) {
	t.Helper()
	if err := unblocked(t, c, func() error { _, err := in.Fill(c, least, room); return err }); err != nil {
		t.Fatal(err)
	}
}

// TestInput_headStaysWhileTheBodyIsTaken: the head is kept where it is, however much follows, until the next message begins.
func TestInput_headStaysWhileTheBodyIsTaken(t *testing.T) {
	c, peer := startPair(t)
	var in Input
	if in.Len() != 0 || in.Rest() != nil || in.Head() != nil {
		t.Errorf("the zero value has %q after %q", in.Rest(), in.Head())
	}
	io.WriteString(peer, "headbo")
	fill(t, c, &in, 1, 1024)
	in.Keep(len("head"))
	if string(in.Head()) != "head" || string(in.Rest()) != "bo" {
		t.Fatalf("got %q and then %q", in.Head(), in.Rest())
	}
	in.Take(in.Len())
	for range 5 {
		io.WriteString(peer, strings.Repeat("x", 1000))
		for left := 1000; left > 0; {
			fill(t, c, &in, 1, 1024)
			left -= in.Len()
			in.Take(in.Len())
		}
	}
	if string(in.Head()) != "head" || cap(in.buf.B) > 4<<10 {
		t.Errorf("the head is %q; 5000 bytes that were taken at once needed %d", in.Head(), cap(in.buf.B))
	}
	io.WriteString(peer, "nextone")
	fill(t, c, &in, 1, 1024)
	in.Take(len("next"))
	in.Next()
	if string(in.Rest()) != "one" || len(in.Head()) != 0 || in.at != 0 {
		t.Errorf("the next message is %q at %d, after %q", in.Rest(), in.at, in.Head())
	}
	in.Take(in.Len())
	if in.Next(); in.buf != nil {
		t.Error("an empty input has a buffer")
	}
}

// TestInput_growsForAHead: what was not taken is never lost, and the buffer has the room that was asked for.
func TestInput_growsForAHead(t *testing.T) {
	c, peer := startPair(t)
	var in Input
	want := strings.Repeat("0123456789", 1000)
	io.WriteString(peer, want)
	for in.Len() < len(want) {
		fill(t, c, &in, 512, 1024)
	}
	if string(in.Rest()) != want {
		t.Errorf("%d bytes came, or others", in.Len())
	}
}

// TestInput_hasNoBufferBeforeThereAreBytes: an idle connection costs none.
func TestInput_hasNoBufferBeforeThereAreBytes(t *testing.T) {
	c, _ := startPair(t)
	c.Await()
	var in Input
	if _, err := in.Fill(c, 1, 1024); err != ErrWait || in.buf != nil {
		t.Errorf("got %v and the buffer %v", err, in.buf)
	}
}

// TestInput_shrinksAShortBeginning: it moves to a small buffer, a long one stays where it is.
func TestInput_shrinksAShortBeginning(t *testing.T) {
	const most, large = 512, 4 << 10
	for _, n := range []int{0, 1, most - 1, most, most + 1, large} {
		half := strings.Repeat("x", n)
		in := Input{buf: GetBuffer(large)}
		in.buf.B = append(in.buf.B[:0], half...)
		before := cap(in.buf.B)
		in.Shrink(most)
		if string(in.Rest()) != half {
			t.Errorf("%d bytes: %d are left, or others", n, in.Len())
		}
		if shrunk := cap(in.buf.B) < before; shrunk != (n <= most) {
			t.Errorf("%d bytes: the buffer went from %d to %d", n, before, cap(in.buf.B))
		}
	}
}

// TestReadOff_forgetsUpToSoMany: the rest is still there.
func TestReadOff_forgetsUpToSoMany(t *testing.T) {
	c, peer := startPair(t)
	io.WriteString(peer, "headbody")
	if err := unblocked(t, c, func() error { _, err := c.ReadOff(len("head")); return err }); err != nil {
		t.Fatal(err)
	}
	var in Input
	fill(t, c, &in, 1, 1024)
	if string(in.Rest()) != "body" {
		t.Errorf("what is left is %q", in.Rest())
	}
}

// TestBuffers_comeFromTheSmallestPoolThatHasTheirSize: and a buffer goes back to a pool that never gives more than it has.
func TestBuffers_comeFromTheSmallestPoolThatHasTheirSize(t *testing.T) {
	for i := range buffers {
		has := smallest << (2 * i)
		for n, want := range map[int]int{has - 1: i, has: i, has + 1: min(i+1, len(buffers)-1)} {
			if got := class(n); got != want {
				t.Errorf("%d bytes come from pool %d, want %d", n, got, want)
			}
		}
		for size, want := range map[int]int{has - 1: i - 1, has: i, 4*has - 1: i} {
			if got := classOf(size); size >= smallest && got != want {
				t.Errorf("a buffer of %d bytes goes to pool %d, want %d", size, got, want)
			}
		}
	}
}
