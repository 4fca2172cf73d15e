package admit

import (
	"os"
	"strings"
	"time"

	"tenfour/source"
)

// Reloader is a value from files, or from the environment, that can be read again.
type Reloader interface {
	Files() []string // that are read; none for a value from the environment, which does not change
	Reload() error   // if it fails, nothing has changed
}

// fileOf is the file of a source that is a file, or none.
func fileOf(from string) []string {
	if strings.HasPrefix(from, source.Env) {
		return nil
	}
	return []string{from}
}

// watchEvery is how often a file is checked for changes.
const watchEvery = time.Second

// Watcher reads files again each time one of them has changed, until Close.
type Watcher struct {
	r     Reloader
	told  func(error)
	quit  chan struct{} // closed by Close
	ended chan struct{} // closed when nothing is watched any more
}

// Watch watches r's files. After each reload it calls told with its error, or nil, on one goroutine.
func Watch(r Reloader, told func(error)) *Watcher {
	w := &Watcher{r: r, told: told, quit: make(chan struct{}), ended: make(chan struct{})}
	files := r.Files()
	if len(files) == 0 {
		close(w.ended)
		return w
	}
	last := make([]os.FileInfo, len(files))
	for i, file := range files {
		last[i], _ = os.Stat(file)
	}
	go w.watch(files, last) // ends with Close
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

func (w *Watcher) watch(files []string, last []os.FileInfo) {
	defer close(w.ended)
	every := time.NewTicker(watchEvery)
	defer every.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-every.C:
		}
		if !changed(files, last) {
			continue
		}
		err := w.r.Reload()
		select {
		case <-w.quit: // Close may have waited long enough
			return
		default:
			w.told(err)
		}
	}
}

// changed reports whether a file has changed since last, and notes how it is now. A file that is missing has not: another process
// may be replacing it.
func changed(files []string, last []os.FileInfo) (any bool) {
	for i, file := range files {
		now, _ := os.Stat(file)
		if now != nil && !sameContent(last[i], now) {
			last[i], any = now, true
		}
	}
	return any
}

// sameContent reports whether a file seems unchanged between two calls of os.Stat.
func sameContent(a, b os.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
