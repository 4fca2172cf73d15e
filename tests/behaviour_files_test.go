package tests

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFiles_areReadByOneReader: each file that a setting names may have a byte order mark and lines as Windows has them; what is no
// file of text is refused in words, and nothing waits for it.
func TestFiles_areReadByOneReader(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, cert, key := newAuthority(t).sign("localhost")
	backend := []string{"--backend", "127.0.0.1:9"}
	settings := map[string]struct {
		text  string // of a good file
		empty string // what an empty one is refused with; "" if it is good
		fifo  string // what a FIFO is refused with
		flags func(file string) []string
	}{
		"config":            {"backends = \"127.0.0.1:9\"\nworkers = 2\n", "", "no program writes to it", func(f string) []string { return []string{"--config", f} }},
		"client_token_file": {"# who\nann s3cret-of-ann-which-is-long\n", "it is empty", "a FIFO", func(f string) []string { return append([]string{"--client-token-file", f}, backend...) }},
		"credential_file":   {"the-key-of-the-api\n", "is empty", "a FIFO", func(f string) []string { return append([]string{"--credential-file", f}, backend...) }},
		"tls_cert":          {readFile(t, cert), "PEM", "a FIFO", func(f string) []string { return append([]string{"--tls-cert", f, "--tls-key", key}, backend...) }},
		"tls_key":           {readFile(t, key), "PEM", "a FIFO", func(f string) []string { return append([]string{"--tls-cert", cert, "--tls-key", f}, backend...) }},
	}
	for name, s := range settings {
		kinds := map[string]struct {
			make func(file string) error // nil writes text
			text string
			want string // "" for a good file
		}{
			"plain":                 {text: s.text},
			"a byte order mark":     {text: "\ufeff" + s.text},
			"lines as on Windows":   {text: strings.ReplaceAll(s.text, "\n", "\r\n")},
			"both":                  {text: "\ufeff" + strings.ReplaceAll(s.text, "\n", "\r\n")},
			"UTF-16":                {text: "\xff\xfea\x00", want: "UTF-16"},
			"too large":             {text: s.text + strings.Repeat("#\n", 3<<20), want: "larger than"},
			"nothing":               {text: "", want: s.empty},
			"a directory":           {make: func(f string) error { return os.Mkdir(f, 0o700) }, want: "a directory"},
			"a FIFO":                {make: func(f string) error { return syscall.Mkfifo(f, 0o600) }, want: s.fifo},
			"a device":              {make: func(f string) error { return os.Symlink("/dev/zero", f) }, want: "a device"},
			"a socket":              {make: listenOn, want: "a socket"},
			"none":                  {make: func(string) error { return nil }, want: "no such file"},
			"one of another's only": {make: func(f string) error { return os.WriteFile(f, []byte(s.text), 0) }, want: "permission denied"},
		}
		for kind, k := range kinds {
			t.Run(name+" is "+kind, func(t *testing.T) {
				if kind == "one of another's only" && os.Geteuid() == 0 {
					return // root may read it
				}
				file := filepath.Join(dir, strings.ReplaceAll(name+kind, " ", "-"))
				if k.make == nil {
					k.make = func(f string) error { return os.WriteFile(f, []byte(k.text), 0o600) }
				}
				if err := k.make(file); err != nil {
					t.Fatal(err)
				}
				code, said := ran(t, append([]string{"check"}, append(s.flags(file), "--listen", "127.0.0.1:0")...)...)
				if good := k.want == ""; good != (code == 0) || !strings.Contains(said, k.want) || !good && !strings.Contains(said, file) {
					t.Errorf("got %d and %.300q, want %q and the file's name", code, said, k.want)
				}
			})
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// listenOn leaves the file of a unix socket.
func listenOn(file string) error {
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: file, Net: "unix"})
	if err == nil {
		ln.SetUnlinkOnClose(false)
		ln.Close()
	}
	return err
}

// TestCredential_hasNoByteOrderMark at the backend.
func TestCredential_hasNoByteOrderMark(t *testing.T) {
	t.Parallel()
	file := writeFile(t, filepath.Join(t.TempDir(), "key"), "\ufeffthe-key\r\n")
	tf := startTenfour(t, []string{headMirror(t).addr}, "--credential-file", file)
	if _, head := tf.get(t, "/"); !strings.Contains(head, "\r\nAuthorization: Bearer the-key") {
		t.Errorf("the backend got %q", head)
	}
}
