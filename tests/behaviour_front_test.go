package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tenfour/program"
	"tenfour/tests/await"
)

// process is tenfour in a process of its own. It ends by itself, or after a signal from the test.
type process struct {
	*ownProcess
	ended chan struct{} // closed when it has ended
	err   error         // of cmd.Wait, once ended is closed
}

// startProcess runs line, a line of sh in which "$@" is tenfour with the given flags.
func startProcess(t testing.TB, line string, stdout io.Writer, flags ...string) *process {
	t.Helper()
	return startGiven(t, line, stdout, nil, flags...)
}

// startGiven is startProcess with files that the process is given as its descriptors from 3 on.
func startGiven(t testing.TB, line string, stdout io.Writer, files []*os.File, flags ...string) *process {
	t.Helper()
	p, addr := beginProcess(t, line, stdout, files, flags...)
	select {
	case p.addr = <-addr:
	case <-p.ended:
		t.Fatalf("tenfour %q ended before it listened: %v\n%s", flags, p.err, p.log)
	case <-time.After(2 * patience):
		t.Fatalf("tenfour %q does not listen\n%s", flags, p.log)
	}
	return p
}

// beginProcess is startGiven, but returns at once, with a channel that says where the process listens.
func beginProcess(t testing.TB, line string, stdout io.Writer, files []*os.File, flags ...string) (*process, <-chan string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := slices.Concat([]string{"-c", line, "sh", self}, listenAnywhere(flags), withoutConsole(flags), []string{"--log-format", "json"}, flags)
	p := &process{&ownProcess{tenfour: tenfour{log: new(await.Output)}, cmd: exec.Command("sh", args...)}, make(chan struct{}), nil}
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	p.cmd.Stdout, p.cmd.ExtraFiles = stdout, files
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr, read := make(chan string, 1), make(chan struct{})
	go p.readLog(stderr, addr, read) // ends with the process
	go func() {                      // likewise
		<-read
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
	})
	return p, addr
}

const plainly = `exec "$@"`

func (p *process) signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// exit returns how the process ended.
func (p *process) exit(t testing.TB) *os.ProcessState {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(2 * patience):
		p.signal(t, syscall.SIGQUIT) // it prints the stacks of its goroutines
		<-p.ended
		t.Fatalf("tenfour has not ended after %v\n%s", 2*patience, p.log)
	}
	return p.cmd.ProcessState
}

// lines returns the log's lines with that message.
func (tf *tenfour) lines(msg string) (found []map[string]any) {
	for line := range strings.Lines(tf.log.String()) {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) == nil && fields["message"] == msg {
			found = append(found, fields)
		}
	}
	return found
}

// dribble sends a byte every few milliseconds until that fails, or the test ends.
func dribble(t testing.TB, p *peer, with string) {
	var writing sync.WaitGroup
	stop := make(chan struct{})
	writing.Go(func() { // ends with the connection or the test
		for beat := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-beat.C:
			case <-stop:
				return
			}
			if _, err := io.WriteString(p, with); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() { close(stop); writing.Wait() })
}

// ends reads to the connection's end, and returns what came and how long it took.
func (p *peer) ends(t testing.TB) (string, time.Duration, error) {
	t.Helper()
	begun := time.Now()
	p.SetReadDeadline(begun.Add(patience))
	b, err := io.ReadAll(p.in)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection still stands after %v", patience)
	}
	return string(b), time.Since(begun), err
}

func TestHeadTimeout_isForTheWholeHead(t *testing.T) {
	t.Parallel()
	s := startServer(t, okay)
	const timeout = 400 * time.Millisecond
	tf := startTenfour(t, []string{s.addr}, "--head-timeout", timeout.String(), "--idle-timeout", "10m")
	soon := func(t *testing.T, took time.Duration) {
		t.Helper()
		if took < timeout-50*time.Millisecond {
			t.Errorf("it was over after %v, want the head timeout of %v", took, timeout)
		}
	}
	t.Run("is for the whole head and not for each read", func(t *testing.T) {
		p := dialPeer(t, tf.addr)
		p.say("GET / HTTP/1.1\r\nHost: a\r\nX-Long: ")
		dribble(t, p, "x")
		got, took, err := p.ends(t)
		if !strings.HasPrefix(got, "HTTP/1.1 408 ") || !strings.Contains(got, "Connection: close") || err != nil {
			t.Errorf("got %q (%v), want a 408 and the end", got, err)
		}
		soon(t, took)
	})
	t.Run("closes without a word when nothing was sent", func(t *testing.T) {
		p := dialPeer(t, tf.addr)
		got, took, err := p.ends(t)
		if got != "" || err != nil {
			t.Errorf("got %q (%v), want a plain end", got, err)
		}
		soon(t, took)
	})
	t.Run("begins with the second head's first byte", func(t *testing.T) {
		p := dialPeer(t, tf.addr)
		p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET")
		if status, _, err := p.status("GET"); status != 200 || err != nil {
			t.Fatalf("got %d (%v)", status, err)
		}
		got, took, err := p.ends(t)
		if !strings.HasPrefix(got, "HTTP/1.1 408 ") || err != nil {
			t.Errorf("got %q (%v), want a 408 and the end", got, err)
		}
		soon(t, took)
	})
}

