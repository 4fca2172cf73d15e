package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// directory is the site of a directory, by its absolute path.
//
// It opens the path anew for each request, because a build may delete the directory and make it again, or point a symlink
// to the next release. All files below are opened through that os.Root.
type directory string

// Dir returns a handler that serves the files below dir. For a directory it serves its index.html, or a listing if there is
// none. It handles GET and HEAD, ranges and If-Modified-Since.
//
// A path with an element that begins with a dot is not served and not listed. A symlink that leads out of dir counts as
// missing. A symlink that stays inside is followed, even to a name with a dot, because making it means to publish its target.
func Dir(dir string) (http.Handler, error) {
	if dir == "" {
		return nil, errors.New("serve: the directory has no name; write one, or . for the current one")
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("serve %s: there is no such directory; make it, or name one that exists", dir)
	}
	if err == nil && !info.IsDir() {
		return nil, fmt.Errorf("serve %s: it is not a directory; name the directory that it is in: %s", dir, filepath.Dir(dir))
	}
	root, err := openRoot(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("serve %s: it cannot be read; run as a user with permission, or change its permissions", dir)
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

// openRoot opens a directory. It never waits: a named pipe in its place, which an open waits at until a process writes to it, has no
// entry "." and is an error.
func openRoot(dir string) (*os.Root, error) {
	return os.OpenRoot(dir + string(filepath.Separator) + ".")
}

// openIn opens a file or a directory below the root. It never waits, even if a named pipe has just taken the file's place.
func openIn(root *os.Root, name string) (*os.File, error) {
	return root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
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
	root, err := openRoot(string(d))
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "The directory that is served here cannot be opened at the moment.")
		return
	}
	defer root.Close()

	// The type is checked before the file is opened, because opening a named pipe waits until a process writes to it.
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

// localName turns the decoded path of a request into a name below the root; "." is the root itself. It is not ok if an
// element is empty or begins with a dot, which includes "." and "..".
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

// refuseFor answers for an error of the file system. A link that leads out, a name that is too long and the like are "not
// found". Only if the process has no descriptors left the answer is another, because the page may exist.
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
	f, err := openIn(root, name)
	if err != nil {
		refuseFor(w, err)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		refuseFor(w, err)
		return
	}
	w.Header()["X-Content-Type-Options"] = nosniff
	http.ServeContent(w, r, info.Name(), info.ModTime(), f)
}

// redirectInto sends the client from /sub to /sub/, where relative links work as their author meant. The Location is relative
// because a backend does not know its address as clients see it. It is not permanent, because browsers would remember it for
// this port long after another directory is served there.
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
	entries, more, err := list(root, name, maxListed)
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
