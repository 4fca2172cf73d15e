package config

import (
	"time"

	"tenfour/value/address"
	"tenfour/value/listen"
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
			key: "listen", flag: "listen", of: ofProcess, example: `["127.0.0.1:8000", "unix:/run/tenfour.sock"]`,
			in: func(t target) value {
				return listOf(&t.c.Listen, listen.Wants, listen.Parse, listen.Address.String).some()
			},
			unit: "`HOST:PORT`, `https://HOST:PORT`, `unix:/PATH` or `fd://N`, several", zero: "any free port; the first log line names it",
			help: "`ADDR` to answer clients on: host:port, https://host:port, unix:/path or fd://3 (repeatable)",
			more: "are the addresses on which tenfour accepts clients. The default is for this machine only; `0.0.0.0:8000` is for every client that " +
				"reaches this machine, `[::1]:8000` is an IPv6 address. `unix:/PATH` is a unix socket, `fd://3` a socket that tenfour is started with. " +
				"With a certificate clients speak TLS; if one address is `https://HOST:PORT`, those without a scheme, and `http://HOST:PORT`, are plain. " +
				"Without `listen`, the sockets that systemd offers are taken. [listen.md](listen.md) tells more.",
		},
		{
			key: "socket_mode", flag: "socket-mode", of: ofProcess,
			in:   func(t target) value { return fileMode(&t.c.SocketMode) },
			unit: "octal digits",
			help: "permissions of a unix socket that clients connect to: `MODE`",
			more: "says which users may connect to a `unix:/PATH` that `listen` names: `0666` is all users of this machine, as with an address of TCP; " +
				"`0660` is the user and the group that tenfour runs as.",
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
				"which is sent as SNI. A name is [looked up](names.md) in the background, and all its addresses are tried. A path in the URL " +
				"is refused: use `strip_prefix` to change paths. Routes that name the same backend share its workers, and must agree " +
				"on `workers`, `streams` and `health`. Without any backend, tenfour starts four of its own, " +
				"with a welcome page and a page of 4,096 bytes at `/4k` for `ab`.",
		},
		{
			key: "resolver", of: ofProcess, example: `"127.0.0.11"`,
			in: func(t target) value {
				return words(&t.c.Resolver, "the address of a DNS server, such as 10.0.0.2", checkResolver)
			},
			unit: "address, or `address:port`", none: "the system's: `/etc/hosts`, and the servers of `/etc/resolv.conf`",
			more: "is the DNS server that is asked for the names of backends, and of receivers of callbacks, after `/etc/hosts`. The port is 53 where none is written. " +
				"[names.md](names.md) tells what happens when it does not answer.",
		},
		{
			key: "resolve_every", of: ofProcess,
			in:   func(t target) value { return span(&t.c.ResolveEvery, 10*time.Millisecond) },
			unit: "duration", zero: "refused: 10ms or more",
			more: "is how often the name of each backend is looked up. So it is how long a backend that moves to another address is still asked at the old one, if a server goes on there. " +
				"When none of a backend's addresses can be reached, its name is looked up at once.",
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