func TestIdleTimeout_endsIdleConnectionsAndStalledBodies(t *testing.T) {
	t.Parallel()
	const timeout = 400 * time.Millisecond
	s := startServer(t, okay)
	tf := startTenfour(t, []string{s.addr}, "--idle-timeout", timeout.String(), "--head-timeout", "10m", "--buffer", "16MiB")
	t.Run("ends a persistent connection without a word", func(t *testing.T) {
		p := dialPeer(t, tf.addr)
		await.Within(p, patience)
		for range 3 {
			p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if status, _, err := p.status("GET"); status != 200 || err != nil {
				t.Fatalf("got %d (%v)", status, err)
			}
		}
		got, took, err := p.ends(t)
		if got != "" || err != nil || took < timeout-50*time.Millisecond {
			t.Errorf("got %q (%v) after %v, want a plain end after %v", got, err, took, timeout)
		}
	})
	for name, head := range map[string]string{
		"length":  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf",
		"chunked": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf",
	} {
		t.Run("answers 408 to a body that does not go on, "+name, func(t *testing.T) {
			p := dialPeer(t, tf.addr)
			p.say(head)
			got, took, err := p.ends(t)
			if !strings.HasPrefix(got, "HTTP/1.1 408 ") || err != nil || took < timeout-50*time.Millisecond {
				t.Errorf("got %q (%v) after %v, want a 408 and the end after %v", got, err, took, timeout)
			}
		})
	}
	t.Run("leaves a body alone that goes on", func(t *testing.T) {
		p := dialPeer(t, tf.addr)
		await.Within(p, 2*patience)
		p.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n")
		for range 60 { // for three times the timeout
			await.Pace(20 * time.Millisecond)
			p.say("x")
		}
		if status, _, err := p.status("POST"); status != 200 || err != nil {
			t.Errorf("got %d (%v)", status, err)
		}
	})
	t.Run("ends a client that takes no byte, though it sends some", func(t *testing.T) {
		big := startServer(t, answerBack(t, nil))
		tf := startTenfour(t, []string{big.addr}, "--idle-timeout", timeout.String(), "--buffer", "32MiB")
		p := dialPeer(t, tf.addr)
		p.say("GET /?as=length&n=" + strconv.Itoa(24<<20) + " HTTP/1.1\r\nHost: a\r\n\r\n")
		eventually(t, "the client is cut", func() bool {
			await.Pace(20 * time.Millisecond)
			_, err := io.WriteString(p, "GET / HTTP/1.1\r\n")
			return err != nil
		})
	})
}

// startHeld starts a process in front of a backend that answers only when the test says so, and sends it a request.
func startHeld(t testing.TB, flags ...string) (p *process, client *peer, answer func()) {
	t.Helper()
	asked, told := make(chan struct{}, 1), make(chan struct{})
	s := startServer(t, func(p *peer) {
		if _, err := http.ReadRequest(p.in); err != nil {
			return
		}
		asked <- struct{}{}
		<-told
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	})
	answer = sync.OnceFunc(func() { close(told) })
	t.Cleanup(answer)
	p = startProcess(t, plainly, nil, append([]string{"--backend", s.addr}, flags...)...)
	client = dialPeer(t, p.addr)
	await.Within(client, 2*patience)
	client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	select {
	case <-asked:
	case <-time.After(patience):
		t.Fatal("the request has not reached the backend")
	}
	return p, client, answer
}

