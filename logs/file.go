package logs

import (
	"os"
	"sync"
)

// file is where an access log goes. It is safe for use by several goroutines.
type file struct {
	path string // fixed

	mu   sync.Mutex // guards it
	file *os.File
}

// reopen opens the file of that path, made if there is none, and leaves the one that was open. With an error that stays.
func (f *file) reopen() error {
	next, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file != nil {
		f.file.Close()
	}
	f.file = next
	return nil
}

func (f *file) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Write(p)
}

// Close closes the file.
func (f *file) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}
