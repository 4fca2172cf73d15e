package tests

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// reloadable is tenfour in a process of its own, with a file of settings that can be changed.
type reloadable struct {
	*ownProcess
	file string
}

func startReloadable(t *testing.T, settings string, flags ...string) *reloadable {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tenfour.toml")
	writeFile(t, file, settings)
	return &reloadable{startProgram(t, nil, nil, append([]string{"--config", file}, flags...)...), file}
}

// reload changes the settings, and returns when the log says so, or has a line with other words.
func (r *reloadable) reload(t *testing.T, settings, words string) {
	t.Helper()
	writeFile(t, r.file, settings)
	before := strings.Count(r.log.String(), words)
	if err := r.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log says: "+words, func() bool { return strings.Count(r.log.String(), words) > before })
}

const reloaded = `"message":"reloaded`

func TestReload_followsTheFile(t *testing.T) {
	t.Parallel()
	a, b := numbered(t, "a"), numbered(t, "b")
	tf := startReloadable(t, "backends = \""+a+"\"\n")
	if _, body := tf.get(t, "/"); body != "a" {
		t.Fatalf("got %q, want a", body)
	}
	kept := dialPeer(t, tf.addr) // a connection that persists follows from its next request on
	await.Within(kept, 4*patience)
	kept.say(request("GET", "/"))
	kept.status("GET")
	tf.reload(t, "[[route]]\npath = \"/new\"\nbackends = \""+b+"\"\n", reloaded)
	if _, body := tf.get(t, "/new"); body != "b" {
		t.Errorf("/new got %q, want b", body)
	}
	if status, _ := tf.get(t, "/"); status != 404 {
		t.Errorf("/ got %d, want 404", status)
	}
	kept.say(request("GET", "/"))
	if status, _, err := kept.status("GET"); status != 404 || err != nil {
		t.Errorf("on a persistent connection / got %d (%v), want 404", status, err)
	}
}

// numbered is a backend that answers with a word.
func numbered(t *testing.T, word string) string {
	return startServer(t, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			fmt.Fprintf(p, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(word), word)
		}
	}).addr
}

// TestReload_aBadFileChangesNothing: the log says what is wrong, and in which line.
func TestReload_aBadFileChangesNothing(t *testing.T) {
	t.Parallel()
	a := numbered(t, "a")
	tf := startReloadable(t, "backends = \""+a+"\"\n")
	tokens := filepath.Join(t.TempDir(), "missing")
	for name, bad := range map[string]struct{ settings, words string }{
		"a key that is not there": {"backends = \"" + a + "\"\nwokers = 3\n", "tenfour.toml:2:1"},
		"no TOML":                 {"backends = [\n", "tenfour.toml:"},
		"a missing file":          {"backends = \"" + a + "\"\nclient_token_file = \"" + tokens + "\"\n", tokens},
		"a backend that is none":  {"backends = \"nowhere\"\n", "tenfour.toml:1:12"},
	} {
		t.Run(name, func(t *testing.T) {
			tf.reload(t, bad.settings, "the running configuration stays")
			tf.logHas(t, bad.words)
			if _, body := tf.get(t, "/"); body != "a" {
				t.Errorf("got %q, want a", body)
			}
		})
	}
	tf.reload(t, "log_level = \"debug\"\nbackends = \""+a+"\"\n", "cannot change while tenfour runs")
}

// TestReload_whatRunsEnds: running exchanges end with the configuration that they began with, at a backend that the new file does not
// name. Then the connections to that backend are closed.
func TestReload_whatRunsEnds(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var inHand atomic.Int32
	old := startServer(t, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			inHand.Add(1)
			<-release
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
		}
	})
	tf := startReloadable(t, "backends = \""+old.addr+"\"\nworkers = 1\n")
	var clients []*peer
	for range 3 { // one runs, two are queued
		p := dialPeer(t, tf.addr)
		await.Within(p, 4*patience)
		p.say(request("GET", "/"))
		clients = append(clients, p)
		eventually(t, "the first runs", func() bool { return inHand.Load() == 1 })
	}
	refused := dialPeer(t, tf.addr)
	refused.say("GET /\r\n\r\n") // those before it have been read when it is answered
	refused.status("GET")
	tf.reload(t, "backends = \""+numbered(t, "new")+"\"\n", reloaded)
	if _, body := tf.get(t, "/"); body != "new" {
		t.Errorf("a new request got %q", body)
	}
	close(release)
	for i, p := range clients {
		if status, body, err := p.status("GET"); status != 200 || body != "old" || err != nil {
			t.Errorf("client %d got %d %q (%v), want 200 old", i, status, body, err)
		}
	}
	eventually(t, "the old backend is left alone", func() bool { return old.open.Load() == 0 })
}

