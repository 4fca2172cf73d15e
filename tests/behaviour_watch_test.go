package tests

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenfour/program"
	"tenfour/tests/await"
)

// watched is tenfour in a process of its own. Its stdout and stderr are pipes that the test reads, or does not.
type watched struct {
	tenfour
	cmd            *exec.Cmd
	stdout, stderr *os.File
	ended          chan error // has room for what cmd.Wait returned
}

// startWatched returns when tenfour listens. Of its log only the lines up to the address are read.
func startWatched(t *testing.T, flags ...string) *watched {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"--listen", "127.0.0.1:0", "--console", "off", "--log-format", "json", "--drain", "1s", "--hold", "0s"}, flags...)
	w := &watched{cmd: exec.Command(self, args...), ended: make(chan error, 1)}
	w.cmd.Env = append(os.Environ(), asProgram+"=1")
	var theirs [2]*os.File
	w.stdout, theirs[0], err = os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.stderr, theirs[1], err = os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.cmd.Stdout, w.cmd.Stderr = theirs[0], theirs[1]
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range theirs {
		f.Close()
	}
	go func() { w.ended <- w.cmd.Wait() }() // ends with the process
	t.Cleanup(func() {
		w.cmd.Process.Kill()
		w.stdout.Close()
		w.stderr.Close()
	})
	w.stderr.SetReadDeadline(time.Now().Add(2 * patience))
	lines := bufio.NewReaderSize(w.stderr, 16)
	for w.addr == "" {
		text, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%q does not say where it listens: %v", args, err)
		}
		var line struct{ Listen []string }
		if json.Unmarshal([]byte(text), &line) == nil && len(line.Listen) > 0 {
			_, w.addr, _ = strings.Cut(line.Listen[0], "://")
		}
	}
	w.stderr.SetReadDeadline(time.Time{})
	return w
}

// ends asks the process to end, and fails the test when it does not.
func (w *watched) ends(t *testing.T) {
	t.Helper()
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-w.ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(2 * patience):
		t.Errorf("SIGTERM did not end it within %v", 2*patience)
	}
}

// deadAndWell is a file of settings with two routes to dead backends, and one to a backend that answers with a word.
func deadAndWell(t *testing.T, word string) string {
	route := "[[route]]\npath = %q\nbackends = %q\n"
	return fmt.Sprintf(route, "/dead/", refusing(t)) + fmt.Sprintf(route, "/late/", refusing(t)) + fmt.Sprintf(route, "/", numbered(t, word))
}

// TestLog_aStderrThatIsNotReadHangsNothing: requests, events, reloads and the end of tenfour do not wait for its reader.
func TestLog_aStderrThatIsNotReadHangsNothing(t *testing.T) {
	t.Parallel()
	file := writeFile(t, filepath.Join(t.TempDir(), "tenfour.toml"), deadAndWell(t, "before"))
	w := startWatched(t, "--config", file)
	for range 1000 { // the pipe holds the lines of some 350
		if status, _ := w.get(t, "/dead/"); status != 502 {
			t.Fatalf("got %d", status)
		}
	}
	if status, _ := w.get(t, "/late/"); status != 502 { // another one goes down, which is an event
		t.Errorf("got %d", status)
	}
	if status, body := w.get(t, "/"); status != 200 || body != "before" {
		t.Errorf("got %d %q", status, body)
	}
	writeFile(t, file, deadAndWell(t, "after"))
	w.cmd.Process.Signal(syscall.SIGHUP)
	eventually(t, "it has read the file", func() bool { _, body := w.get(t, "/"); return body == "after" })
	w.ends(t)
}

// TestLog_whatWasSaidBeforeTheEndIsRead: also when the reader begins only then.
func TestLog_whatWasSaidBeforeTheEndIsRead(t *testing.T) {
	t.Parallel()
	w := startWatched(t, "--backend", refusing(t))
	for range 20 {
		w.get(t, "/")
	}
	w.ends(t)
	log, err := io.ReadAll(w.stderr)
	if n := strings.Count(string(log), `"status":502`); n != 20 || err != nil || !strings.HasSuffix(string(log), "\"stopped\"}\n") {
		t.Errorf("the log tells of %d of 20 failures (%v)\n%s", n, err, log)
	}
}

