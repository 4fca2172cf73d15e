package admit

import (
	"os"
	"strings"
	"sync"
	"time"
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
	ended sync.WaitGroup
}

// Watch watches r's file. After each reload it calls told with its error, or nil, on one goroutine. An environment variable
// is not watched, because it does not change.
func Watch(r Reloader, told func(error)) *Watcher {
	w := &Watcher{r: r, told: told, quit: make(chan struct{})}
	if !strings.HasPrefix(r.Source(), "env:") {
		last, _ := os.Stat(r.Source())
		w.ended.Go(func() { w.watch(last) }) // ends with Close
	}
	return w
}

// Close ends the watching. After it returns, told is not called any more.
func (w *Watcher) Close() {
	close(w.quit)
	w.ended.Wait()
}

func (w *Watcher) watch(last os.FileInfo) {
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
		w.told(w.r.Reload())
	}
}

// sameContent reports whether a file seems unchanged between two calls of os.Stat.
func sameContent(a, b os.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
