package lab

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// maxListed is how many entries a listing shows. If there are more, the page says so.
const maxListed = 10_000

// listing is the page of a directory without an index.html.
type listing struct {
	Path    string // from the root, with a slash at both ends
	Entries []entry
	More    bool // there are more entries than maxListed
}

func (l listing) AtRoot() bool { return l.Path == "/" }

// entry is a file or a directory in a listing.
type entry struct {
	Name    string // ends in a slash if it is a directory
	Bytes   int64
	Changed time.Time
	IsDir   bool
}

func (e entry) Href() string { return (&url.URL{Path: e.Name}).String() }

func (e entry) When() string { return e.Changed.UTC().Format("2006-01-02 15:04") }

// Size returns Bytes in words for people: "812 B", "4.0 KiB".
func (e entry) Size() string {
	if e.Bytes < 1024 {
		return fmt.Sprintf("%d B", e.Bytes)
	}
	size, unit := float64(e.Bytes)/1024, 0
	for size >= 1024 {
		size, unit = size/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", size, "KMGTPE"[unit])
}

// list returns the entries of a directory that a client may ask for, directories first; at most so many, and whether there are more.
func list(root *os.Root, name string, most int) (entries []entry, more bool, err error) {
	dir, err := openIn(root, name)
	if err != nil {
		return nil, false, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(most + 1)
	if len(names) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	more = len(names) > most
	for _, base := range names[:min(len(names), most)] {
		if hidden(base) {
			continue
		}
		info, err := root.Stat(filepath.Join(name, base))
		switch {
		case err != nil: // deleted meanwhile, or a link that leads out
		case info.IsDir():
			entries = append(entries, entry{Name: base + "/", Changed: info.ModTime(), IsDir: true})
		case info.Mode().IsRegular():
			entries = append(entries, entry{Name: base, Bytes: info.Size(), Changed: info.ModTime()})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.IsDir != b.IsDir {
			if a.IsDir {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return entries, more, nil
}
