package tests

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// asCrowd is a variable of the environment: with an address in it, the test binary acts as a crowd of clients of that address until
// it is killed.
const asCrowd = "TENFOUR_TEST_IS_A_CROWD"

func init() {
	if addr := os.Getenv(asCrowd); addr != "" {
		crowd(addr)
	}
}

// crowdOf is how many clients a crowd has: of each kind a fifth.
const crowdOf = 2500

// crowd connects, says when it has, and waits to be killed. Those that are served are so before others take the workers.
func crowd(addr string) {
	var conns [crowdOf]net.Conn
	for i := range conns {
		var err error
		if conns[i], err = net.Dial("tcp", addr); err != nil {
			fmt.Println("connection", i, err)
			os.Exit(1)
		}
		if i%5 == 0 { // is served, and stays
			io.WriteString(conns[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			http.ReadResponse(bufio.NewReader(conns[i]), nil)
		}
	}
	for i, c := range conns {
		switch i % 5 {
		case 1: // says nothing
		case 2:
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nX-Half:")
		case 3: // is in hand, queued or refused
			io.WriteString(c, "GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
		case 4: // has sent a part of its body
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\npart")
		}
	}
	fmt.Println("ready")
	await.Pace(time.Hour) // until it is killed
	fmt.Println(len(conns))
}

// TestKilled_clientsGiveEverythingBack: 2,500 clients, in all states that a client can be in, die by kill -9 at the same time. tenfour
// keeps no slot, no place in a queue, no descriptor, no goroutine and no byte for them.
func TestKilled_clientsGiveEverythingBack(t *testing.T) {
	t.Parallel()
	var held atomic.Int32
	s := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			if r.URL.Path == "/held" {
				held.Add(1)
				p.untilGone()
				held.Add(-1)
				return
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	tf := startStanding(t, nil, []string{s.addr}, "--head-timeout", "10m", "--idle-timeout", "10m", "--workers", "1", "--queue", "400", "--queue-timeout", "10m")
	if status, _ := tf.get(t, "/"); status != 200 {
		t.Fatalf("got %d", status)
	}
	before := tf.rest()
	for range 2 {
		killCrowd(t, tf, &held)
	}
	tf.get(t, "/") // so that there is a kept connection to the backend, as before
	tf.returnsTo(before)
}

// killCrowd has a crowd come, and kills it.
func killCrowd(t *testing.T, tf *standingProcess, held *atomic.Int32) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), asCrowd+"="+tf.addr)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	late := time.AfterFunc(6*patience, func() { cmd.Process.Kill() })
	defer late.Stop()
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || said != "ready\n" {
		t.Fatalf("the crowd says %q, %v", said, err)
	}
	eventually(t, "one is in hand", func() bool { return held.Load() == 1 })
	cmd.Process.Kill()
	// A request in hand is given up because another one waits; connections that were not accepted yet come after it.
	if !await.Holds(6*patience, func() bool {
		if held.Load() == 0 {
			return true
		}
		p := dialPeer(t, tf.addr)
		await.Within(p, 2*patience)
		p.say(request("GET", "/"))
		if status, _, err := p.status("GET"); err != nil {
			t.Fatalf("after a crowd was killed the next client got %d (%v), and %d are in hand", status, err, held.Load())
		}
		p.Close()
		return false
	}) {
		t.Fatalf("%v after a crowd was killed, %d requests are in hand", 6*patience, held.Load())
	}
}

// TestKilled_tenfourIsSeenByBothSides: tenfour dies by kill -9 while it sends responses. Clients see that their responses are incomplete,
// backends see their connections end, and another tenfour listens at the same address at once.
func TestKilled_tenfourIsSeenByBothSides(t *testing.T) {
	t.Parallel()
	s := startServer(t, func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		if r.URL.Path == "/" {
			p.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nokay")
			return
		}
		p.say("HTTP/1.1 200 OK\r\n" + map[string]string{"/length": "Content-Length: 10", "/chunked": "Transfer-Encoding: chunked"}[r.URL.Path] + "\r\n\r\n")
		p.say(map[string]string{"/length": "half!", "/chunked": "5\r\nhalf!\r\n"}[r.URL.Path])
		p.untilGone()
	})
	tf := startProcess(t, plainly, nil, "--backend", s.addr)
	var clients []*http.Response
	for _, path := range []string{"/length", "/chunked"} {
		p := dialPeer(t, tf.addr)
		await.Within(p, 4*patience)
		p.say(request("GET", path))
		r, err := p.answer("GET")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r.Body, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, r)
	}
	tf.signal(t, syscall.SIGKILL)
	for i, r := range clients {
		if rest, err := io.ReadAll(r.Body); err == nil || len(rest) > 0 {
			t.Errorf("client %d got %q and %v, want an error: half is missing", i, rest, err)
		}
	}
	eventually(t, "the backend's connections end", func() bool { return s.open.Load() == 0 })
	again := startProcess(t, plainly, nil, "--backend", s.addr, "--listen", tf.addr)
	if status, body := again.get(t, "/"); status != 200 || strings.TrimSpace(body) != "okay" {
		t.Errorf("from another tenfour at the same address: %d %q", status, body)
	}
}
