package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tenfour/lab"
)

// What the backends serve.
const (
	smallTarget = "/small"     // close, keep, idle, loris: an answer that costs its backend next to nothing
	pageTarget  = "/page.html" // seed, slow
	largeTarget = "/large"     // slow
	bigTarget   = "/big"       // big

	smallSize = 128
	pageSize  = 4096
	largeSize = 200 << 10
	bigSize   = 100e6
)

// backendCommand makes this program one of its own backends: bench backend KIND [DIR]. It prints its address, and ends
// with its input, which ends with us.
const backendCommand = "backend"

// serialThinks is how long the one-at-a-time backend takes for an answer.
const serialThinks = time.Millisecond

// ownBackends are the backends of this program, by kind.
var ownBackends = map[string]func(dir string) (addr string, err error){
	"lab": func(dir string) (string, error) {
		site, err := lab.Dir(dir)
		if err != nil {
			return "", err
		}
		b, err := lab.Start(http.Handler(site), 1)
		if err != nil {
			return "", err
		}
		return b.Addrs()[0], nil
	},
	"sink":   func(string) (string, error) { return serveRaw(sinkConn, 64) },
	"serial": func(string) (string, error) { return serveRaw(serialConn, 1) },
}

func runBackend(args []string, stdout, stderr io.Writer) int {
	start := ownBackends[args[0]]
	if start == nil {
		fmt.Fprintf(stderr, "bench backend %s: there is no such backend\n", args[0])
		return 2
	}
	addr, err := start(strings.Join(args[1:], " "))
	if err != nil {
		fmt.Fprintln(stderr, "bench backend:", err)
		return 1
	}
	fmt.Fprintln(stdout, addr)
	io.Copy(io.Discard, os.Stdin)
	return 0
}

// serveRaw gives each connection to handle, at most atOnce at a time: the others wait in the kernel, as with a server that
// has so many threads.
func serveRaw(handle func(*net.TCPConn), atOnce int) (string, error) {
	ln, err := listenSmall()
	if err != nil {
		return "", err
	}
	for range atOnce {
		go acceptFor(ln, handle) // ends with the program
	}
	return ln.Addr().String(), nil
}

func acceptFor(ln net.Listener, handle func(*net.TCPConn)) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		handle(c.(*net.TCPConn))
		c.Close()
	}
}

// readRequest reads a request's head and gives its target and Content-Length.
func readRequest(r *bufio.Reader) (target string, length int64, err error) {
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return "", 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch name, value, _ := bytes.Cut(line, []byte(":")); {
		case len(line) == 0:
			return target, length, nil
		case first:
			if f := bytes.Fields(line); len(f) == 3 {
				target = string(f[1])
			}
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil {
				return "", 0, err
			}
		}
	}
}

// sinkConn reads whatever is sent, to its end, and says how much it was.
func sinkConn(c *net.TCPConn) {
	r := bufio.NewReaderSize(c, 4096)
	nowhere := make([]byte, 256<<10)
	for {
		_, length, err := readRequest(r)
		if err != nil {
			return
		}
		early, _ := r.Discard(int(min(length, int64(r.Buffered()))))
		for left := length - int64(early); left > 0; {
			n, err := c.Read(nowhere[:min(left, int64(len(nowhere)))])
			if err != nil {
				return
			}
			left -= int64(n)
		}
		said := strconv.FormatInt(length, 10)
		if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(said), said); err != nil {
			return
		}
	}
}

// serialConn is the simplest of servers: one request, one answer after a moment, close. It writes until its peer has taken all.
func serialConn(c *net.TCPConn) {
	target, _, err := readRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	size := pageSize
	if target == largeTarget {
		size = largeSize
	}
	time.Sleep(serialThinks)
	head := fmt.Sprintf("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", size)
	c.Write(append([]byte(head), bytes.Repeat([]byte("x"), size)...))
}

// Origin is one or more backends of a scenario, running.
type Origin struct {
	About string // for the report
	Addrs []string
	procs []*Process
	labs  []*lab.Faulty
	input io.Closer // of one of our own
}

// Close ends them.
func (o *Origin) Close() {
	if o == nil {
		return
	}
	if o.input != nil {
		o.input.Close()
	}
	for _, p := range o.procs {
		p.End()
	}
	for _, b := range o.labs {
		b.Close()
	}
}