func TestDrain_letsWhatRunsEnd(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			p, client, answer := startHeld(t, "--head-timeout", "10m")
			idle, sender := dialPeer(t, p.addr), p.dial(t)
			idle.say("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n") // tenfour answers it by itself
			if status, _, err := idle.status("OPTIONS"); status != 200 {
				t.Fatalf("the connection that is to be idle got %d (%v)", status, err)
			}
			half := &peer{Conn: sender, in: sender.in}
			if err := sender.sendAndAwaitRead("GET / HTTP/1.1\r\nHost: a\r\nX-Half: "); err != nil {
				t.Fatal(err)
			}
			p.signal(t, signal)
			if got, _, err := idle.ends(t); got != "" || err != nil {
				t.Errorf("an idle connection got %q (%v), want a plain end", got, err)
			}
			eventually(t, "new connections are refused", func() bool {
				c, err := net.Dial("tcp", p.addr)
				if err == nil {
					c.Close()
				}
				return errors.Is(err, syscall.ECONNREFUSED)
			})
			half.say("y\r\n\r\n")
			if got, _, err := half.ends(t); !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.Contains(got, "Retry-After: ") || err != nil {
				t.Errorf("a request that came while draining got %q (%v), want a 503 and the end", got, err)
			}
			half.Close() // else its last words are awaited for a while
			select {
			case <-p.ended:
				t.Fatalf("it ended while an exchange ran\n%s", p.log)
			default:
			}
			answer()
			if status, body, err := client.status("GET"); status != 200 || body != "okay" || err != nil {
				t.Errorf("the exchange that ran got %d %q (%v)", status, body, err)
			}
			if got, _, err := client.ends(t); got != "" || err != nil {
				t.Errorf("after its answer it got %q (%v), want the end", got, err)
			}
			if state := p.exit(t); state.ExitCode() != 0 {
				t.Errorf("it ended with %v\n%s", state, p.log)
			}
			if stopped := p.lines("stopped"); len(stopped) != 1 || stopped[0]["cut"] != 0.0 {
				t.Errorf("it said %v, want that it stopped and cut nothing", stopped)
			}
		})
	}
}

func TestDrain_cutsAtItsDeadline(t *testing.T) {
	t.Parallel()
	p, client, _ := startHeld(t, "--drain", "300ms", "--workers", "1", "--head-timeout", "10m")
	half, queued := dialPeer(t, p.addr), dialPeer(t, p.addr)
	half.say("GET / HTTP/1.1\r\nHost: a\r\nX-Half: ")
	queued.say("GET /queued HTTP/1.1\r\nHost: a\r\n\r\n")
	begun := time.Now()
	p.signal(t, syscall.SIGTERM)
	if state := p.exit(t); state.ExitCode() != 0 {
		t.Errorf("it ended with %v\n%s", state, p.log)
	}
	if took := time.Since(begun); took < 250*time.Millisecond {
		t.Errorf("it ended after %v, want the 300ms it had", took)
	}
	for name, c := range map[string]*peer{"that ran": client, "that was queued": queued} {
		await.Within(c, patience)
		if status, _, err := c.status("GET"); err == nil && status != 503 {
			t.Errorf("an exchange %s got %d, want a 503 or the end", name, status)
		}
	}
	if stopped := p.lines("stopped"); len(stopped) != 1 || stopped[0]["cut"] == 0.0 {
		t.Errorf("it said %v, want that it stopped and cut some", stopped)
	}
}

func TestDrain_aSecondSignalEndsItAtOnce(t *testing.T) {
	p, _, _ := startHeld(t, "--drain", "10m")
	p.signal(t, syscall.SIGTERM)
	eventually(t, "it drains", func() bool { return len(p.lines("draining")) == 1 })
	p.signal(t, syscall.SIGTERM)
	if status, ok := p.exit(t).Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v, want by the signal", p.cmd.ProcessState)
	}
}

// ran returns what the program prints with wrong flags, and its exit code.
func ran(t testing.TB, flags ...string) (code int, said string) {
	t.Helper()
	var out await.Output
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	code = program.Run(ctx, flags, io.Discard, &out, func(net.Addr) { t.Errorf("tenfour %q runs", flags); cancel() })
	return code, out.String()
}

func TestStart_addressInUse(t *testing.T) {
	s := startServer(t, okay)
	code, said := ran(t, "--listen", s.addr, "--log-format", "text")
	if code != 1 || !strings.Contains(said, s.addr) || !strings.Contains(said, "the address is in use") {
		t.Errorf("it ended with %d and %q, want 1 and which address is in use", code, said)
	}
}

