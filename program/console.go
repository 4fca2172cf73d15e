package program

import (
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/console"
	"tenfour/logs"
	"tenfour/metrics"
	"tenfour/sock"
	"tenfour/trace"
	"tenfour/value/listen"
)

// consolePart is the console, and the socket that it answers on. Only the main loop calls its methods. It is nil until a configuration has a
// console.
type consolePart struct {
	server *console.Server
	log    *zerolog.Logger
	at     listen.Console // of the configuration, whether it could be opened or not
	socket *consoleSocket // nil when there is none
}

// consoleSocket is a socket that the console answers on.
type consoleSocket struct {
	net.Listener
	at   listen.Console
	file fs.FileInfo // of a unix socket; nil for others
}

// phase is how far the program is.
type phase struct{ atomic.Int32 }

const (
	starting int32 = iota // no client is accepted yet
	serving
	draining
)

// ready returns nil if clients are served, else why not.
func (p *phase) ready() error {
	switch p.Load() {
	case starting:
		return errors.New("tenfour is starting")
	case draining:
		return errors.New("tenfour is draining: it accepts no more clients, and ends soon")
	}
	return nil
}

// newConsole makes a console that answers nowhere yet.
func newConsole(s console.Sources, log *zerolog.Logger) *consolePart {
	return &consolePart{server: console.New(s, *log), log: log}
}

// follow puts a configuration in force. The console moves to another address if it can. If not, the log says why, and it stays where it is;
// but not without a token where other machines reach it.
func (p *consolePart) follow(c *config.Config, token func() string) {
	if p == nil {
		return
	}
	set := console.Settings{Hosts: c.ConsoleHosts, Token: token, Debug: c.ConsoleDebug, Most: mostOfConsole(descriptors())}
	if p.at == c.Console {
		p.server.Follow(set)
		return
	}
	p.at = c.Console
	if !p.at.On() {
		p.close()
		return
	}
	fresh, err := openConsole(p.at, token != nil)
	if err == nil {
		p.server.Serve(fresh, set)
		p.socket.remove()
		p.socket = fresh
		return
	}
	if p.socket != nil && token == nil && !p.socket.at.Local() {
		p.close()
	}
	p.server.Follow(set)
	instead := "tenfour runs without"
	if p.socket != nil {
		instead = "it stays at " + p.socket.url()
	}
	p.log.Warn().Str("console", p.at.String()).Msg("the console cannot answer at " + p.at.String() + ", and " + instead + ": " + consoleInWords(p.at, err))
}

// where is the URL that the console answers at; "" for nowhere.
func (p *consolePart) where() string {
	if p == nil || p.socket == nil {
		return ""
	}
	return p.socket.url()
}

// say prints where the console answers.
func (p *consolePart) say(l *logs.Logs) {
	if p == nil || p.socket == nil {
		return
	}
	url := p.socket.url()
	if l.Text {
		l.Say("tenfour: its console is at %s", url)
		return
	}
	l.Log.Info().Str("console", url).Msg("the console is at " + url)
}

// nudge has open pages told of what has just changed.
func (p *consolePart) nudge() {
	if p != nil {
		p.server.Nudge()
	}
}

// close ends the console, and returns when no goroutine of it is left.
func (p *consolePart) close() {
	if p == nil {
		return
	}
	p.server.Stop()
	p.socket.remove()
	p.socket = nil
}

// mostOfConsole is how many connections the console may have, for a limit of descriptors.
func mostOfConsole(limit int) int { return min(max(2, limit/16), 256) }

// errNotLocal is an address that was taken for one of this machine alone.
var errNotLocal = errors.New("other machines reach this address, so it needs console_token_file")

// openConsole opens a socket for the console. Without a token it must be one that only this machine reaches.
func openConsole(at listen.Console, token bool) (*consoleSocket, error) {
	if at.Unix {
		return openConsoleUnix(at)
	}
	l, err := net.Listen("tcp", at.Where)
	if err != nil {
		return nil, err
	}
	where, err := netip.ParseAddrPort(l.Addr().String())
	if !token && (err != nil || !where.Addr().Unmap().IsLoopback()) {
		l.Close()
		return nil, errNotLocal
	}
	return &consoleSocket{Listener: l, at: at}, nil
}

// openConsoleUnix opens a unix socket that only tenfour's user may connect to. It replaces that of a process that has ended.
func openConsoleUnix(at listen.Console) (*consoleSocket, error) {
	unlock := lockDirectory(filepath.Dir(at.Where))
	defer unlock()
	file, err := sock.OpenUnix(at.Where, 0o600)
	if errors.Is(err, syscall.EADDRINUSE) {
		if err := isDead(at.Where); err != nil {
			return nil, err
		}
		os.Remove(at.Where)
		file, err = sock.OpenUnix(at.Where, 0o600)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() // the listener has another descriptor
	l, err := net.FileListener(file)
	if err != nil {
		os.Remove(at.Where)
		return nil, err
	}
	s := &consoleSocket{Listener: l, at: at}
	s.file, _ = os.Lstat(at.Where)
	return s, nil
}

// url is what a person asks the console by.
func (s *consoleSocket) url() string {
	if s.at.Unix {
		return "unix:" + s.at.Where
	}
	return "http://" + s.Addr().String()
}

// remove removes the file of a unix socket, if it is still the one that tenfour made. s may be nil.
func (s *consoleSocket) remove() {
	if s == nil || s.file == nil {
		return
	}
	if now, err := os.Lstat(s.at.Where); err == nil && os.SameFile(now, s.file) {
		os.Remove(s.at.Where)
	}
}

// consoleInWords says why the console cannot answer at an address, and what to do.
func consoleInWords(at listen.Console, err error) string {
	if errors.Is(err, errNotLocal) {
		return err.Error()
	}
	a := listen.Address{Where: at.Where}
	if at.Unix {
		a.Kind = listen.Unix
	}
	return inWords(a, err, "--console ") + "; --console off is without one"
}

// leaveOutConsole leaves out a console that no setting asks for in a process that is its caller's: a test may have many tenfours.
func leaveOutConsole(c *config.Config, shared bool) {
	if shared && c.ConsoleByDefault {
		c.Console = listen.Console{}
	}
}

// followConsole has counted and recorded what the console of a configuration shows, and has it answer there. Without a console nothing is
// counted, and nothing recorded.
func (r *running) followConsole(c *config.Config) {
	on := c.Console.On()
	r.overview.metrics.Switch(on, time.Now())
	r.overview.sample(on)
	r.passing.follow(c)
	if r.console == nil && on {
		r.console = newConsole(r.overview.sources(), &r.logs.Log)
	}
	r.console.follow(c, r.site.ConsoleToken)
}

// sources are what the console shows.
func (o *overview) sources() console.Sources {
	return console.Sources{
		Status: func() any {
			return struct {
				*metrics.Status
				Exchanges []trace.Summary `json:"exchanges"`
			}{o.status(), append([]trace.Summary{}, o.book.Recent()...)}
		},
		Exchange: o.book.Find,
		Metrics:  o.writeMetrics,
		Ready:    o.phase.ready,
		Jobs: func() http.Handler {
			if p := o.jobs.Load(); p != nil {
				return p.shown
			}
			return nil
		},
	}
}
