package config

import (
	"tenfour/value/field"
	"tenfour/value/listen"
)

// theConsole is what an operator looks at, and which browsers may.
var theConsole = group{
	title: "The console",
	intro: "The console is a page that shows what tenfour does: [console.md](console.md). It has a socket of its own, and no client's request passes it.",
	settings: []*setting{
		{
			key: "console", flag: "console", of: ofProcess,
			in:   func(t target) value { return consoleAt(&t.c.Console) },
			unit: "`HOST:PORT`, `unix:/PATH`, `off`", zero: "any free port; the log names it",
			help: "`ADDR` of the console, a page that shows what tenfour does: host:port, unix:/path or off",
			more: "is where the console answers: a page, `/metrics`, `/healthz`, `/readyz`, `/status.json`. When the address is taken, the log says so, and tenfour runs without a console. " +
				"An address that other machines reach needs `console_token_file`.",
		},
		{
			key: "console_hosts", of: ofProcess, example: `["tenfour.example.com", "localhost:9000"]`,
			in: func(t target) value {
				return wordList(&t.c.ConsoleHosts, "a name or an address, with or without a port, such as tenfour.example.com", field.CheckHost)
			},
			unit: "`HOST` or `HOST:PORT`, several", none: "none: its own address alone, and `localhost`",
			more: "are the names that a browser may ask the console by, beside its own address: those of a proxy or of a tunnel in front of it. A name without a port is right with any. " +
				"Any other `Host` gets `403`, so that no page of another site reaches the console by a name that leads here (DNS rebinding).",
		},
		{
			key: "console_token_file", of: ofProcess, path: true, example: `"env:CONSOLE_TOKEN"`,
			in:   func(t target) value { return words(&t.c.ConsoleTokenFile, "the name of a file, or env:NAME", anything) },
			unit: "file, or `env:NAME`", none: "none: this machine's users may look",
			more: "has a token of 16 characters or more. With it every request to the console must have it, as `Authorization: Bearer TOKEN` or by the console's login, but for `/healthz` and `/readyz`. " +
				"An address that other machines reach needs it. It is read again within a second after it has changed, and when the configuration is; if it is wrong then, the log says so, and the old token stays.",
		},
		{
			key: "console_debug", of: ofProcess,
			in:   func(t target) value { return yesOrNo(&t.c.ConsoleDebug) },
			unit: "`true`, `false`",
			more: "has the console answer at `/debug/pprof/` too, for Go's `go tool pprof`. A profile costs time while it is made.",
		},
	},
}

// consoleAt is where the console answers. Unlike typed, it says what is wrong with an address.
func consoleAt(p *listen.Console) scalar {
	return scalar{inQuotes, listen.ConsoleWants, "",
		func(text string) error {
			at, err := listen.ParseConsole(text)
			if err == nil {
				*p = at
			}
			return err
		},
		func() string { return p.String() },
	}
}
