package trace

import (
	"slices"
	"strings"
	"sync/atomic"
)

// secretNames are names of fields whose values are credentials because the settings say so, in lower case.
type secretNames struct{ atomic.Pointer[[]string] }

func (s *secretNames) names() []string {
	if p := s.Load(); p != nil {
		return *p
	}
	return nil
}

// Hide has the values of fields by these names masked from now on, whatever they look like: the settings take them from where credentials
// are. Names of before stay hidden, because exchanges of before may still go on. One goroutine calls it.
func (b *Book) Hide(names []string) {
	if b == nil || len(names) == 0 {
		return
	}
	all := slices.Clone(b.secrets.names())
	for _, name := range names {
		all = append(all, strings.ToLower(name))
	}
	slices.Sort(all)
	all = slices.Compact(all)
	b.secrets.Store(&all)
}