// TestReload_keepsWhatHasNotChanged: a backend's connections, and a limit's count, stay.
func TestReload_keepsWhatHasNotChanged(t *testing.T) {
	t.Parallel()
	s := headMirror(t)
	settings := "[[route]]\nbackends = \"" + s.addr + "\"\nlimit = \"few\"\n[limit.few]\nrate = \"4/1h\"\n"
	tf := startReloadable(t, settings)
	for i := range 6 {
		want := 200
		if i >= 4 {
			want = 429
		}
		if status, _ := tf.get(t, "/"); status != want {
			t.Errorf("request %d got %d, want %d", i, status, want)
		}
		tf.reload(t, "log_level = \"info\" # "+strconv.Itoa(i)+"\n"+settings, reloaded)
	}
	if n := s.accepted.Load(); n != 1 {
		t.Errorf("the backend had %d connections, want the one that was kept", n)
	}
	tf.reload(t, strings.ReplaceAll(settings, "4/1h", "5/1h"), reloaded) // another limit, which has counted none
	if status, _ := tf.get(t, "/"); status != 200 {
		t.Errorf("with another limit, got %d", status)
	}
}

// TestReload_workersChangeInPlace: at no moment does the backend have more than the larger number.
func TestReload_workersChangeInPlace(t *testing.T) {
	t.Parallel()
	var now, most, ever atomic.Int32
	s := startServer(t, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			n := now.Add(1)
			raise(&most, n)
			raise(&ever, n)
			await.Pace(2 * time.Millisecond) // so that they are there at the same time
			now.Add(-1)
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	settings := func(n int) string { return fmt.Sprintf("backends = %q\nworkers = %d\n", s.addr, n) }
	tf := startReloadable(t, settings(2))
	var stop atomic.Bool
	var clients sync.WaitGroup
	for range 12 {
		p := dialPeer(t, tf.addr)
		clients.Go(func() {
			for !stop.Load() {
				await.Within(p, patience)
				p.say(request("GET", "/"))
				if status, _, err := p.status("GET"); status != 200 || err != nil {
					t.Errorf("got %d (%v)", status, err)
					return
				}
			}
		})
	}
	before := 2
	for _, n := range []int{6, 1, 8, 3} {
		ever.Store(0)
		tf.reload(t, settings(n), reloaded)
		eventually(t, fmt.Sprintf("%d are in hand, and no more", n), func() bool {
			most.Store(0)
			await.Pace(20 * time.Millisecond) // in which more would show
			return most.Load() == int32(n)
		})
		if got := int(ever.Load()); got > max(before, n) {
			t.Errorf("from %d workers to %d the backend had %d requests at a time", before, n, got)
		}
		before = n
	}
	stop.Store(true)
	clients.Wait()
}

// TestReload_underLoad: tenfour reloads often while clients send requests. No request is lost, and in the end nothing of the old
// configurations is left.
func TestReload_underLoad(t *testing.T) {
	a, b := numbered(t, "a"), numbered(t, "b")
	tf := startReloadable(t, "backends = \""+a+"\"\n")
	var stop atomic.Bool
	var served atomic.Int64
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			for !stop.Load() {
				p := dialPeer(t, tf.addr)
				for range 1 + i {
					await.Within(p, patience)
					p.say(request("GET", "/"))
					if status, _, err := p.status("GET"); status != 200 || err != nil {
						t.Errorf("got %d (%v)", status, err)
						stop.Store(true)
					}
					served.Add(1)
				}
				p.Close()
			}
		})
	}
	for i := range 40 {
		backends := []string{`"` + a + `"`, `"` + b + `"`, `["` + a + `", "` + b + `"]`}[i%3]
		tf.reload(t, "backends = "+backends+"\nworkers = "+strconv.Itoa(1+i%4)+"\n", reloaded)
		at := served.Load()
		eventually(t, "requests are served", func() bool { return served.Load() > at+20 || stop.Load() })
	}
	stop.Store(true)
	clients.Wait()
}