func TestStart_wrongFlags(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("not PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ flag, value string }{
		{"--listen", "8000"}, {"--listen", "127.0.0.1:99999"}, {"--listen", "127.0.0.1:-1"}, {"--listen", ""},
		{"--backend", "9001"}, {"--backend", "127.0.0.1:0"}, {"--backend", "127.0.0.1:65536"}, {"--backend", "ftp://a:1"},
		{"--backend", "http://a/path"}, {"--backend", "http://u:p@a"}, {"--backend", ""}, {"--backend", "a b:1"},
		{"--serve", filepath.Join(dir, "missing")}, {"--serve", file},
		{"--path", "no-slash"}, {"--path", ""}, {"--path", "/a/../b"}, {"--path", "/a?b"},
		{"--workers", "0"}, {"--workers", "-1"}, {"--workers", "many"}, {"--workers", "65537"}, {"--workers", "Auto"},
		{"--workers-max", "0"}, {"--workers-max", "65537"}, {"--workers-max", "auto"},
		{"--queue", "-1"}, {"--queue", "x"}, {"--queue-timeout", "0s"}, {"--queue-timeout", "5"},
		{"--buffer", "-1"}, {"--buffer", "2GiB"}, {"--buffer", "lots"}, {"--buffer", "nan"}, {"--buffer", "inf"}, {"--buffer", "1e400"},
		{"--streams", "-1"}, {"--head-timeout", "0s"}, {"--connect-timeout", "-1s"}, {"--backend-timeout", "0s"},
		{"--idle-timeout", "soon"}, {"--drain", "-1s"},
		{"--tls-cert", file}, {"--tls-key", file},
		{"--access-log", ""}, {"--access-log", filepath.Join(dir, "missing", "log")}, {"--access-log", dir},
		{"--log-level", "loud"}, {"--log-format", "xml"},
	} {
		code, said := ran(t, "--listen", "127.0.0.1:0", tc.flag, tc.value)
		if code != 2 || !strings.Contains(said, tc.flag) {
			t.Errorf("%s %q: it ended with %d and %q, want 2 and the flag's name", tc.flag, tc.value, code, said)
		}
	}
	for name, tc := range map[string]struct {
		flags []string
		want  string
	}{
		"an unknown flag":           {[]string{"--worker", "3"}, "--worker"},
		"a word that is no command": {[]string{"serve"}, `"serve"`},
		"backends and a directory":  {[]string{"--serve", dir, "--backend", "a:1"}, "--serve and --backend"},
		"one backend twice":         {[]string{"--backend", "a:1", "--backend", "http://a:1"}, "--backend http://a:1"},
		"a certificate of nothing":  {[]string{"--tls-cert", file, "--tls-key", file}, "--tls-cert " + file},
		"two mistakes":              {[]string{"--workers", "0", "--queue", "-1"}, "--queue -1"},
		"one path twice":            {[]string{"--path", "/a", "--path", "/a"}, "/a"},
	} {
		if code, said := ran(t, tc.flags...); code != 2 || !strings.Contains(said, tc.want) {
			t.Errorf("%s: it ended with %d and %q, want 2 and a word of %s", name, code, said, tc.want)
		}
	}
}

