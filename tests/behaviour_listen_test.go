package tests

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenfour/program"
)

// listening is where the log says that tenfour listens.
func (tf *tenfour) listening(t testing.TB) (urls []string) {
	t.Helper()
	eventually(t, "the log says where it listens", func() bool {
		for text := range strings.Lines(tf.log.String()) {
			var line struct{ Listen []string }
			if json.Unmarshal([]byte(text), &line) == nil && line.Listen != nil {
				urls = line.Listen
			}
		}
		return urls != nil
	})
	return urls
}

// at is tf at another of its addresses.
func (tf *tenfour) at(url string) *tenfour {
	_, addr, _ := strings.Cut(url, "://")
	return &tenfour{addr: addr, log: tf.log}
}

// dialUnix opens a client's connection to a unix socket.
func dialUnix(t testing.TB, path string) *peer {
	t.Helper()
	c, err := net.DialTimeout("unix", path, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &peer{Conn: c, in: bufio.NewReader(c)}
}

// socketPath is the path of a socket that fits: that of t.TempDir may be too long.
func socketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

var infoJSON = []string{"--log-level", "info", "--log-format", "json"}

// TestListen_answersOnEachAddress: with TLS on the one that is https://, plainly on the others. The backend is told by which a client came.
func TestListen_answersOnEachAddress(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	path := socketPath(t)
	tf := startTLS(t, a, []string{b.addr}, append(infoJSON, "--listen", "127.0.0.1:0", "--listen", "https://127.0.0.1:0", "--listen", "unix:"+path)...)
	urls := tf.listening(t)
	if len(urls) != 3 || !strings.HasPrefix(urls[0], "http://127.0.0.1:") || !strings.HasPrefix(urls[1], "https://127.0.0.1:") || urls[2] != "unix:"+path {
		t.Fatalf("it says that it listens on %q", urls)
	}
	for name, tc := range map[string]struct {
		p           *peer
		proto, for_ string
	}{
		"plain": {dialPeer(t, tf.at(urls[0]).addr), "http", "127.0.0.1"},
		"TLS":   {a.dialTLS(t, tf.at(urls[1]).addr), "https", "127.0.0.1"},
		"unix":  {dialUnix(t, path), "http", "unix:"},
	} {
		for range 2 { // and the connection persists
			b.forget()
			tc.p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if status, body, err := tc.p.status("GET"); status != 200 || body != "ok" || err != nil {
				t.Fatalf("%s: got %d %q (%v)", name, status, body, err)
			}
			seen, raw := b.seen()
			if len(seen) != 1 || !seen[0].has("X-Forwarded-Proto", tc.proto) || !seen[0].has("X-Forwarded-For", tc.for_) {
				t.Errorf("%s: the backend saw %q", name, raw)
			}
		}
	}
}

// TestListen_unixMovesBodiesAndCuts: large bodies go both ways, a client that half-closes is answered, and a cut is seen.
func TestListen_unixMovesBodiesAndCuts(t *testing.T) {
	t.Parallel()
	s := startServer(t, answerBack(t, nil))
	path := socketPath(t)
	startTenfour(t, []string{s.addr}, "--listen", "unix:"+path)
	for _, e := range framings() {
		e.content = content{3 << 20, 7}
		p := dialUnix(t, path)
		if err := e.over(p); err != nil {
			t.Errorf("%+v: %v", e, err)
		}
	}
	half := dialUnix(t, path)
	half.say("GET /?n=5&as=length HTTP/1.1\r\nHost: a\r\n\r\n")
	half.Conn.(*net.UnixConn).CloseWrite()
	if status, body, err := half.status("GET"); status != 200 || len(body) != 5 || err != nil {
		t.Errorf("after its end a client got %d %q (%v)", status, body, err)
	}
}

func TestListen_aUnixSocketHasItsMode(t *testing.T) {
	for flag, want := range map[string]fs.FileMode{"": 0o666, "0600": 0o600, "0660": 0o660} {
		path := socketPath(t)
		flags := []string{"--listen", "unix:" + path}
		if flag != "" {
			flags = append(flags, "--socket-mode", flag)
		}
		startTenfour(t, nil, flags...)
		if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|want {
			t.Errorf("--socket-mode %q: the file has %v (%v), want %v", flag, info.Mode(), err, want)
		}
	}
}

// TestListen_replacesADeadUnixSocket, refuses one that a program listens on, and a file that is none, and removes its own at the end.
func TestListen_replacesADeadUnixSocket(t *testing.T) {
	path := socketPath(t)
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	if code, _, stderr := checked("--listen", "unix:"+path); code != program.Stopped {
		t.Errorf("check ended with %d and %s", code, stderr)
	}
	t.Run("while it runs", func(t *testing.T) {
		startTenfour(t, nil, "--listen", "unix:"+path)
		p := dialUnix(t, path)
		p.say("GET /4k HTTP/1.1\r\nHost: a\r\n\r\n")
		if status, _, err := p.status("GET"); status != 200 || err != nil {
			t.Errorf("got %d (%v)", status, err)
		}
		code, said := ran(t, "--listen", "unix:"+path)
		if code != program.Failed || !strings.Contains(said, "a program that runs listens there") {
			t.Errorf("a second one ended with %d and %s", code, said)
		}
	})
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("at the end the file is still there (%v)", err)
	}
	writeFile(t, path, "precious")
	if code, said := ran(t, "--listen", "unix:"+path); code != program.Failed || !strings.Contains(said, "it is no socket") {
		t.Errorf("over a file it ended with %d and %s", code, said)
	}
	if text, err := os.ReadFile(path); string(text) != "precious" {
		t.Errorf("the file has %q (%v)", text, err)
	}
}