// TestReload_reopensTheAccessLog: log rotation renames the file, and tenfour makes a new one.
func TestReload_reopensTheAccessLog(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "access")
	tf := startReloadable(t, "backends = \""+numbered(t, "a")+"\"\n", "--access-log", log)
	tf.get(t, "/one")
	has := func(name, words string) func() bool {
		return func() bool {
			text, err := os.ReadFile(name)
			return err == nil && strings.Contains(string(text), words)
		}
	}
	eventually(t, "the log has the first", has(log, "/one"))
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	tf.reload(t, "backends = \""+numbered(t, "b")+"\"\n", reloaded)
	tf.get(t, "/two")
	eventually(t, "the new log has the second", has(log, "/two"))
	if !has(log+".1", "/one")() || has(log+".1", "/two")() {
		t.Error("the old log is not what it was")
	}
}

// TestReload_theNewestHealthCheckDecides: also while an exchange still uses the old configuration with another check.
func TestReload_theNewestHealthCheckDecides(t *testing.T) {
	t.Parallel()
	var before, after, askedBefore, askedAfter atomic.Int32 // what the two checks are answered, and how often they were asked
	before.Store(200)
	after.Store(200)
	s := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			status := int32(200)
			switch {
			case r.Header.Get("Upgrade") != "":
				p.say(upgradeSwitched)
				p.untilGone()
				return
			case r.URL.Path == "/before":
				askedBefore.Add(1)
				status = before.Load()
			case r.URL.Path == "/after":
				askedAfter.Add(1)
				status = after.Load()
			}
			fmt.Fprintf(p, "HTTP/1.1 %d As Asked\r\nContent-Length: 0\r\n\r\n", status)
		}
	})
	settings := func(path string) string {
		return fmt.Sprintf("backends = %q\nhealth = %q\nhealth_every = \"1ms\"\nhold = \"10ms\"\n", s.addr, path)
	}
	tf := startReloadable(t, settings("/before"))
	tunnel := dialPeer(t, tf.addr) // which keeps the first configuration
	tunnel.say(askUpgrade)
	if r, err := tunnel.answer("GET"); err != nil || r.StatusCode != 101 {
		t.Fatalf("got %v, %v", r, err)
	}
	more := func(asked *atomic.Int32) {
		t.Helper()
		n := asked.Load() + 5
		eventually(t, "the check is asked for", func() bool { return asked.Load() >= n })
	}
	more(&askedBefore)

	tf.reload(t, settings("/after"), reloaded)
	before.Store(404) // it has moved
	n := askedBefore.Load()
	more(&askedAfter)
	if status, _ := tf.get(t, "/"); status != 200 || askedBefore.Load() > n+1 {
		t.Errorf("got %d, and the old check was asked for %d times; want 200, and none", status, askedBefore.Load()-n)
	}

	after.Store(500)
	eventually(t, "the backend is sick", func() bool { status, _ := tf.get(t, "/"); return status == 502 })
	tf.reload(t, strings.Replace(settings("/after"), "1ms", "2ms", 1), reloaded)
	tunnel.Close()
	more(&askedAfter)
	if status, _ := tf.get(t, "/"); status != 502 {
		t.Errorf("with the first configuration gone, got %d, want 502: the backend is as sick as before", status)
	}
	tf.reload(t, strings.Replace(settings("/after"), "health =", "#", 1), reloaded)
	if status, _ := tf.get(t, "/"); status != 200 {
		t.Errorf("without a check, got %d, want 200", status)
	}
}

// TestReload_aFIFOInPlaceOfCredentials: tenfour still ends when it is asked to.
func TestReload_aFIFOInPlaceOfCredentials(t *testing.T) {
	t.Parallel()
	tokens := writeFile(t, filepath.Join(t.TempDir(), "tokens"), "ann s3cret\n")
	tf := startReloadable(t, "backends = \""+numbered(t, "a")+"\"\nclient_token_file = \""+tokens+"\"\n")
	if err := os.Remove(tokens); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(tokens, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log says so", func() bool { return strings.Contains(tf.log.String(), "is not a file") })
}