// TestLog_aReaderThatHasGoneEndsNothing: SIGPIPE does not end tenfour, and the other log says which lines could not be written.
func TestLog_aReaderThatHasGoneEndsNothing(t *testing.T) {
	t.Parallel()
	serves := func(t *testing.T, w *watched) {
		for range 20 {
			if status, _ := w.get(t, "/dead/"); status != 502 {
				t.Fatalf("got %d", status)
			}
			if status, _ := w.get(t, "/"); status != 200 {
				t.Fatalf("got %d", status)
			}
		}
	}
	file := writeFile(t, filepath.Join(t.TempDir(), "tenfour.toml"), deadAndWell(t, "okay"))
	t.Run("of stderr", func(t *testing.T) {
		w := startWatched(t, "--config", file)
		w.stderr.Close()
		serves(t, w)
		w.ends(t)
	})
	t.Run("of --wire", func(t *testing.T) {
		w := startWatched(t, "--config", file, "--wire")
		w.stdout.Close()
		serves(t, w)
		w.ends(t)
		log, err := io.ReadAll(w.stderr)
		if err != nil || !strings.Contains(string(log), "wire: exchanges are not shown, because standard output cannot be written") {
			t.Errorf("the log does not tell of what is not shown (%v)\n%s", err, log)
		}
	})
	for name, access := range map[string]string{"of the access log": "stdout", "a full disk": "/dev/full"} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat("/dev/full"); err != nil && access != "stdout" {
				t.Skip(err)
			}
			w := startWatched(t, "--config", file, "--access-log", access)
			w.stdout.Close()
			serves(t, w)
			w.ends(t)
			log, err := io.ReadAll(w.stderr)
			if err != nil || !strings.Contains(string(log), "access log: lines could not be written") {
				t.Errorf("the log does not tell of the lines that are lost (%v)\n%s", err, log)
			}
			lines := 0.0
			for line := range strings.Lines(string(log)) {
				var fields struct {
					Message string
					Lines   float64
				}
				if json.Unmarshal([]byte(line), &fields) == nil && strings.Contains(fields.Message, "could not be written") {
					lines += fields.Lines
				}
			}
			if lines != 40 {
				t.Errorf("it tells of %g lines, want 40\n%s", lines, log)
			}
		})
	}
}

// TestLog_aDiskThatHasRoomAgainIsUsedAgain: while the access log's file cannot grow requests are served, and their lines are counted.
// Once the file has room the next line is in it, from its beginning. A limit of the file's size stands in for a disk; its SIGXFSZ does
// not end tenfour either.
func TestLog_aDiskThatHasRoomAgainIsUsedAgain(t *testing.T) {
	t.Parallel()
	s := startServer(t, okay)
	file := filepath.Join(t.TempDir(), "access.log")
	p := startProcess(t, `ulimit -S -f 8; exec "$@"`, nil, "--backend", s.addr, "--access-log", file, "--access-log-format", "combined")
	whole := func(path string) (n int) { // lines of the file for requests of a path
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "127.0.0.1 - ") && strings.Contains(line, "\"GET "+path+" ") && strings.HasSuffix(line, "\n") {
				n++
			}
		}
		return n
	}
	asked := 0
	ask := func(path string) {
		t.Helper()
		c := dialPeer(t, p.addr)
		defer c.Close()
		c.say("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if status, _, err := c.status("GET"); status != 200 || err != nil {
			t.Fatalf("got %d (%v)", status, err)
		}
		asked++
	}
	const lost = "access log: lines could not be written"
	for len(p.lines(lost)) == 0 {
		if ask("/before"); asked > 1000 {
			t.Fatalf("after %d requests no line is lost\n%s", asked, p.log)
		}
	}
	before := whole("/before")
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		ask("/after")
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if p.err != nil {
		t.Errorf("it ended with %v\n%s", p.err, p.log)
	}
	if n := whole("/after"); n != 3 {
		t.Errorf("the file has %d whole lines of the 3 requests after there was room", n)
	}
	told := 0
	for _, line := range p.lines(lost) {
		n, _ := line["lines"].(float64)
		told += int(n)
	}
	if had := before + whole("/before") + 3; told != asked-had {
		t.Errorf("the log tells of %d lost lines, want %d: %d requests, and %d lines\n%s", told, asked-had, asked, had, p.log)
	}
}