// TestListen_removesOnlyItsOwnSocket: another program may have put one in its place.
func TestListen_removesOnlyItsOwnSocket(t *testing.T) {
	path := socketPath(t)
	t.Run("while it runs", func(t *testing.T) {
		startTenfour(t, nil, "--listen", "unix:"+path)
		os.Remove(path)
		writeFile(t, path, "of another program")
	})
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the file of another program: %v", err)
	}
}

// TestListen_oneOfTwoThatStartTogetherWins, over the socket of a process that has ended: none removes the other's.
func TestListen_oneOfTwoThatStartTogetherWins(t *testing.T) {
	path := socketPath(t)
	for range 5 {
		dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		dead.SetUnlinkOnClose(false)
		dead.Close()
		ctx, stop := context.WithCancel(context.Background())
		const n = 4
		ready, codes := make(chan bool, n), make(chan int, n)
		for range n {
			go func() { // ends with ctx
				codes <- program.Run(ctx, []string{"--listen", "unix:" + path}, io.Discard, io.Discard, func(net.Addr) { ready <- true })
			}()
		}
		for range n - 1 {
			if code := <-codes; code != program.Failed {
				t.Errorf("one that comes late ended with %d", code)
			}
		}
		<-ready
		p := dialUnix(t, path)
		p.say("GET /4k HTTP/1.1\r\nHost: a\r\n\r\n")
		if status, _, err := p.status("GET"); status != 200 || err != nil {
			t.Errorf("the one that won is not reached: %d (%v)", status, err)
		}
		stop()
		if code := <-codes; code != program.Stopped {
			t.Errorf("the one that won ended with %d", code)
		}
	}
}

// given is a listening socket as a file, and its address.
func given(t testing.TB) (*os.File, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	t.Cleanup(func() { f.Close() })
	return f, ln.Addr().String()
}

// systemd is a line of sh that offers sockets as systemd does.
const systemd = `LISTEN_PID=$$ LISTEN_FDS=%d LISTEN_FDNAMES=http exec "$@"`