// TestFlags_doSomething tests each flag that --help lists, or names the test that does.
func TestFlags_doSomething(t *testing.T) {
	t.Parallel()
	s := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			switch r.URL.Path {
			case "/mute":
				p.untilGone()
			case "/events":
				p.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n")
				p.untilGone()
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	answers := func(t *testing.T, backend, target string, status int, words string, flags ...string) {
		tf := startTenfour(t, []string{backend}, flags...)
		if got, body := tf.get(t, target); got != status || !strings.Contains(body, words) {
			t.Errorf("%q: %s got %d %q, want %d and %q", flags, target, got, body, status, words)
		}
	}
	logged := func(t *testing.T, flags ...string) string { // at its end, which is when all lines have come
		var tf *tenfour
		t.Run("log", func(t *testing.T) {
			tf = startTenfour(t, []string{s.addr}, append([]string{"--log-level", "warn", "--backend-timeout", "100ms"}, flags...)...)
			tf.get(t, "/mute")
		})
		return tf.log.String()
	}
	see := map[string]func(*testing.T){
		"socket-mode": TestListen_aUnixSocketHasItsMode,
		"listen": func(t *testing.T) {
			if tf := startTenfour(t, []string{s.addr}, "--listen", "[::1]:0"); !strings.HasPrefix(tf.addr, "[::1]:") {
				t.Errorf("it listens on %s", tf.addr)
			}
		},
		"console": func(t *testing.T) {
			if status, body := askConsole(t, startConsoled(t, []string{s.addr}).console, getOf("/healthz")); status != 200 {
				t.Errorf("got %d %q, want 200", status, body)
			}
		},
		"backend": func(t *testing.T) { answers(t, s.addr, "/", 200, "okay") },
		"serve": func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "page"), []byte("of a directory"), 0o600); err != nil {
				t.Fatal(err)
			}
			tf := startTenfour(t, nil, "--serve", dir)
			if status, body := tf.get(t, "/page"); status != 200 || body != "of a directory" {
				t.Errorf("got %d %q", status, body)
			}
		},
		"path": func(t *testing.T) {
			answers(t, s.addr, "/b", 404, "no route", "--path", "/a/", "--path", "/c")
			answers(t, s.addr, "/a/b", 200, "okay", "--path", "/a/", "--path", "/c")
		},
		"streams":         func(t *testing.T) { answers(t, s.addr, "/events", 503, "streams", "--streams", "0") },
		"backend-timeout": func(t *testing.T) { answers(t, s.addr, "/mute", 504, "300ms", "--backend-timeout", "300ms") },
		"hold": func(t *testing.T) {
			answers(t, refusing(t), "/", 502, "refused connections for 50ms", "--hold", "50ms")
		},
		"async-after": func(t *testing.T) {
			answers(t, s.addr, "/mute", 202, "running", "--async", "--async-after", "50ms", "--data", t.TempDir(), "--drain", "100ms")
		},
		"connect-timeout": func(t *testing.T) { answers(t, blackHole(t), "/", 502, "300ms", "--connect-timeout", "300ms") },
		"buffer": func(t *testing.T) {
			for size, taken := range map[string]bool{"0": false, "4KiB": true} {
				var visits atomic.Int32
				b := startServer(t, func(p *peer) { visits.Add(1); p.untilGone() })
				tf := startTenfour(t, []string{b.addr}, "--buffer", size, "--idle-timeout", "800ms", "--backend-timeout", "800ms")
				p := dialPeer(t, tf.addr)
				p.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
				p.ends(t)
				if (visits.Load() == 0) != taken {
					t.Errorf("--buffer %s: the backend had %d connections for half a body", size, visits.Load())
				}
			}
		},
		"log-level": func(t *testing.T) {
			if said := logged(t, "--log-level", "error"); strings.Contains(said, "100ms") {
				t.Errorf("--log-level error: a timeout of a backend is logged: %q", said)
			}
		},
		"log-format": func(t *testing.T) {
			for format, want := range map[string]bool{"json": true, "text": false} {
				said := logged(t, "--log-format", format)
				if !strings.Contains(said, "100ms") || strings.HasPrefix(said, "{") != want {
					t.Errorf("--log-format %s: the log is %q", format, said)
				}
			}
		},
	}
	elsewhere := map[string]func(*testing.T){
		"workers": TestSlots_areNeverExceededAtTheBackend, "workers-max": TestWorkersAuto_isNeverMoreThanTheMost, "queue": TestQueue_answers503WhenFull, "queue-timeout": TestQueue_answers503AfterItsTimeout,
		"head-timeout": TestHeadTimeout_isForTheWholeHead, "idle-timeout": TestIdleTimeout_endsIdleConnectionsAndStalledBodies, "drain": TestDrain_cutsAtItsDeadline,
		"access-log": TestAccessLog_hasALineForEveryExchange, "access-log-format": TestAccessLog_isWrittenInEachFormat, "hold-every": TestHold_triesABackendOnceAnInterval,
		"resend": TestResend_boundsHowManyServersARequestCrashes,
		"health": TestHealth_decidesWhichBackendIsAsked, "health-every": TestHealth_decidesWhichBackendIsAsked, "health-host": TestHealth_namesTheHostThatItIsTold,
		"race": TestRace_serialAsksOneAfterTheOther, "usable": TestRace_theFirstUsableAnswerWins,
		"hedge-after": TestRace_hedgeAsksTheNextWhenOneTakesLong, "race-methods": TestRace_whichMethodsAreRaced,
		"tls-cert": TestTLSClient_isGoOrCurl, "tls-key": TestTLSClient_isGoOrCurl,
		"config": TestConfig_isAFileWithFlagsOverIt, "credential-file": TestFlags_credentials, "credential-header": TestFlags_credentials,
		"client-token-file": TestFlags_credentials, "allow-from": TestFlags_networks, "deny-from": TestFlags_networks,
		"trusted-proxies": TestFlags_networks, "limit": TestFlags_limit, "limit-by": TestFlags_limit, "over": TestFlags_limit,
		"wait-max": TestFlags_limit, "max-per-client": TestMaxPerClient_refusesTheRest,
		"async": TestAsync_aRequestBecomesAJobHoweverItsBytesCome, "data": TestJobs_theDirectoryIsForItsUserAlone,
		"wire": TestWire_printsWhatItsPageShows,
	}
	var help bytes.Buffer
	if code := program.Run(context.Background(), []string{"--help"}, &help, io.Discard, nil); code != 0 {
		t.Errorf("--help ended with %d", code)
	}
	flags := regexp.MustCompile(`(?m)^ +--([a-z-]+)`).FindAllStringSubmatch(help.String(), -1)
	if len(flags) < 10 {
		t.Errorf("--help lists %d flags:\n%s", len(flags), help.String())
	}
	for _, flag := range flags {
		if see[flag[1]] == nil && elsewhere[flag[1]] == nil {
			t.Errorf("no test shows what --%s does", flag[1])
		}
	}
	for name, test := range see {
		t.Run(name, test)
	}
}

