package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"tenfour/lab"
	"time"
)

// Origin is one or more running backends of a scenario.
type Origin struct {
	About string // for the report
	Addrs []string
	procs []*Process
	labs  []*lab.Faulty
	input io.Closer // the input of a backend of this program; nil for others
}

// Close ends the backends.
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

// startOwn starts one of ownBackends as a process of its own.
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

// startFast starts the fast backend: nginx if it is installed, else one of lab.
func startFast(ctx context.Context, dir, site string) (*Origin, error) {
	path, err := lookPeer("nginx")
	if err != nil {
		return startOwn(ctx, "lab", "one backend of lab (net/http), because no nginx was found: its share of the CPU is larger", site)
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

// startPython starts python3 -m http.server n times.
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

func servePython(path, site, addr string) (*Process, error) {
	_, port, _ := net.SplitHostPort(addr)
	return startProcess("python3 -m http.server", site, nil, path, "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", site)
}

// startFaulty starts misbehaving backends of lab in this process, because they need almost no CPU and their counts can be read.
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
