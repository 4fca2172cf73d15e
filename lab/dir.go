package lab

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// maxListed bounds the entries in one listing; the page says so when there are more.
const maxListed = 10_000

// directory is the site of a directory, by its absolute path.
//
// It opens that path anew for each request, so that a build may delete the directory and make it again, or turn a
// symlink at its end to the next release. Everything below it goes through that os.Root.
type directory string

// Dir is a site of the files below dir: index.html for a directory that has one, a listing for one that has not. It takes
// GET and HEAD, ranges and If-Modified-Since.
//
// Nothing is served or listed whose path has an element that begins with a dot. A symlink that leads out of dir does not
// exist; one that stays inside is followed under its own name, wherever it leads: who makes it means to publish it.
func Dir(dir string) (http.Handler, error) {
	if dir == "" {
		return nil, errors.New("serve: no directory is named; name one, or . for this one")
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("serve %s: there is no such directory; make it, or name one that is there", dir)
	}
	if err == nil && !info.IsDir() {
		return nil, fmt.Errorf("serve %s: it is not a directory; name the one that it is in: %s", dir, filepath.Dir(dir))
	}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("serve %s: it may not be read; run as a user who may, or change its permissions", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", dir, err)
	}
	root.Close()

	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", dir, err)
	}
	return directory(absolute), nil
}

func (d directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !readOnly(w, r) {
		return
	}
	name, ok := localName(r.URL.Path)
	if !ok {
		refuseFor(w, fs.ErrNotExist)
		return
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "The directory that is served here cannot be opened at the moment.")
		return
	}
	defer root.Close()

	// Asked before it is opened: opening a named pipe waits until somebody writes to it.
	info, err := root.Stat(name)
	asDir := name == "." || strings.HasSuffix(r.URL.Path, "/")
	switch {
	case err != nil:
		refuseFor(w, err)
	case info.IsDir() && asDir:
		serveDir(w, r, root, name)
	case info.IsDir():
		redirectInto(w, r)
	case info.Mode().IsRegular() && !asDir:
		serveFile(w, r, root, name)
	default:
		refuseFor(w, fs.ErrNotExist)
	}
}

// localName turns the path of a request, its percent-encoding already undone, into a name below the root; "." is the root
// itself. It is not ok for an empty element, and for one that begins with a dot: those of "." and ".." among them.
func localName(urlPath string) (name string, ok bool) {
	slashed := strings.TrimSuffix(strings.TrimPrefix(urlPath, "/"), "/")
	if slashed == "" {
		return ".", urlPath != "//"
	}
	for element := range strings.SplitSeq(slashed, "/") {
		if hidden(element) {
			return "", false
		}
	}
	name, err := filepath.Localize(slashed) // refuses an empty element, and on Windows a backslash, the other separator
	return name, err == nil
}

func hidden(element string) bool { return strings.HasPrefix(element, ".") }

// refuseFor turns what the file system said into an answer. A link that leads out, a name too long and the like are all
// "not found"; but a process short of descriptors must not say of a page that it does not exist.
func refuseFor(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, fs.ErrPermission):
		refuse(w, http.StatusForbidden, "This is here, but this server may not read it.")
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EIO):
		refuse(w, http.StatusServiceUnavailable, "This cannot be read at the moment.")
	default:
		refuse(w, http.StatusNotFound, "There is no such page at this address.")
	}
}

func serveFile(w http.ResponseWriter, r *http.Request, root *os.Root, name string) {
	f, err := root.Open(name)
	if err != nil {
		refuseFor(w, err)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		refuseFor(w, err)
		return
	}
	w.Header()["X-Content-Type-Options"] = nosniff
	http.ServeContent(w, r, info.Name(), info.ModTime(), f)
}

// redirectInto sends the client from /sub to /sub/, where relative links mean what their author meant. The Location is
// relative, for a backend does not know its address as clients see it; and not permanent, for browsers would remember it
// at this port long after another directory is served there.
func redirectInto(w http.ResponseWriter, r *http.Request) {
	to := url.URL{Path: path.Base(r.URL.Path) + "/", RawQuery: r.URL.RawQuery}
	w.Header().Set("Location", to.String())
	refuse(w, http.StatusFound, "This is a directory: its address ends in a slash.")
}

func serveDir(w http.ResponseWriter, r *http.Request, root *os.Root, name string) {
	index := filepath.Join(name, "index.html")
	if info, err := root.Stat(index); err == nil && info.Mode().IsRegular() {
		serveFile(w, r, root, index)
		return
	} else if errors.Is(err, fs.ErrPermission) {
		refuseFor(w, err)
		return
	}
	entries, more, err := list(root, name)
	if err != nil {
		refuseFor(w, err)
		return
	}
	title := "/"
	if name != "." {
		title = "/" + filepath.ToSlash(name) + "/"
	}
	w.Header().Set("Cache-Control", "no-cache")
	sendTemplate(w, http.StatusOK, "listing", listing{title, entries, more})
}

// listing is the page of a directory without an index.html.
type listing struct {
	Path    string // from the root, with a slash at both ends
	Entries []entry
	More    bool // there are more than maxListed
}

func (l listing) AtRoot() bool { return l.Path == "/" }

// entry is a file or a directory in a listing.
type entry struct {
	Name    string // with a slash behind it if it is a directory
	Bytes   int64
	Changed time.Time
	IsDir   bool
}

func (e entry) Href() string { return (&url.URL{Path: e.Name}).String() }
func (e entry) When() string { return e.Changed.UTC().Format("2006-01-02 15:04") }

// Size is Bytes for people: "812 B", "4.0 KiB".
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

// list returns what a client may ask for in the directory of that name, directories first.
func list(root *os.Root, name string) (entries []entry, more bool, err error) {
	dir, err := root.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxListed + 1)
	if len(names) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	more = len(names) > maxListed
	for _, base := range names[:min(len(names), maxListed)] {
		if hidden(base) {
			continue
		}
		info, err := root.Stat(filepath.Join(name, base))
		switch {
		case err != nil: // gone since, or a link that leads out
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
