package site

import "sync"

// parts are the backends, queues, credentials and so on that sites are made of. The key of a part says everything that it is
// made from. Sites that need the same part share it, so that a reload keeps what has not changed. A part that no site needs any
// more is closed.
type parts struct {
	mu   sync.Mutex // guards the rest, and every part's uses
	made map[any]*part
}

type part struct {
	value any
	close func()
	uses  int // how many sites use it
}

// take returns the part with a key, and calls build if there is none. The caller gives it back with release. One goroutine at a time
// takes parts. Nothing is locked while build runs, because build may have to wait for a file system.
func take[T any](p *parts, key any, build func() (T, func(), error)) (T, error) {
	if old := p.use(key); old != nil {
		return old.value.(T), nil
	}
	value, end, err := build()
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.made[key] = &part{value, end, 1}
	}
	return value, err
}

// use counts one more use of the part with a key. It returns nil if there is none.
func (p *parts) use(key any) *part {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.made[key]
	if old != nil {
		old.uses++
	}
	return old
}

// release gives parts back, and closes those that no site uses any more.
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
