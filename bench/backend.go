package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"tenfour/lab"
)

// The targets that the backends serve.
const (
	smallTarget = "/small"     // close, keep, idle, loris: an answer that costs its backend almost nothing
	pageTarget  = "/page.html" // seed, slow
	largeTarget = "/large"     // slow
	bigTarget   = "/big"       // big

	smallSize = 128
	pageSize  = 4096
	largeSize = 200 << 10
	bigSize   = 100e6
)

// backendCommand makes this program one of its own backends: bench backend KIND [DIR]. It prints its address. It ends when
// its input ends, which it does when the benchmark does.
const backendCommand = "backend"

// serialThinks is how long the backend that serves one request at a time takes for an answer.
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

// serveRaw calls handle for each connection, for at most atOnce at a time. The others wait in the kernel, as they do in front
// of a server with so many threads.
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

// readRequest reads a request's head and returns its target and Content-Length.
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

// sinkConn reads each body to its end and answers with its length.
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

// serialConn is the simplest server: it reads one request, answers after a moment, and closes when its peer has read all.
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
