package config

import (
	"tenfour/value/address"
)

// where is where clients connect, and what answers them.
var where = group{
	title: "Where",
	settings: []*setting{
		{
			flag: "config", of: ofCommand,
			unit: "file", none: "`" + DefaultFile + "`, when it is there",
			help: "`FILE` of settings, with flags over it (default " + DefaultFile + ", when it is there)",
			more: "names the file. A named file that does not exist is an error; `/dev/null` is an empty file.",
		},
		{
			key: "listen", flag: "listen", of: ofProcess,
			in:   func(t target) value { return words(&t.c.Listen, "HOST:PORT, such as 127.0.0.1:8000", checkListen) },
			unit: "`HOST:PORT`", zero: "any free port; the first log line names it",
			help: "`ADDR` to answer clients on",
			more: "is the address on which tenfour accepts clients. The default is for this machine only; `0.0.0.0:8000` is for every client that " +
				"reaches this machine, `[::1]:8000` is an IPv6 address.",
		},
		{
			key: "backends", flag: "backend", of: ofRoute, example: `["127.0.0.1:9001", "127.0.0.1:9002"]`,
			in: func(t target) value {
				return listOf(&t.r.Backends, address.Wants, address.Parse, address.Backend.String)
			},
			unit: "`host:port` or URL, several", none: "none: the welcome page",
			help: "`URL` of a backend: host:port, http://… or https://… (repeatable)",
			more: "are the servers that requests are forwarded to: each exchange goes to one of them. `host:port` and `http://host[:port]` are plain, " +
				"`https://host[:port]` is TLS: the certificate is verified against the system's authorities for that host, " +
				"which is sent as SNI. A name is looked up anew every 5 s, and all its addresses are tried. A path in the URL " +
				"is refused: use `strip_prefix` to change paths. Routes that name the same backend share its workers, and must agree " +
				"on `workers`, `streams` and `health`. Without any backend, tenfour starts four of its own, " +
				"with a welcome page and a page of 4,096 bytes at `/4k` for `ab`.",
		},
		{
			key: "serve", flag: "serve", of: ofRoute, path: true, example: `"public"`,
			in:   func(t target) value { return words(&t.r.Serve, "the name of a directory", anything) },
			unit: "directory", none: "none",
			help: "serve the files of `DIR` instead of backends",
			more: "serves the files of a directory instead of backends: `index.html` or a listing, `GET` and `HEAD`, ranges, " +
				"`If-Modified-Since`. Files outside the directory, and paths with an element that begins with a dot, are not served.",
		},
	},
}
