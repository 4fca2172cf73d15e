// Command screenshots takes the pictures of the console that the docs show.
//
//	scripts/screenshots.sh docs
//
// It runs tenfour in front of backends of the lab: two that work, one that is stuck, one that goes down; and ab. The pictures are what Chromium
// shows of that.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"tenfour/lab"
	"tenfour/program"
	"tenfour/tests/await"
)

// took is how much of the last 5 minutes has load in the pictures.
const took = 100 * time.Second

const settings = `console = "%s"
workers = 4
queue_timeout = "10m"
[timeouts]
backend = "10m"
[[route]]
path = "/"
backends = [%q, %q, %q]
[[route]]
path = "/reports/"
backends = %q
[[route]]
path = "/api/"
backends = %q
`

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("screenshots: name the directory that the pictures go into: docs")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal("screenshots: ", err)
	}
}

func run(dir string) error {
	scene, err := startScene()
	if err != nil {
		return err
	}
	defer scene.end()
	if err := scene.play(); err != nil {
		return err
	}
	b, end, err := startBrowser()
	if err != nil {
		return err
	}
	defer end()
	for _, theme := range []string{"light", "dark"} {
		if err := b.take(scene, dir, theme); err != nil {
			return err
		}
	}
	return nil
}

// scene is tenfour with backends and load.
type scene struct {
	listen, console string
	ends            []func()
	down            *lab.Faulty // the backend that will be closed
}

func (s *scene) end() {
	for _, end := range s.ends {
		end()
	}
}

func startScene() (*scene, error) {
	s := &scene{}
	addrs := make([]string, 0, 5)
	for _, spec := range []string{"slow:delay=3ms", "slow:delay=5ms", "slow:delay=4ms", "mute", "flaky:delay=15ms"} {
		b, err := lab.StartFaulty(spec)
		if err != nil {
			return nil, err
		}
		s.ends = append(s.ends, func() { b.Close() })
		if len(addrs) == 2 {
			s.down = b
		}
		addrs = append(addrs, b.Addr())
	}
	console, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s.console = console
	tmp, err := os.MkdirTemp("", "screenshots")
	if err != nil {
		return nil, err
	}
	s.ends = append(s.ends, func() { os.RemoveAll(tmp) })
	file := filepath.Join(tmp, "tenfour.toml")
	text := fmt.Sprintf(settings, console, addrs[0], addrs[1], addrs[2], addrs[3], addrs[4])
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return s, s.run(file)
}

// run starts tenfour, and waits until it listens.
func (s *scene) run(file string) error {
	ctx, stop := context.WithCancel(context.Background())
	ready, exit := make(chan net.Addr, 1), make(chan int, 1)
	var said await.Output
	go func() { // ends with ctx
		exit <- program.Run(ctx, []string{"--config", file, "--listen", "127.0.0.1:0", "--drain", "1s"}, &said, &said, func(a net.Addr) { ready <- a })
	}()
	select {
	case a := <-ready:
		s.listen = a.String()
	case <-exit:
		stop()
		return errors.New(said.String())
	}
	s.ends = append([]func(){func() { stop(); <-exit }}, s.ends...)
	return nil
}

// play has load on all routes, and one backend go down in its middle.
func (s *scene) play() error {
	for range 9 {
		if err := s.ask("/reports/monthly"); err != nil {
			return err
		}
	}
	var load sync.WaitGroup
	ctx, end := context.WithTimeout(context.Background(), took)
	s.ends = append([]func(){func() { end(); load.Wait() }}, s.ends...)
	load.Go(func() { s.bench(ctx, 6, "/", "/index.html", "/guide/routes?page=2") })
	load.Go(func() { s.bench(ctx, 2, "/api/items?limit=10", "/api/users/7?token=a-secret") })
	pause(ctx, took/2)
	s.down.Close()
	pause(ctx, took/3)
	return nil
}

// bench has ab ask for one path after the other until ctx ends.
func (s *scene) bench(ctx context.Context, clients int, paths ...string) {
	for n := 0; ctx.Err() == nil; n++ {
		c := strconv.Itoa(clients + n%3)
		exec.CommandContext(ctx, "ab", "-q", "-n", "500", "-c", c, "http://"+s.listen+paths[n%len(paths)]).Run() // it ends with ctx
	}
}

// ask sends a request that has no answer, and keeps its connection.
func (s *scene) ask(target string) error {
	c, err := net.Dial("tcp", s.listen)
	if err != nil {
		return err
	}
	s.ends = append([]func(){func() { c.Close() }}, s.ends...)
	_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: a browser\r\nCookie: session=a-secret\r\n\r\n", target, s.listen)
	return err
}

// exchange is the id of one that was answered, for the picture of the wire view.
func (s *scene) exchange() (string, error) {
	answer, err := http.Get("http://" + s.console + "/status.json")
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var status struct {
		Exchanges []struct {
			ID, Target string
			Status     int
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&status); err != nil {
		return "", err
	}
	for _, x := range status.Exchanges {
		if strings.Contains(x.Target, "token=") && x.Status == 200 {
			return x.ID, nil
		}
	}
	return "", errors.New("no exchange of /api/ is kept")
}

// browser is a page of Chromium.
type browser struct{ ctx context.Context }

func startBrowser() (*browser, func(), error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	ctx, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx)
	return &browser{ctx}, func() { chromedp.Cancel(ctx); end() }, chromedp.Do(ctx)
}

// take takes the pictures of one theme: the page, wide and narrow, and the wire view.
func (b *browser) take(s *scene, dir, theme string) error {
	if err := b.see("http://"+s.console+"/", theme, 1200, 1500); err != nil {
		return err
	}
	if err := b.save(filepath.Join(dir, "console-"+theme+".webp")); err != nil {
		return err
	}
	id, err := s.exchange() // the last ones are soon gone
	if err != nil {
		return err
	}
	if err := b.see("http://"+s.console+"/#exchange/"+id, theme, 1200, 1100); err != nil {
		return err
	}
	return b.save(filepath.Join(dir, "wire-"+theme+".webp"))
}

// see opens a page, and waits until it is live.
func (b *browser) see(url, theme string, width, height int64) error {
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
	if err != nil {
		return err
	}
	if err := chromedp.Do(b.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(url)); err != nil {
		return err
	}
	pause(b.ctx, 6*time.Second) // what does not move is told of after 3 s
	return nil
}

func (b *browser) save(file string) error {
	quality := int64(80)
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: &quality})
	if err != nil {
		return err
	}
	log.Printf("%s: %d KiB", file, len(shot.Data)>>10)
	return os.WriteFile(file, shot.Data, 0o644)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}