// TestRefused_whileItStillSends: a client that still has much to send can read why it was refused.
func TestRefused_whileItStillSends(t *testing.T) {
	const length = 10 << 20
	_, tf, _ := startBusy(t, "--queue", "0", "--path", "/a/", "--path", "/busy")
	for name, tc := range map[string]struct {
		head   string
		status int
	}{
		"no such path":      {"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n", 404},
		"malformed":         {"POST /a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\nContent-Length: 1\r\n\r\n", 400},
		"a head of 10 MiB":  {"GET /a/ HTTP/1.1\r\nHost: a\r\nX-Long: ", 431},
		"the queue is full": {"POST /a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n", 503},
	} {
		t.Run(name, func(t *testing.T) {
			p := dialPeer(t, tf.addr)
			await.Within(p, 2*patience)
			p.say(tc.head)
			for sent, piece := 0, bytes.Repeat([]byte("x"), 64<<10); sent < length; sent += len(piece) {
				if _, err := p.Write(piece); err != nil {
					t.Fatalf("after %d bytes: %v", sent, err)
				}
			}
			r, err := p.answer("POST")
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r.Body)
			if r.StatusCode != tc.status || !r.Close || len(body) == 0 || err != nil {
				t.Errorf("got %d, closes %t, %q (%v); want %d and the end", r.StatusCode, r.Close, body, err, tc.status)
			}
		})
	}
}

// readLines returns the JSON objects in file once there are n, or as many as come.
func readLines(t testing.TB, file string, n int) (lines []map[string]any, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the access log has %d lines", n), func() bool {
		b, err := os.ReadFile(file)
		text = string(b)
		return err == nil && strings.Count(text, "\n") >= n
	})
	for line := range strings.Lines(text) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("%q is no JSON: %v", line, err)
		}
		lines = append(lines, fields)
	}
	return lines, text
}

