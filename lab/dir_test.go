package lab

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const secret = "a secret that must not be served"

// plant writes files below dir, by path and content. A path that ends in a slash makes a directory.
func plant(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(file, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t testing.TB, to, from string) {
	t.Helper()
	if err := os.Symlink(to, from); err != nil {
		t.Fatal(err)
	}
}

// tree serves a directory with files, directories and links of every kind, with secrets in it and around it.
func tree(t testing.TB) http.Handler {
	t.Helper()
	around := t.TempDir()
	dir := filepath.Join(around, "public")
	plant(t, around, map[string]string{
		"outside.txt":              secret,
		"publicity/a.txt":          secret,
		"public/a.txt":             "hello, world\n",
		"public/b c%2f?#&<i>.txt":  "an awkward name",
		"public/x:y/z.txt":         "looks like a scheme",
		"public/style.css":         "b{}",
		"public/data.json":         "{}",
		"public/plain":             "no extension",
		"public/site/index.html":   "<p>the index</p>",
		"public/sub/deep/a.txt":    "deep",
		"public/sub/.hidden":       secret,
		"public/sub/.git/config":   secret,
		"public/.git/config":       secret,
		"public/.env":              secret,
		"public/..fine":            secret,
		"public/...":               secret,
		"public/.well/index.html":  secret,
		"public/empty/":            "",
		"public/releases/1/on.txt": "first release",
	})
	link(t, "a.txt", filepath.Join(dir, "inside.txt"))
	link(t, "releases/1", filepath.Join(dir, "current"))
	link(t, "../outside.txt", filepath.Join(dir, "out-relative.txt"))
	link(t, filepath.Join(around, "outside.txt"), filepath.Join(dir, "out-absolute.txt"))
	link(t, "..", filepath.Join(dir, "out-dir"))
	link(t, "../../../../../../../../etc", filepath.Join(dir, "out-etc"))
	link(t, "out-dir", filepath.Join(dir, "out-twice"))
	link(t, "../../outside.txt", filepath.Join(dir, "sub/out.txt"))
	link(t, "../../outside.txt", filepath.Join(dir, "empty/index.html"))
	link(t, "loop", filepath.Join(dir, "loop"))
	link(t, "nowhere", filepath.Join(dir, "dangling"))

	h, err := Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestDir_servesFiles(t *testing.T) {
	tests := map[string]struct{ target, content, contentType string }{
		"text":                     {"/a.txt", "hello, world\n", "text/plain; charset=utf-8"},
		"a style":                  {"/style.css", "b{}", "text/css; charset=utf-8"},
		"JSON":                     {"/data.json", "{}", "application/json"},
		"no extension":             {"/plain", "no extension", "text/plain; charset=utf-8"},
		"below a directory":        {"/sub/deep/a.txt", "deep", "text/plain; charset=utf-8"},
		"with a query":             {"/a.txt?v=1", "hello, world\n", "text/plain; charset=utf-8"},
		"in absolute-form":         {"http://a/a.txt", "hello, world\n", "text/plain; charset=utf-8"},
		"a name that is awkward":   {"/b%20c%252f%3F%23&%3Ci%3E.txt", "an awkward name", "text/plain; charset=utf-8"},
		"an index":                 {"/site/", "<p>the index</p>", "text/html; charset=utf-8"},
		"an index by its name":     {"/site/index.html", "<p>the index</p>", "text/html; charset=utf-8"},
		"a link to a file here":    {"/inside.txt", "hello, world\n", "text/plain; charset=utf-8"},
		"below a link to a folder": {"/current/on.txt", "first release", "text/plain; charset=utf-8"},
	}
	addr := start(t, tree(t))
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			get := ask(t, addr, "GET", tc.target)
			get.want(t, 200)
			if get.content != tc.content {
				t.Errorf("got %q, want %q", get.content, tc.content)
			}
			if got := get.Header.Get("Content-Type"); got != tc.contentType {
				t.Errorf("got Content-Type %q, want %q", got, tc.contentType)
			}
			if got := get.Header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("got X-Content-Type-Options %q", got)
			}
			head := ask(t, addr, "HEAD", tc.target)
			head.want(t, 200)
			if head.content != "" || head.ContentLength != int64(len(tc.content)) {
				t.Errorf("HEAD has %q and Content-Length %d, want nothing and %d", head.content, head.ContentLength, len(tc.content))
			}
		})
	}
}