// startOwn starts one of ownBackends as a process.
func startOwn(ctx context.Context, kind, about, site string) (*Origin, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	out, said, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	input, ours, err := os.Pipe()
	if err != nil {
		said.Close()
		return nil, err
	}
	p, err := startPiped(kind, site, input, said, self, backendCommand, kind, site)
	input.Close()
	said.Close()
	if err != nil {
		ours.Close()
		return nil, err
	}
	o := &Origin{About: about, procs: []*Process{p}, input: ours}
	out.SetReadDeadline(time.Now().Add(10 * time.Second))
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		o.Close()
		return nil, fmt.Errorf("%s backend does not start: %w: %s", kind, err, p.said)
	}
	o.Addrs = []string{strings.TrimSpace(line)}
	return o, p.AwaitListening(ctx, o.Addrs[0])
}

// startFast starts the fast backend: nginx where there is one, else one of lab.
func startFast(ctx context.Context, dir, site string) (*Origin, error) {
	path, err := lookPeer("nginx")
	if err != nil {
		return startOwn(ctx, "lab", "one backend of lab (net/http): no nginx was found, so the backend's share is larger", site)
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	if dir, err = openDir(dir, "backend-"); err != nil {
		return nil, err
	}
	if err := os.Symlink(site, filepath.Join(dir, "site")); err != nil {
		return nil, err
	}
	text, err := fastConfiguration(addr)
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "backend.conf")
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	p, err := startProcess("the nginx backend", dir, nil, path, "-p", dir, "-c", conf)
	if err != nil {
		return nil, err
	}
	o := &Origin{About: "one nginx, one worker", Addrs: []string{addr}, procs: []*Process{p}}
	if err := p.AwaitListening(ctx, addr); err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

func fastConfiguration(addr string) (string, error) {
	var b strings.Builder
	err := peerTemplates.ExecuteTemplate(&b, "backend.conf.tmpl", setup{Listen: addr, Files: mostFiles(), Small: strings.Repeat("x", smallSize)})
	return b.String(), err
}

func servePython(path, site, addr string) (*Process, error) {
	_, port, _ := net.SplitHostPort(addr)
	return startProcess("python3 -m http.server", site, nil, path, "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", site)
}

// startPython starts n times python3 -m http.server.
func startPython(ctx context.Context, site string, n int) (*Origin, error) {
	path, err := exec.LookPath("python3")
	if err != nil {
		return nil, fmt.Errorf("python3 is not installed, and seed's backends are its http.server (on Debian: apt-get install python3)")
	}
	o := &Origin{About: fmt.Sprintf("%d × python3 -m http.server", n)}
	for range n {
		addr, err := freeAddr()
		if err == nil {
			var p *Process
			if p, err = servePython(path, site, addr); err == nil {
				o.procs = append(o.procs, p)
				err = p.AwaitListening(ctx, addr)
			}
		}
		if err != nil {
			o.Close()
			return nil, err
		}
		o.Addrs = append(o.Addrs, addr)
	}
	return o, nil
}

// startFaulty starts misbehaving backends of lab, in this process: they have next to nothing to do, and we can ask what they met.
func startFaulty(about string, specs ...string) (*Origin, error) {
	o := &Origin{About: about}
	for _, spec := range specs {
		b, err := lab.StartFaulty(spec)
		if err != nil {
			o.Close()
			return nil, err
		}
		o.labs = append(o.labs, b)
		o.Addrs = append(o.Addrs, b.Addr())
	}
	return o, nil
}

// writeSite writes the files that the backends serve.
func writeSite(dir string) error {
	for name, size := range map[string]int{smallTarget: smallSize, pageTarget: pageSize, largeTarget: largeSize, bigTarget: bigSize, admitTarget: smallSize} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			return err
		}
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		chunk := bytes.Repeat([]byte("x"), min(size, 1<<20))
		for left := size; left > 0 && err == nil; left -= len(chunk) {
			_, err = f.Write(chunk[:min(left, len(chunk))])
		}
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return fmt.Errorf("write the backends' files: %w", err)
		}
	}
	return nil
}