func TestAccessLog_hasALineForEveryExchange(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.log")
	s := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil || r.URL.Path == "/none" {
				return
			}
			p.say("HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	tf := startTenfour(t, []string{s.addr}, "--access-log", file)
	p := dialPeer(t, tf.addr)
	await.Within(p, patience)
	fields := "Host: a:80\r\nuser-agent: Test/1 \"x\"\r\nReferer: http://b/?q=1&token=s3cret\r\n\r\n"
	p.say("GET /one HTTP/1.1\r\n" + fields + "HEAD /two?x=1 HTTP/1.1\r\n" + fields)
	p.status("GET")
	p.status("HEAD")
	tf.get(t, "/none")
	bad := dialPeer(t, tf.addr)
	bad.say("GET / HTTP/1.1\r\n\r\n")
	bad.ends(t)
	lines, text := readLines(t, file, 4)
	if len(lines) != 4 {
		t.Fatalf("%d lines for 4 exchanges:\n%s", len(lines), text)
	}
	find := func(key string, value any) map[string]any {
		for _, l := range lines {
			if l[key] == value {
				return l
			}
		}
		t.Errorf("no line with %s %v in\n%s", key, value, text)
		return nil
	}
	one, two, none, refused := find("target", "/one"), find("target", "/two?x=1"), find("target", "/none"), find("status", 400.0)
	for _, l := range []map[string]any{one, two} {
		for _, key := range []string{"time", "id", "client", "method", "port", "target", "host", "proto", "user_agent", "referer", "status", "bytes", "backend",
			"queue_ms", "connect_ms", "first_byte_ms", "total_ms"} {
			if _, there := l[key]; !there {
				t.Errorf("no field %s in %v", key, l)
			}
		}
		from := p.LocalAddr().(*net.TCPAddr)
		if l["status"] != 201.0 || l["backend"] != s.addr || l["client"] != "127.0.0.1" || l["port"] != float64(from.Port) {
			t.Errorf("got %v", l)
		}
		if l["host"] != "a:80" || l["proto"] != "HTTP/1.1" || l["user_agent"] != `Test/1 "x"` || l["referer"] != "http://b/?q=1&token=***" {
			t.Errorf("got %v", l)
		}
		total, first := l["total_ms"].(float64), l["first_byte_ms"].(float64)
		if first <= 0 || total < first || total > float64(patience.Milliseconds()) {
			t.Errorf("the first byte came after %v ms of %v", first, total)
		}
	}
	if one["method"] != "GET" || one["bytes"] != 4.0 || two["method"] != "HEAD" || two["bytes"] != 0.0 || one["id"] == two["id"] {
		t.Errorf("got %v and %v", one, two)
	}
	if none["status"] != 502.0 || none["reason"] == nil || refused["reason"] == nil || refused["id"] == nil || refused["client"] == nil || refused["host"] != nil {
		t.Errorf("got %v and %v, want the reasons", none, refused)
	}
}

// TestAccessLog_tellsBodyAndQueueApart: the time that a client takes for its body is none in which it waits for a slot, and the next
// request on its connection has nothing of it.
func TestAccessLog_tellsBodyAndQueueApart(t *testing.T) {
	t.Parallel()
	const slow = 300 * time.Millisecond
	file := filepath.Join(t.TempDir(), "access.log")
	tf := startTenfour(t, []string{startServer(t, okay).addr}, "--access-log", file)
	for _, framing := range []string{"Content-Length: 5\r\n\r\nhel|lo", "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n|2\r\nlo\r\n0\r\n\r\n"} {
		begins, ends, _ := strings.Cut(framing, "|")
		p := dialPeer(t, tf.addr)
		await.Within(p, patience)
		p.say("POST /slow HTTP/1.1\r\nHost: a\r\n" + begins)
		await.Pace(slow)
		p.say(ends)
		p.status("POST")
		p.say(request("GET", "/next"))
		p.status("GET")
	}
	lines, text := readLines(t, file, 4)
	for _, l := range lines {
		body, has := l["body_ms"].(float64)
		queue, _ := l["queue_ms"].(float64)
		if slowly := l["target"] == "/slow"; has != slowly || slowly && (body < float64(slow.Milliseconds())/2 || queue > body) {
			t.Errorf("%v: body %v ms, queue %v ms", l["target"], l["body_ms"], queue)
		}
	}
	if len(lines) != 4 {
		t.Errorf("%d lines for 4 exchanges:\n%s", len(lines), text)
	}
}

// TestAccessLog_neverBlocks: exchanges do not wait for a standard output that no program reads.
func TestAccessLog_neverBlocks(t *testing.T) {
	s := startServer(t, okay)
	unread, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	p := startProcess(t, plainly, theirs, "--backend", s.addr, "--access-log", "stdout")
	theirs.Close()
	n := 22_000 // more than the lines that may wait, and the pipe
	if testing.Short() || underRace {
		n = 3000
	}
	runAB(t, "http://"+p.addr+"/", n, 40, "-k")
	if status, _ := p.get(t, "/"); status != 200 {
		t.Errorf("afterwards a client got %d", status)
	}
	if n > 3000 { // the reader goes on, and what was lost is said
		go io.Copy(io.Discard, unread) // ends with the process
		eventually(t, "it says how many lines were dropped", func() bool {
			said := p.lines("access log: its reader is too slow, lines were dropped")
			return len(said) > 0 && said[0]["lines"].(float64) > 0
		})
	}
	p.signal(t, syscall.SIGTERM)
	if state := p.exit(t); state.ExitCode() != 0 {
		t.Errorf("it ended with %v\n%s", state, p.log)
	}
}

// TestLogs_haveNoCredentials: neither of requests that succeeded, nor of those that failed.
func TestLogs_haveNoCredentials(t *testing.T) {
	const secret = "s3cr3t"
	file := filepath.Join(t.TempDir(), "access.log")
	s := startServer(t, func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err != nil || r.URL.Path == "/none" {
			return
		}
		if r.URL.Path == "/bad" {
			p.say("HTTP/1.1 200 OK\r\nSet-Cookie : id=" + secret + "\r\nContent-Length: x" + secret + "\r\n\r\n")
			return
		}
		p.say("HTTP/1.1 200 OK\r\nSet-Cookie: id=" + secret + "\r\nContent-Length: 4\r\n\r\nokay")
	})
	tf := startTenfour(t, []string{s.addr}, "--access-log", file, "--log-level", "debug")
	requests := []string{
		"GET /ok HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + secret + "\r\nCookie: id=" + secret + "\r\nProxy-Authorization: Basic " + secret + "\r\n\r\n",
		"GET /none HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + secret + "\r\n\r\n",
		"GET /bad HTTP/1.1\r\nHost: a\r\nCookie: id=" + secret + "\r\n\r\n",
		"GET /q?access_token=" + secret + "&x=1&api_key=" + secret + "&Signature=" + secret + " HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /q?%74oken=" + secret + "&pass%77ord=" + secret + " HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /q?x=1;token=" + secret + " HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /from HTTP/1.1\r\nHost: a\r\nReferer: https://user:" + secret + "@b/?token=" + secret + "\r\n\r\n",
		"GET http://user:" + secret + "@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nAuthorization : Bearer " + secret + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + secret + "\x01\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: user:" + secret + "@a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + secret + "\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + secret + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nExpect: " + secret + "\r\n\r\n",
	}
	for _, raw := range requests {
		p := dialPeer(t, tf.addr)
		await.Within(p, patience)
		p.say(raw)
		p.status("GET")
		p.Close()
	}
	lines, text := readLines(t, file, len(requests))
	if len(lines) != len(requests) {
		t.Errorf("%d lines for %d exchanges:\n%s", len(lines), len(requests), text)
	}
	for name, log := range map[string]string{"access log": text, "log": tf.log.String()} {
		for line := range strings.Lines(log) {
			if strings.Contains(line, secret) {
				t.Errorf("the %s tells a secret: %s", name, line)
			}
		}
	}
	if !strings.Contains(text, "x=1") {
		t.Errorf("the access log tells nothing of a query without secrets:\n%s", text)
	}
}

