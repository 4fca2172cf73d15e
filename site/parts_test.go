package site

import (
	"errors"
	"slices"
	"testing"
)

// TestParts_areClosedAfterTheirLastUse: a part that two sites need is made once, and closed when the last of them has ended.
func TestParts_areClosedAfterTheirLastUse(t *testing.T) {
	p := parts{made: map[any]*part{}}
	var closed []string
	made := 0
	get := func(key string) int {
		t.Helper()
		n, err := take(&p, key, func() (int, func(), error) {
			made++
			return made, func() { closed = append(closed, key) }, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if a, b := get("backend"), get("route"); a != 1 || b != 2 {
		t.Errorf("made %d and %d, want two parts", a, b)
	}
	if again := get("backend"); again != 1 { // by the next site
		t.Errorf("the next site has part %d, want the first one's", again)
	}
	p.release([]any{"route", "backend"}) // by the first
	if !slices.Equal(closed, []string{"route"}) {
		t.Errorf("%q are closed, want the route alone", closed)
	}
	p.release([]any{"backend"})
	if !slices.Equal(closed, []string{"route", "backend"}) || len(p.made) != 0 {
		t.Errorf("%q are closed, and %d left", closed, len(p.made))
	}
	if anew := get("backend"); anew != 3 {
		t.Errorf("got part %d, want a new one", anew)
	}
}

// TestParts_areNotKeptAfterAFailure: the next take builds again.
func TestParts_areNotKeptAfterAFailure(t *testing.T) {
	p := parts{made: map[any]*part{}}
	wrong := errors.New("wrong")
	if _, err := take(&p, "x", func() (int, func(), error) { return 0, nil, wrong }); err != wrong || len(p.made) != 0 {
		t.Errorf("got %v, and %d parts", err, len(p.made))
	}
	if n, err := take(&p, "x", func() (int, func(), error) { return 7, func() {}, nil }); n != 7 || err != nil {
		t.Errorf("then got %d, %v", n, err)
	}
}
