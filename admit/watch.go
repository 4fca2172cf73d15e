package admit

import (
	"os"
	"strings"
	"sync"
	"time"
)

// Reloader is what comes from a file, or from the environment, and can be read again.
type Reloader interface {
	Source() string // a file, or env:NAME
	Reload() error  // with an error nothing has changed
}

// watchEvery is how soon a changed file is noticed.
const watchEvery = time.Second

// Watcher reads a file again whenever it has changed, until Close.
type Watcher struct {
	r     Reloader
	told  func(error)
	quit  chan struct{} // closed by Close
	ended sync.WaitGroup
}

// Watch watches r's file, and has told know whenever it was read again, or could not be. It is called by one goroutine.
// An environment variable does not change.
func Watch(r Reloader, told func(error)) *Watcher {
	w := &Watcher{r: r, told: told, quit: make(chan struct{})}
	if !strings.HasPrefix(r.Source(), "env:") {
		last, _ := os.Stat(r.Source())
		w.ended.Go(func() { w.watch(last) }) // ends with Close
	}
	return w
}

// Close ends the watching.
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
		now, _ := os.Stat(w.r.Source()) // nil while it is not there: somebody may be replacing it
		if now == nil || sameContent(last, now) {
			continue
		}
		last = now
		w.told(w.r.Reload())
	}
}

// sameContent reports whether a file seems not to have been written between two looks at it.
func sameContent(a, b os.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