// TestListen_takesWhatItIsGiven: a descriptor that it names, and the sockets of systemd.
func TestListen_takesWhatItIsGiven(t *testing.T) {
	t.Parallel()
	s := startServer(t, okay)
	served := func(t *testing.T, p *process, addr string) {
		t.Helper()
		if status, body := (&tenfour{addr: addr}).get(t, "/"); status != 200 {
			t.Errorf("got %d %q\n%s", status, body, p.log)
		}
	}
	for name, tc := range map[string]struct {
		line  string
		files int
		flags func(addrs []string) []string
		want  []bool // whether it listens there
	}{
		"a descriptor":              {plainly, 1, func([]string) []string { return []string{"--listen", "fd://3"} }, []bool{true}},
		"two of systemd's":          {fmt.Sprintf(systemd, 2), 2, func([]string) []string { return []string{"--listen", "fd://3", "--listen", "fd://4"} }, []bool{true, true}},
		"systemd's, by its address": {fmt.Sprintf(systemd, 1), 1, func(a []string) []string { return []string{"--listen", a[0]} }, []bool{true}},
		"one of systemd's two":      {fmt.Sprintf(systemd, 2), 2, func([]string) []string { return []string{"--listen", "fd://4"} }, []bool{false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			var files []*os.File
			var addrs []string
			for range tc.files {
				f, addr := given(t)
				files, addrs = append(files, f), append(addrs, addr)
			}
			p := startGiven(t, tc.line, nil, files, append(tc.flags(addrs), "--backend", s.addr)...)
			for i, addr := range addrs {
				if tc.want[i] {
					served(t, p, addr)
				}
			}
			if strings.Contains(p.log.String(), "add fd://3") == tc.want[0] {
				t.Errorf("it says\n%s", p.log)
			}
			p.signal(t, syscall.SIGTERM)
			if state := p.exit(t); state.ExitCode() != 0 {
				t.Errorf("it ended with %v\n%s", state, p.log)
			}
		})
	}
	t.Run("systemd's, without a setting", func(t *testing.T) {
		f, addr := given(t)
		// Its line of sh takes the --listen away with which a test starts tenfour.
		p := startGiven(t, `self=$1; shift 3; LISTEN_PID=$$ LISTEN_FDS=1 exec "$self" "$@"`, nil, []*os.File{f}, "--backend", s.addr)
		served(t, p, addr)
		if got := p.listening(t); len(got) != 1 || got[0] != "http://"+addr {
			t.Errorf("it says that it listens on %q, want %s alone", got, addr)
		}
	})
}

// TestListen_followsTheFile: a reload opens and closes addresses. Connections of those that stay go on; one of an address that is closed
// is answered once more.
func TestListen_followsTheFile(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	_, cert, key := a.sign("127.0.0.1")
	backends := "backends = \"" + numbered(t, "a") + "\"\n"
	stays, goes, comes := socketPath(t), socketPath(t), socketPath(t)
	tf := startReloadable(t, "listen = [\"127.0.0.1:0\", \"unix:"+stays+"\", \"unix:"+goes+"\"]\n"+backends)
	open := func(dial func() *peer) *peer {
		p := dial()
		p.SetDeadline(time.Now().Add(4 * patience))
		p.say(request("GET", "/"))
		if status, body, err := p.status("GET"); status != 200 || body != "a" || err != nil {
			t.Fatalf("got %d %q (%v)", status, body, err)
		}
		return p
	}
	tcp := open(func() *peer { return dialPeer(t, tf.addr) })
	kept, last := open(func() *peer { return dialUnix(t, stays) }), open(func() *peer { return dialUnix(t, goes) })

	tf.reload(t, "listen = [\"127.0.0.1:0\", \"unix:"+stays+"\", \"unix:"+comes+"\"]\nsocket_mode = \"0600\"\n"+backends, reloaded)
	open(func() *peer { return dialUnix(t, comes) })
	for name, p := range map[string]*peer{"TCP": tcp, "unix": kept} {
		p.say(request("GET", "/"))
		r, err := p.answer("GET")
		if err != nil || r.Close {
			t.Fatalf("%s: a connection that persists got %v (%v)", name, r, err)
		}
		io.Copy(io.Discard, r.Body)
	}
	last.say(request("GET", "/"))
	if r, err := last.answer("GET"); err != nil || r.StatusCode != 200 || !r.Close {
		t.Errorf("a connection of a closed address got %v (%v), want its last response", r, err)
	}
	if c, err := net.Dial("unix", goes); err == nil {
		c.Close()
		t.Error("the address that was taken away still takes connections")
	}
	if _, err := os.Lstat(goes); !os.IsNotExist(err) {
		t.Errorf("its file: %v", err)
	}
	if info, err := os.Lstat(stays); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of the other: %v (%v)", info.Mode(), err)
	}

	// The same address may change to TLS.
	tf.reload(t, "listen = [\"127.0.0.1:0\"]\ntls_cert = \""+cert+"\"\ntls_key = \""+key+"\"\n"+backends, reloaded)
	open(func() *peer { return a.dialTLS(t, tf.addr) })
	tcp.say(request("GET", "/"))
	if status, _, err := tcp.status("GET"); status != 200 || err != nil {
		t.Errorf("a plain connection from before got %d (%v)", status, err)
	}
	tf.reload(t, "listen = [\"127.0.0.1:0\"]\n"+backends, reloaded)
	open(func() *peer { return dialPeer(t, tf.addr) })

	// One that cannot be opened leaves all as it was.
	tf.reload(t, "listen = [\"127.0.0.1:0\", \"unix:"+filepath.Join(goes, "no", "s")+"\", \"unix:"+stays+"\"]\n"+backends, "the running configuration stays")
	tf.logHas(t, "tenfour.toml:1:", "there is no directory")
	if _, err := os.Lstat(stays); !os.IsNotExist(err) {
		t.Errorf("the socket of a configuration that was refused: %v", err)
	}
	port := tf.addr[len("127.0.0.1"):]
	tf.reload(t, "listen = \"0.0.0.0"+port+"\"\n"+backends, "the running configuration stays")
	tf.logHas(t, "tenfour itself listens there, by 127.0.0.1:0", "takes a restart")
	open(func() *peer { return dialPeer(t, tf.addr) })
}