func TestDir_hasNoWayOutAndNoDotfiles(t *testing.T) {
	addr := start(t, tree(t))
	for _, target := range []string{
		// Names that begin with a dot, at any depth, in any encoding.
		"/.env", "/%2eenv", "/%2Eenv", "/.git", "/.git/", "/.git/config", "/%2egit/config", "/.git%2fconfig",
		"/sub/.hidden", "/sub/.git/config", "/sub%2f.hidden", "/sub/%2e%68idden", "/..fine", "/...", "/.../", "/.well/",
		"/.well/index.html", "/sub/./deep/a.txt", "/./a.txt", "/.", "/./", "/a.txt/.", "/sub/deep/.", "/.%00env",
		// Ways up.
		"/..", "/../", "/../outside.txt", "/..%2foutside.txt", "/%2e%2e/outside.txt", "/%2e%2e%2foutside.txt", "/..%2f",
		"/sub/../../outside.txt", "/sub/..%2f..%2foutside.txt", "/sub/../a.txt", "/sub%2f..%2fa.txt", "/../publicity/a.txt",
		"/..\\outside.txt", "/..%5coutside.txt", "/%2e%2e%5coutside.txt", "/sub/..", "/sub/%2e%2e", "/%252e%252e/outside.txt",
		"/..;/outside.txt", "/....//outside.txt", "/%c0%ae%c0%ae/outside.txt", "/../public/a.txt",
		// Absolute names, and empty elements.
		"//etc/passwd", "/%2fetc/passwd", "/%2f%2fetc/passwd", "///", "//", "/%2f", "//a.txt", "/sub//deep/a.txt", "/a.txt//",
		// Links that lead out, or nowhere.
		"/out-relative.txt", "/out-absolute.txt", "/out-dir/", "/out-dir/outside.txt", "/out-etc/passwd", "/out-twice/outside.txt",
		"/sub/out.txt", "/empty/index.html", "/loop", "/dangling", "/out-dir", "/out-dir/public/a.txt",
		// Names that no file here has.
		"/nothing", "/nothing/", "/a.txt/", "/a.txt/b", "/a.txt%00", "/a.txt%00.html", "/%00", "/%ff%fe", "/A.TXT%20", "/" + strings.Repeat("n", 300),
		"/" + strings.Repeat("a/", 3000),
	} {
		for _, method := range []string{"GET", "HEAD"} {
			r := ask(t, addr, method, target)
			if r.StatusCode != 404 || strings.Contains(r.content, secret) {
				t.Errorf("%s %.80s: got status %d, want 404; content %.80q", method, target, r.StatusCode, r.content)
			}
		}
	}
}

func TestDir_refusesOtherMethods(t *testing.T) {
	addr := start(t, tree(t))
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get"} {
		for _, target := range []string{"/a.txt", "/sub/", "/nothing"} {
			r := ask(t, addr, method, target, "Content-Length: 0")
			if allow := r.Header.Get("Allow"); r.StatusCode != 405 || allow != "GET, HEAD" {
				t.Errorf("%s %s: got status %d, Allow %q; want 405, GET and HEAD", method, target, r.StatusCode, allow)
			}
		}
	}
}

func TestDir_listsADirectoryWithoutAnIndex(t *testing.T) {
	addr := start(t, tree(t))
	tests := map[string]struct {
		target string
		want   []string // what it links to, in this order
	}{
		"directories first, no dotfiles, no ways out": {"/", []string{
			"current/", "empty/", "releases/", "site/", "sub/", "./x:y/",
			"a.txt", "b%20c%252f%3F%23&amp;%3Ci%3E.txt", "data.json", "inside.txt", "plain", "style.css"}},
		"a directory below, with the way up":   {"/sub/", []string{"../", "deep/"}},
		"an index that leads out is not there": {"/empty/", []string{"../"}},
		"a directory with a colon":             {"/x:y/", []string{"../", "z.txt"}},
		"the root in absolute-form, with no path": {"http://a", []string{
			"current/", "empty/", "releases/", "site/", "sub/", "./x:y/",
			"a.txt", "b%20c%252f%3F%23&amp;%3Ci%3E.txt", "data.json", "inside.txt", "plain", "style.css"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := ask(t, addr, "GET", tc.target)
			r.want(t, 200)
			var got []string
			for _, rest := range strings.Split(r.content, `<a href="`)[1:] {
				href, _, _ := strings.Cut(rest, `"`)
				got = append(got, href)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got links %q\nwant      %q", got, tc.want)
			}
			if strings.Contains(r.content, "<i>") {
				t.Error("a file's name has become markup")
			}
			head := ask(t, addr, "HEAD", tc.target)
			if head.StatusCode != 200 || head.content != "" || head.ContentLength != int64(len(r.content)) {
				t.Errorf("HEAD has status %d, %d bytes, Content-Length %d; GET has %d bytes", head.StatusCode, len(head.content), head.ContentLength, len(r.content))
			}
		})
	}
}

func TestList_hasNoMoreThanItsLimit(t *testing.T) {
	const most = 20
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for n := range most + 2 {
		entries, more, err := list(root, ".", most)
		if want := min(n, most); err != nil || len(entries) != want || more != (n > most) {
			t.Errorf("of %d files: got %d entries, more %t (%v); want %d", n, len(entries), more, err, want)
		}
		plant(t, dir, map[string]string{fmt.Sprint(n): ""})
	}
}

