package admit

import (
	"os"
	"strings"
	"time"

	"tenfour/source"
)

// Reloader is a value from a file or from the environment that can be read again.
type Reloader interface {
	Source() string // a file, or env:NAME
	Reload() error  // if it fails, nothing has changed
}

// watchEvery is how often a file is checked for changes.
const watchEvery = time.Second

// Watcher reads a file again each time it has changed, until Close.
type Watcher struct {
	r     Reloader
	told  func(error)
	quit  chan struct{} // closed by Close
	ended chan struct{} // closed when nothing is watched any more
}

// Watch watches r's file. After each reload it calls told with its error, or nil, on one goroutine. An environment variable
// is not watched, because it does not change.
func Watch(r Reloader, told func(error)) *Watcher {
	w := &Watcher{r: r, told: told, quit: make(chan struct{}), ended: make(chan struct{})}
	if strings.HasPrefix(r.Source(), source.Env) {
		close(w.ended)
		return w
	}
	last, _ := os.Stat(r.Source())
	go w.watch(last) // ends with Close
	return w
}

// closeWait is how long Close waits for a file system that does not answer.
const closeWait = time.Second

// Close ends the watching. After it returns, told is not called any more.
func (w *Watcher) Close() {
	close(w.quit)
	select {
	case <-w.ended:
	case <-time.After(closeWait):
	}
}

func (w *Watcher) watch(last os.FileInfo) {
	defer close(w.ended)
	every := time.NewTicker(watchEvery)
	defer every.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-every.C:
		}
		now, _ := os.Stat(w.r.Source()) // nil while the file is missing: another process may be replacing it
		if now == nil || sameContent(last, now) {
			continue
		}
		last = now
		err := w.r.Reload()
		select {
		case <-w.quit: // Close may have waited long enough
			return
		default:
			w.told(err)
		}
	}
}

// sameContent reports whether a file seems unchanged between two calls of os.Stat.
func sameContent(a, b os.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