// TestListen_limitsCountAUnixSocketAsOneClient, as nginx does.
func TestListen_limitsCountAUnixSocketAsOneClient(t *testing.T) {
	t.Parallel()
	s := startServer(t, okay)
	path := socketPath(t)
	startTenfour(t, []string{s.addr}, "--listen", "unix:"+path, "--max-per-client", "2")
	first, second, third := dialUnix(t, path), dialUnix(t, path), dialUnix(t, path)
	for i, p := range []*peer{first, second, third} {
		p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if status, _, err := p.status("GET"); (status == 200 && err == nil) != (i < 2) { // the third is closed, perhaps before its request has come
			t.Errorf("connection %d: got %d (%v)", i, status, err)
		}
	}
}

// TestListen_aUnixSocketIsInTheAccessLog as nginx writes it.
func TestListen_aUnixSocketIsInTheAccessLog(t *testing.T) {
	t.Parallel()
	file, path := filepath.Join(t.TempDir(), "access"), socketPath(t)
	startTenfour(t, nil, "--listen", "unix:"+path, "--access-log", file)
	p := dialUnix(t, path)
	p.say("GET /4k HTTP/1.1\r\nHost: a\r\n\r\n")
	p.status("GET")
	lines, text := readLines(t, file, 1)
	if lines[0]["client"] != "unix:" || lines[0]["port"] != nil {
		t.Errorf("got %s", text)
	}
}

// TestStart_saysWhatToDo when it cannot listen: the address, what is wrong, each once, and a way out.
func TestStart_saysWhatToDo(t *testing.T) {
	taken := startServer(t, okay)
	_, port, _ := net.SplitHostPort(taken.addr)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "file"), "")
	file := written(t, "tenfour.toml", "\nlisten = [\"127.0.0.1:0\", \""+taken.addr+"\"]\n")
	for name, tc := range map[string]struct {
		flags []string
		code  int
		words []string
	}{
		"in use":             {[]string{"--listen", taken.addr}, 1, []string{"--listen " + taken.addr + ": the address is in use", "such as --listen 127.0.0.1:", port + "' shows which program it is"}},
		"in use, in a file":  {[]string{"--config", file}, 1, []string{file + ":2:26: listen = \"" + taken.addr + "\": the address is in use"}},
		"not of the machine": {[]string{"--listen", "192.0.2.1:8000"}, 1, []string{"--listen 192.0.2.1:8000: this machine has no such address: ip addr"}},
		"no such name":       {[]string{"--listen", "no.such.name.invalid:8000"}, 1, []string{"the name no.such.name.invalid cannot be resolved"}},
		"no such service":    {[]string{"--listen", "127.0.0.1:no-such-service"}, 1, []string{"there is no service of that name"}},
		"no directory":       {[]string{"--listen", "unix:" + dir + "/no/s"}, 1, []string{"there is no directory " + dir + "/no: make it"}},
		"a file in its way":  {[]string{"--listen", "unix:" + dir + "/file/s"}, 1, []string{dir + "/file is no directory"}},
		"too long":           {[]string{"--listen", "unix:/" + strings.Repeat("x", 200)}, 2, []string{"the path has 201 bytes, and a socket's may have"}},
		"no descriptor":      {[]string{"--listen", "fd://999"}, 1, []string{"--listen fd://999: no such descriptor is open"}},
		"twice":              {[]string{"--listen", "127.0.0.1:1", "--listen", "http://127.0.0.1:1"}, 2, []string{"--listen http://127.0.0.1:1: named twice"}},
		"no certificate":     {[]string{"--listen", "https://127.0.0.1:0"}, 2, []string{"it needs --tls-cert and --tls-key"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, said := ran(t, tc.flags...)
			checkedCode, _, checkedSaid := checkedAs(tc.flags...)
			if code != tc.code || checkedCode != tc.code || said != "tenfour: "+checkedSaid || strings.Count(said, "\n") != 1 {
				t.Errorf("the start ended with %d and %s\ncheck with %d and %s", code, said, checkedCode, checkedSaid)
			}
			for _, words := range tc.words {
				if strings.Count(said, words) != 1 {
					t.Errorf("it says\n%s\nwant %q once", said, words)
				}
			}
		})
	}
}

