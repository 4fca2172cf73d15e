package site

import "sync"

// parts is what sites are made of, each known by a key that says all about it. Sites that need the same share it, so that
// a reload takes over what has not changed; what no site needs any more is closed.
type parts struct {
	mu   sync.Mutex // guards the rest, and every part's uses
	made map[any]*part
}

type part struct {
	value any
	close func()
	uses  int // by how many sites
}

// take returns the part of a key, which build makes if there is none; release gives it back.
func take[T any](p *parts, key any, build func() (T, func(), error)) (T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.made[key]; old != nil {
		old.uses++
		return old.value.(T), nil
	}
	value, end, err := build()
	if err == nil {
		p.made[key] = &part{value, end, 1}
	}
	return value, err
}

// release gives parts back, and closes those that nobody uses.
func (p *parts) release(keys []any) {
	var unused []func()
	p.mu.Lock()
	for _, key := range keys {
		it := p.made[key]
		if it.uses--; it.uses == 0 {
			delete(p.made, key)
			unused = append(unused, it.close)
		}
	}
	p.mu.Unlock()
	for _, end := range unused {
		end()
	}
}