// TestPipelining_isInOrder: 1,000 requests at once, on one connection.
func TestPipelining_isInOrder(t *testing.T) {
	s := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			p.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(r.RequestURI), r.RequestURI))
		}
	})
	tf := startTenfour(t, []string{s.addr})
	p := dialPeer(t, tf.addr)
	await.Within(p, 2*patience)
	const n = 1000
	var raw strings.Builder
	for i := range n {
		if i%7 == 3 {
			fmt.Fprintf(&raw, "POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", i)
		} else {
			fmt.Fprintf(&raw, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i)
		}
	}
	var writing sync.WaitGroup
	writing.Go(func() { p.say(raw.String()) })
	defer writing.Wait()
	for i := range n {
		status, body, err := p.status("GET")
		if want := "/" + strconv.Itoa(i); status != 200 || body != want || err != nil {
			t.Fatalf("response %d is %d %q (%v)", i, status, body, err)
		}
	}
}

// TestPipelining_withoutReading: a client that does not read fills the kernel's buffers and then waits; other clients do not wait.
func TestPipelining_withoutReading(t *testing.T) {
	t.Parallel()
	page := strings.Repeat("x", 16<<10)
	s := startServer(t, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(page)) + "\r\n\r\n" + page)
		}
	})
	tf := startTenfour(t, []string{s.addr}, "--workers", "1")
	p := dialPeer(t, tf.addr)
	many := bytes.Repeat([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 2000)
	const most = 64 << 20
	sent := 0
	for {
		p.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		n, err := p.Write(many)
		if sent += n; sent > most {
			t.Fatalf("%d bytes of requests were taken from a client that reads no response", sent)
		}
		if err != nil {
			break
		}
	}
	for range 10 {
		if status, _ := tf.get(t, "/"); status != 200 {
			t.Errorf("beside it a client got %d", status)
		}
	}
}