// TestDir_saysThatThereIsMore than a page lists.
func TestDir_saysThatThereIsMore(t *testing.T) {
	for _, more := range []bool{false, true} {
		w := httptest.NewRecorder()
		sendTemplate(w, http.StatusOK, "listing", listing{"/", []entry{{Name: "a"}}, more})
		if said := strings.Contains(w.Body.String(), "There is more here"); said != more {
			t.Errorf("with more %t the page says so: %t", more, said)
		}
	}
}

func TestDir_redirectsIntoADirectory(t *testing.T) {
	tests := map[string]struct{ target, location string }{
		"plain":                      {"/sub", "sub/"},
		"nested":                     {"/sub/deep", "deep/"},
		"with its query":             {"/sub?a=1&b", "sub/?a=1&b"},
		"no scheme out of its name":  {"/x:y", "./x:y/"},
		"one that has an index":      {"/site", "site/"},
		"a link to a directory here": {"/current", "current/"},
	}
	addr := start(t, tree(t))
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := ask(t, addr, "GET", tc.target)
			r.want(t, 302)
			if got := r.Header.Get("Location"); got != tc.location {
				t.Errorf("got Location %q, want %q", got, tc.location)
			}
		})
	}
}

func TestDir_answersRangesAndConditions(t *testing.T) {
	addr := start(t, tree(t))
	changed := ask(t, addr, "HEAD", "/a.txt").Header.Get("Last-Modified")
	long := time.Unix(0, 0).UTC().Format(http.TimeFormat)
	tests := map[string]struct {
		line    string
		status  int
		content string
	}{
		"a range":                   {"Range: bytes=7-11", 206, "world"},
		"the last bytes":            {"Range: bytes=-6", 206, "world\n"},
		"a range beyond its end":    {"Range: bytes=100-", 416, "invalid range: failed to overlap\n"},
		"unchanged since":           {"If-Modified-Since: " + changed, 304, ""},
		"changed since long ago":    {"If-Modified-Since: " + long, 200, "hello, world\n"},
		"a time that is not a time": {"If-Modified-Since: yesterday", 200, "hello, world\n"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := ask(t, addr, "GET", "/a.txt", tc.line)
			r.want(t, tc.status)
			if r.content != tc.content {
				t.Errorf("got %q, want %q", r.content, tc.content)
			}
		})
	}
}

func TestDir_answersForErrorsOfTheFileSystem(t *testing.T) {
	tests := map[string]struct {
		err    error
		status int
	}{
		"not there":             {fs.ErrNotExist, 404},
		"not for us":            {fs.ErrPermission, 403},
		"a name that is long":   {syscall.ENAMETOOLONG, 404},
		"too many open files":   {syscall.EMFILE, 503},
		"all over the machine":  {syscall.ENFILE, 503},
		"a disk that is broken": {syscall.EIO, 503},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			refuseFor(w, &fs.PathError{Op: "open", Path: secret, Err: tc.err})
			if w.Code != tc.status || strings.Contains(w.Body.String(), secret) {
				t.Errorf("got status %d, want %d and no path; content %q", w.Code, tc.status, w.Body)
			}
		})
	}
}

func TestDir_servesADirectoryThatWasMadeAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dist")
	plant(t, dir, map[string]string{"a.txt": "first build"})
	h, err := Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	addr := start(t, h)
	ask(t, addr, "GET", "/a.txt").want(t, 200)

	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	ask(t, addr, "GET", "/a.txt").want(t, 503)

	plant(t, dir, map[string]string{"a.txt": "second build"})
	if r := ask(t, addr, "GET", "/a.txt"); r.content != "second build" {
		t.Errorf("got %q, want what is there now", r.content)
	}
}

func TestDir_returnsWhatIsWrongWithADirectory(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a.txt": ""})
	tests := map[string]struct{ dir, want string }{
		"nothing is there": {filepath.Join(dir, "no"), "there is no such directory; make it"},
		"it is a file":     {filepath.Join(dir, "a.txt"), "name the directory that it is in: " + dir},
		"below a file":     {filepath.Join(dir, "a.txt", "b"), "not a directory"},
		"it has no name":   {"", "the directory has no name"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Dir(tc.dir)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.dir) {
				t.Errorf("Dir(%q): got error %v, want %q in it", tc.dir, err, tc.want)
			}
		})
	}
}

func TestDir_servesARelativePath(t *testing.T) {
	h, err := Dir("site")
	if err != nil {
		t.Fatal(err)
	}
	ask(t, start(t, h), "GET", "/4k.html").want(t, 200)
}

func TestEntry_sizeIsInUnitsForPeople(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1 << 20: "1.0 MiB", 5 << 30: "5.0 GiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := (entry{Bytes: bytes}).Size(); got != want {
			t.Errorf("%d: got %q, want %q", bytes, got, want)
		}
	}
}
