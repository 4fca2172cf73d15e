package config

import (
	"strings"

	"tenfour/value/listen"
)

// checkConsole reports a console that other machines could reach without a token, a token that is none, and a socket that clients have.
func (d *draft) checkConsole(bad *problems) {
	p, c := &d.process, &d.c
	if c.ConsoleTokenFile != "" {
		if err := d.seen.consoleToken(c.ConsoleTokenFile); err != nil {
			p.wrong(bad, "console_token_file", 0, "%v", err)
		}
	}
	if !p.understood("console") || p.from["console"] == nil {
		return
	}
	if !c.Console.Local() && c.ConsoleTokenFile == "" && p.understood("console_token_file") {
		p.wrong(bad, "console", 0, "other machines reach this address, so it needs console_token_file too; or write 127.0.0.1:8900")
	}
	if !p.understood("listen") {
		return
	}
	for _, a := range c.Listen {
		if a.Kind != listen.Given && a.Where == c.Console.Where && !strings.HasSuffix(a.Where, ":0") {
			p.wrong(bad, "console", 0, "listen has this address: write another")
		}
	}
}
