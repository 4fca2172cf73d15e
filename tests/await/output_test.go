package await

import (
	"strings"
	"sync"
	"testing"
)

func TestOutput_hasEveryWriteWhole(t *testing.T) {
	t.Parallel()
	var out Output
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 100 {
				out.Write([]byte("a line\n"))
				if n := out.Len(); n > len(out.String()) {
					t.Errorf("%d bytes became fewer", n)
				}
			}
		})
	}
	writers.Wait()
	if got, want := out.String(), strings.Repeat("a line\n", 400); got != want {
		t.Errorf("got %d bytes, want %d lines, each whole", len(got), 400)
	}
}
