package program

import (
	"io"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/trace"
	"tenfour/wire"
)

// passing is what follows exchanges as they pass: the book that the console shows, and what prints those of routes with wire.
type passing struct {
	book    *trace.Book
	printer *wire.Printer
}

// bookBytes is how much memory recorded exchanges have. Without a console none of them is kept.
const bookBytes = 8 << 20

// wirePatience is how long the end of tenfour waits for the program that reads what is printed.
const wirePatience = time.Second

// followExchanges makes what follows exchanges for the console, if there is one, and for routes with wire, which are printed to stdout.
func followExchanges(c *config.Config, stdout io.Writer, log *zerolog.Logger) *passing {
	p := &passing{book: trace.New(bookBytes)}
	p.printer = wire.New(stdout, screenOf(stdout).colours(), func(lost wire.Loss) { sayUnshown(log, lost) })
	p.book.Watch(p.printer, allPrinted(c))
	p.hide(c)
	p.follow(c)
	return p
}

// sayUnshown logs what --wire did not show.
func sayUnshown(log *zerolog.Logger, lost wire.Loss) {
	line := log.Warn().Str("key", "wire").Int("blocks", lost.Blocks)
	if lost.Err != nil {
		line.Err(lost.Err).Msg("wire: exchanges are not shown, because standard output cannot be written; clients are served as ever")
		return
	}
	line.Msg("wire: exchanges are not shown, because the program that reads standard output is too slow, or has stopped; clients are served as ever")
}

func printed(r config.Route) bool { return r.Wire }

// allPrinted reports whether what reaches no route is printed too: all routes are.
func allPrinted(c *config.Config) bool {
	return len(c.Routes) > 0 && !slices.ContainsFunc(c.Routes, func(r config.Route) bool { return !r.Wire })
}

// follow has recorded what a configuration wants: all exchanges for the console, which keeps some of them, and those of routes with wire.
func (p *passing) follow(c *config.Config) {
	p.book.Switch(c.Console.On() || slices.ContainsFunc(c.Routes, printed), c.Console.On())
	p.book.WatchAll(allPrinted(c))
}

// hide has credentials of another configuration masked, before it is in force.
func (p *passing) hide(c *config.Config) { p.book.Hide(c.SecretFields) }

// close prints what is left.
func (p *passing) close() { p.printer.Close(wirePatience) }