// TestFIFO_inPlaceOfAFileIsRefused: at the start, and when tenfour reads its settings again: it logs an error, goes on, and ends when it
// is asked to.
func TestFIFO_inPlaceOfAFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	_, cert, key := newAuthority(t).sign("127.0.0.1")
	a := "backends = \"" + numbered(t, "a") + "\"\n"
	for setting, text := range map[string]string{
		"tls_cert":          fmt.Sprintf("tls_cert = %q\ntls_key = %q\n", fifo, key),
		"tls_key":           fmt.Sprintf("tls_cert = %q\ntls_key = %q\n", cert, fifo),
		"credential_file":   fmt.Sprintf("credential_file = %q\n", fifo),
		"client_token_file": fmt.Sprintf("client_token_file = %q\n", fifo),
		"serve":             fmt.Sprintf("[[route]]\npath = \"/files/\"\nserve = %q\n", fifo),
	} {
		t.Run(setting, func(t *testing.T) {
			var log await.Output
			file := writeFile(t, filepath.Join(t.TempDir(), "tenfour.toml"), text)
			if code := program.Run(t.Context(), []string{"check", "--config", file}, &log, &log, nil); code != program.Usage {
				t.Errorf("check ended with %d, want %d\n%s", code, program.Usage, &log)
			}
			tf := startReloadable(t, a)
			if setting != "serve" {
				text = a + text
			}
			tf.reload(t, text, "the running configuration stays")
			if setting == "serve" {
				tf.logHas(t, "is not a directory")
			} else {
				tf.logHas(t, "it is not a file but a FIFO")
			}
			if _, body := tf.get(t, "/"); body != "a" {
				t.Errorf("got %q, want a", body)
			}
			tf.reload(t, a, reloaded)
		})
	}
	t.Run("the configuration", func(t *testing.T) {
		tf := startReloadable(t, a)
		if err := os.Remove(tf.file); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(tf.file, 0o600); err != nil {
			t.Fatal(err)
		}
		tf.cmd.Process.Signal(syscall.SIGHUP)
		tf.logHas(t, "the running configuration stays", "no program writes to it")
		if _, body := tf.get(t, "/"); body != "a" {
			t.Errorf("got %q, want a", body)
		}
	})
	t.Run("the access log", func(t *testing.T) {
		var log await.Output
		args := []string{"--listen", "127.0.0.1:0", "--access-log", fifo}
		if code := program.Run(t.Context(), args, &log, &log, nil); code != program.Usage || !strings.Contains(log.String(), "no program reads it") {
			t.Errorf("it ended with %d, want %d\n%s", code, program.Usage, &log)
		}
		file := filepath.Join(t.TempDir(), "access")
		tf := startReloadable(t, a, "--access-log", file)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(file, 0o600); err != nil {
			t.Fatal(err)
		}
		tf.reload(t, a, reloaded)
		tf.logHas(t, "the access log stays in the old file", "no program reads it")
		if _, body := tf.get(t, "/"); body != "a" {
			t.Errorf("got %q, want a", body)
		}
	})
}

// TestLog_tellsOfAResponseThatWasCut: each has one line at warn, with and without an access log; a client that leaves has none.
func TestLog_tellsOfAResponseThatWasCut(t *testing.T) {
	t.Parallel()
	begun := make(chan bool, 10)
	s := startServer(t, func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		switch r.URL.Path {
		case "/short":
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		case "/chunk":
			p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
			<-begun // the client has it
			p.say("zz\r\n")
		case "/late":
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
			p.untilGone()
		case "/reset":
			p.say("HTTP/1.1 200 OK\r\n\r\nhalf")
			<-begun
			p.breakOff()
		case "/leaves":
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nhalf")
			for err := error(nil); err == nil; { // until tenfour ends it
				_, err = p.Write(make([]byte, 64<<10))
			}
		case "/theirs":
			p.say("HTTP/1.1 500 Mine\r\nContent-Length: 4\r\n\r\nfull")
		default:
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfull")
		}
	})
	for _, access := range []string{"off", filepath.Join(t.TempDir(), "access")} {
		var tf *tenfour
		t.Run(access, func(t *testing.T) { // at its end the whole log has come
			tf = startTenfour(t, []string{s.addr}, "--log-level", "warn", "--log-format", "json", "--backend-timeout", "600ms", "--access-log", access)
			for _, path := range []string{"/short", "/chunk", "/late?token=hunter2", "/reset", "/leaves", "/theirs", "/"} {
				p := dialPeer(t, tf.addr)
				await.Within(p, patience)
				p.say(request("GET", path))
				r, err := p.answer("GET")
				if err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				if _, err := io.ReadFull(r.Body, make([]byte, 4)); err != nil {
					t.Errorf("%s: %v", path, err)
				}
				if path == "/chunk" || path == "/reset" {
					begun <- true
				}
				if path == "/leaves" {
					p.breakOff()
					continue
				}
				_, err = io.Copy(io.Discard, r.Body)
				if whole := path == "/" || path == "/theirs"; (err == nil) != whole {
					t.Errorf("%s: got %v; want it whole: %t", path, err, whole)
				}
			}
		})
		cuts := map[string]int{}
		for line := range strings.Lines(tf.log.String()) {
			var fields struct {
				Message, Level, Method, Target, Backend, ID string
				Status, Bytes                               int
			}
			if err := json.Unmarshal([]byte(line), &fields); err != nil || fields.Level != "warn" || !strings.HasPrefix(fields.Message, "the client got a part of the response: ") ||
				fields.Method != "GET" || fields.Backend != s.addr || fields.ID == "" || fields.Status != 200 || fields.Bytes != 4 {
				t.Errorf("access log %s: %v: %s", access, err, line)
			}
			cuts[fields.Target]++
		}
		if want := map[string]int{"/short": 1, "/chunk": 1, "/late?token=***": 1, "/reset": 1}; !maps.Equal(cuts, want) {
			t.Errorf("access log %s: the log tells of %v, want %v\n%s", access, cuts, want, tf.log)
		}
	}
}