// TestStart_saysWhichFileWasRead, and no file if there was none.
func TestStart_saysWhichFileWasRead(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, there := range []bool{false, true} {
		if there {
			writeFile(t, filepath.Join(dir, "tenfour.toml"), "workers = 3\n")
		}
		for format, want := range map[string]string{"json": `"config":"` + dir + `/tenfour.toml"`, "text": "tenfour: the settings of " + dir + "/tenfour.toml hold"} {
			var out bytes.Buffer
			ctx, stop := context.WithCancel(context.Background())
			program.Run(ctx, []string{"--listen", "127.0.0.1:0", "--log-format", format}, &out, &out, func(net.Addr) { stop() })
			if strings.Contains(out.String(), want) != there {
				t.Errorf("the file is there: %t\n%s", there, &out)
			}
		}
	}
}

// TestListen_aProxyOverAUnixSocketMayBeTrusted, as unix: and by no network; and unix: may be allowed and denied.
func TestListen_aProxyOverAUnixSocketMayBeTrusted(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	for name, tc := range map[string]struct {
		flags  []string
		status int
		saw    string // by the backend, in X-Forwarded-Proto
		client string // in the access log
	}{
		"trusted":            {[]string{"--trusted-proxies", "unix:"}, 200, "https", "192.0.2.7"},
		"a stranger":         {[]string{"--trusted-proxies", "0.0.0.0/0,::/0"}, 200, "http", "unix:"},
		"allowed":            {[]string{"--allow-from", "unix:"}, 200, "http", "unix:"},
		"not among networks": {[]string{"--allow-from", "0.0.0.0/0,::/0"}, 403, "", "unix:"},
		"denied":             {[]string{"--deny-from", "unix:"}, 403, "", "unix:"},
		"its client denied":  {[]string{"--trusted-proxies", "unix:", "--deny-from", "192.0.2.7"}, 403, "", "192.0.2.7"},
	} {
		b.forget()
		path, file := socketPath(t), filepath.Join(t.TempDir(), "access")
		startTenfour(t, []string{b.addr}, append(tc.flags, "--listen", "unix:"+path, "--access-log", file, "--access-log-format", "combined")...)
		p := dialUnix(t, path)
		p.say("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\r\n")
		if status, _, err := p.status("GET"); status != tc.status || err != nil {
			t.Errorf("%s: got %d (%v), want %d", name, status, err, tc.status)
		}
		seen, raw := b.seen()
		if tc.saw != "" && (len(seen) != 1 || !seen[0].has("X-Forwarded-Proto", tc.saw)) || tc.saw == "" && raw != "" {
			t.Errorf("%s: the backend saw %q", name, raw)
		}
		eventually(t, "there is a line", func() bool { info, err := os.Stat(file); return err == nil && info.Size() > 0 })
		if text, _ := os.ReadFile(file); !strings.HasPrefix(string(text), tc.client+" - - [") {
			t.Errorf("%s: the access log has %q", name, text)
		}
	}
}
