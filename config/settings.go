package config

import (
	"time"

	"tenfour/value/address"
	"tenfour/value/choice"
	"tenfour/value/field"
	"tenfour/value/rate"
	"tenfour/value/statuses"
)

// groups is every setting there is.
var groups = []group{
	{
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
	},
	{
		title: "Which requests",
		intro: "A request belongs to the route with the longest path that matches. If none matches, the answer is `404`; if only the method does not, `405`.",
		settings: []*setting{
			{
				key: "path", flag: "path", of: ofRoute, example: `["/app/", "/favicon.ico"]`,
				in: func(t target) value {
					return wordList(&t.r.Paths, "a path that begins with /", checkPath).some()
				},
				unit: "path, several",
				help: "`PATH` that clients may request: exact, or a prefix if it ends in / (repeatable)",
				more: "says which paths belong to the route: a path that ends in `/` is a prefix, any other is exact; the longest match wins. " +
					"If any route has a path other than `/`, a request whose path two servers could read differently " +
					"(`..`, `//`, `%2F`) is answered with `400`. Set it to keep a backend's other paths private. Two routes may have the same path " +
					"if they have no method in common.",
			},
			{
				key: "methods", of: ofRoute, example: `["GET", "HEAD"]`,
				in:   func(t target) value { return methods(&t.r.Methods, "the name of a method, such as GET") },
				unit: "methods, several", none: "any",
				more: "says which methods belong to the route; `HEAD` goes with `GET`. Others get `405`, with `Allow`.",
			},
		},
	},
	{
		title: "How much",
		settings: []*setting{
			{
				key: "workers", flag: "workers", of: ofRoute,
				in:   func(t target) value { return autoOr(&t.r.Auto, digits(&t.r.Workers, 1, 65536)) },
				unit: "exchanges at each backend, or `auto`", zero: "refused: 1 to 65536, or `auto`",
				help: "exchanges at a backend at the same time: `N`, or auto to find the number",
				more: "is how many exchanges a backend has at the same time, and so how many connections. More helps a backend that spends " +
					"its time waiting (a database, another API); fewer helps one that can only do one thing. 1 is exact: one exchange " +
					"after the other. Above 5, Python's `http.server` begins to drop connections. With `auto`, tenfour finds the number for each " +
					"backend, and adjusts it as the backend changes: [auto.md](auto.md).",
			},
			{
				key: "workers_max", flag: "workers-max", of: ofRoute,
				in:   func(t target) value { return digits(&t.r.WorkersMax, 1, 65536) },
				unit: "exchanges at each backend", zero: "refused: 1 to 65536",
				help: "most exchanges at a backend with --workers auto: `N`",
				more: "is the highest number that `auto` may choose. It has no effect on a number in `workers`.",
			},
			{
				key: "queue", flag: "queue", of: ofRoute,
				in:   func(t target) value { return digits(&t.r.Queue, 0, 1_000_000_000) },
				unit: "exchanges", zero: "none waits: without a free slot the answer is `503` at once",
				help: "exchanges that may wait for a worker: `N`",
				more: "is how many exchanges of the route may wait for a slot. A shorter queue rejects earlier, with `503` and " +
					"`Retry-After`: better for clients that would give up anyway. Each waiting exchange holds its head and up to `buffer` of its body in memory.",
			},
			{
				key: "queue_timeout", flag: "queue-timeout", of: ofRoute,
				in:   func(t target) value { return span(&t.r.QueueTimeout, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` that an exchange may wait",
				more: "is how long an exchange may wait for a slot. Set it to how long your clients are willing to wait.",
			},
			{
				key: "buffer", flag: "buffer", of: ofRoute,
				in:   func(t target) value { return size(&t.r.Buffer, 1<<30) },
				unit: "bytes", zero: "nothing is read before there is a slot: bodies stream; at most 1GiB",
				help: "`SIZE` of a body held for a slow client, or read before there is a worker",
				more: "is how much of a body is held in memory for the slower side: of a request's body before there is a slot, of a response " +
					"for a slow client. Raise it if responses are larger and clients slow, so that slots are free sooner; lower it " +
					"if memory is short. Larger bodies stream, with back pressure, in flat memory. A body whose length is declared, and " +
					"larger, streams from its first byte. Below 4KiB a stream still needs 4KiB.",
			},
			{
				key: "hold_max", of: ofProcess,
				in:   func(t target) value { return size(&t.c.HoldMax, 1<<40) },
				unit: "bytes", zero: "nothing is held: bodies stream, and what cannot stream is `503`",
				more: "bounds the memory that is held at the same time for bodies of requests, for responses and for races, all together. Above it a " +
					"body streams, also a small one, and a response has no more buffer than it has already: both then hold a worker for longer. " +
					"A body that must be held whole (of a request that is raced, or chunked for a backend of HTTP/1.0) waits for memory, in turn, " +
					"and is answered with `503` after `queue_timeout`. Heads are not counted, nor are the first 16KiB that each worker has in transfer. It is read when tenfour starts only.",
			},
			{
				key: "streams", flag: "streams", of: ofRoute,
				in:   func(t target) value { return digits(&t.r.Streams, 0, 1_000_000_000) },
				unit: "connections at each backend", zero: "no event streams and no WebSockets: `503`",
				help: "further event streams, WebSockets and slow transfers at a backend: `N`",
				more: "is how many event streams, WebSockets and other transfers that last ([which](lasting.md)) a backend may have beyond its slots. " +
					"Raise it to the number of clients that listen at the same time.",
			},
		},
	},
	{
		title: "When a backend is down, or flaky",
		settings: []*setting{
			{
				key: "hold", flag: "hold", of: ofRoute,
				in:   func(t target) value { return span(&t.r.Hold, 0) },
				unit: "duration", zero: "none waits for a backend that is down: `502` at once",
				help: "`D` that an exchange waits for a backend that is down; 0 is not at all",
				more: "is how long an exchange waits for a backend that is down. A backend is down if it refuses connections, resets them before a byte " +
					"of an answer, or cannot be reached. The exchange keeps its place in the queue, and holds no worker. Raise it to what a " +
					"restart takes. After it: `502`, which says what the backend did, and for how long.",
			},
			{
				key: "hold_every", flag: "hold-every", of: ofRoute,
				in:   func(t target) value { return span(&t.r.HoldEvery, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` between two attempts to reach a backend that is down",
				more: "is the time between two attempts to reach such a backend, with one connection at a time and the oldest exchange that waits. " +
					"[hold.md](hold.md) shows what happens.",
			},
			{
				key: "resend", flag: "resend", of: ofRoute,
				in:   func(t target) value { return digits(&t.r.Resend, 0, 100) },
				unit: "times", zero: "never",
				help: "how often a request is sent again after a backend had it: `N`",
				more: "is how often one request may be sent again after a backend had received some of it and sent no byte of an answer. " +
					"Only a request that is safe to repeat is sent again: its method is idempotent, and tenfour still has its body. The limit keeps a request that " +
					"crashes its server from being sent to one server after the other. A request of which nothing was sent does not count, " +
					"and neither do the backends that a race asks.",
			},
			{
				key: "keep_alive", of: ofRoute,
				in:   func(t target) value { return oneOf(&t.r.KeepAlive) },
				unit: "`auto`, `bodyless`, `off`",
				more: "says which connections to a backend are kept for the next request. `auto`: those on which a response ended in an " +
					"unambiguous way, and on which no content was sent that simple servers leave unread. `bodyless`: of those, none on " +
					"which a request had a body; for a server that may not read the body of a `POST`. `off`: none, and each request says `Connection: close`. " +
					"[walk.md](walk.md#which-connections-are-kept) has the cases.",
			},
			{
				key: "keep_idle", of: ofRoute,
				in:   func(t target) value { return span(&t.r.KeepIdle, 0) },
				unit: "duration", zero: "none is kept",
				more: "is how long a kept connection may be idle before it is closed. Keep it below the backend's own timeout: many simple servers use 5s. " +
					"A server with one thread that keeps connections serves nothing else until then.",
			},
			{
				key: "health", flag: "health", of: ofRoute, example: `"/healthz"`,
				in:   func(t target) value { return words(&t.r.Health, "a path that begins with /", checkPathOrNone) },
				unit: "path", none: "none: only clients' requests show whether a backend is down",
				help: "`PATH` that tenfour requests from every backend; one that does not answer it is down",
				more: "is a path that tenfour requests from every backend. After two failures in a row (no answer in time, a status of 400 or more) " +
					"the backend is down until a check passes; until then no client's request is sent to it. Each check is a connection of its own " +
					"beside the backend's slots. When a check has no answer after 100 ms, tenfour closes its idle connections to the backend: " +
					"a server with one thread may be waiting on one of them.",
			},
			{
				key: "health_every", flag: "health-every", of: ofRoute,
				in:   func(t target) value { return span(&t.r.HealthEvery, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` between two health checks",
				more: "is the time from one check to the next.",
			},
			{
				key: "race", flag: "race", of: ofRoute,
				in:   func(t target) value { return oneOf(&t.r.Race) },
				unit: "`off`, `parallel`, `serial`, `hedge`",
				help: "ask several backends, first usable answer wins: off, parallel, serial or hedge (`MODE`)",
				more: "sends the same request to several backends and takes the first usable answer: all at once (`parallel`), one " +
					"after the other (`serial`), or the next one when the first takes long (`hedge`). [race.md](race.md) shows when to use which.",
			},
			{
				key: "usable", flag: "usable", of: ofRoute,
				in:   func(t target) value { return typed(&t.r.Usable, statuses.Wants, statuses.Parse) },
				unit: "statuses",
				help: "`STATUSES` that win a race, such as 2xx,304,404",
				more: "is which statuses may win a race: classes and single codes.",
			},
			{
				key: "hedge_after", flag: "hedge-after", of: ofRoute,
				in:   func(t target) value { return wordOr("p95", &t.r.HedgeAfter) },
				unit: "duration, or `p95`", zero: "refused",
				help: "`D` or p95: how long a hedge waits before it asks the next backend",
				more: "is how long a hedge waits before it asks the next backend; `p95` is the time within which 95 of this route's last 100 answers came.",
			},
			{
				key: "race_methods", flag: "race-methods", of: ofRoute, example: `["POST"]`,
				in: func(t target) value {
					return methods(&t.r.RaceMethods, "the name of a method, such as POST").separated()
				},
				unit: "methods, several", none: "none: `GET`, `HEAD`, `OPTIONS` alone are raced",
				help: "`METHODS` that are raced beside GET, HEAD and OPTIONS",
				more: "adds methods that are raced too, such as `POST`: all backends then act on it.",
			},
		},
	},
	{
		title: "What is changed on the way",
		intro: "A request and its response are forwarded unchanged, except for connection-specific fields and the settings below.",
		settings: []*setting{
			{
				key: "strip_prefix", of: ofRoute, example: `"/app"`,
				in:   func(t target) value { return prefixOff(&t.r.StripPrefix) },
				unit: "path", none: "nothing",
				more: "is removed from the beginning of the path before the request is forwarded: with `/app`, the backend gets `/page` for `/app/page`. " +
					"Every path of the route must begin with it.",
			},
			{
				key: "host", of: ofRoute,
				in:   func(t target) value { return twoWords(&t.r.HostBackend, "keep", "backend") },
				unit: "`keep`, `backend`",
				more: "says which `Host` the backend gets: `keep`, what the client sent; `backend`, the backend's own name, which most public APIs need.",
			},
			{
				key: "request.set", of: ofRoute, example: `{ X-Served-By = "tenfour" }`, secret: true,
				in:   func(t target) value { return lines{&t.r.Request.Set, false, field.CheckRequestName} },
				unit: "fields", none: "none",
				more: "puts field lines into a request, in place of all lines of that name. A value `env:NAME` is read from the " +
					"environment: `{ X-Api-Key = \"env:API_KEY\" }`. Fields about the connection and the framing of " +
					"messages are tenfour's own, and refused here and below.",
			},
			{
				key: "request.add", of: ofRoute, example: `{ X-Via = "tenfour" }`, secret: true,
				in:   func(t target) value { return lines{&t.r.Request.Add, true, field.CheckRequestName} },
				unit: "fields", none: "none",
				more: "puts field lines into a request, beside those of that name. An array has several values: `{ Link = [\"a\", \"b\"] }`.",
			},
			{
				key: "request.remove", of: ofRoute, example: `["Cookie"]`,
				in: func(t target) value {
					return wordList(&t.r.Request.Remove, "the name of a field, such as Cookie", field.CheckRequestName)
				},
				unit: "names, several", none: "none",
				more: "removes all lines of these names from a request, before anything is set or added.",
			},
			{
				key: "response.set", of: ofRoute, example: `{ Cache-Control = "no-store" }`, secret: true,
				in:   func(t target) value { return lines{&t.r.Response.Set, false, field.CheckName} },
				unit: "fields", none: "none",
				more: "puts field lines into a response, in place of all lines of that name.",
			},
			{
				key: "response.add", of: ofRoute, example: `{ X-Frame-Options = "DENY" }`, secret: true,
				in:   func(t target) value { return lines{&t.r.Response.Add, true, field.CheckName} },
				unit: "fields", none: "none",
				more: "puts field lines into a response, beside those of that name.",
			},
			{
				key: "response.remove", of: ofRoute, example: `["Server"]`,
				in: func(t target) value {
					return wordList(&t.r.Response.Remove, "the name of a field, such as Server", field.CheckName)
				},
				unit: "names, several", none: "none",
				more: "removes all lines of these names from a response, before anything is set or added.",
			},
		},
	},
	{
		title: "Which clients are admitted",
		intro: "[admit.md](admit.md) shows in which order these rules apply. A secret stands in a file, or in the environment as `env:NAME`; no setting takes the secret itself. " +
			"A file that has changed is read again within a second; if it is wrong then, the content that was read before stays in force.",
		settings: []*setting{
			{
				key: "credential_file", flag: "credential-file", of: ofRoute, path: true, example: `"env:BACKEND_TOKEN"`,
				in:   func(t target) value { return words(&t.r.CredentialFile, "the name of a file, or env:NAME", anything) },
				unit: "file, or `env:NAME`", none: "none",
				help: "`FILE` or env:NAME with a credential for the backend: Authorization: Bearer …",
				more: "has the credential that tenfour sends to the backend, in place of what the client sent; clients never see it. In `Authorization` it is sent as `Bearer …`, unless it has a scheme of its " +
					"own before a space.",
			},
			{
				key: "credential_header", flag: "credential-header", of: ofRoute,
				in: func(t target) value {
					return words(&t.r.CredentialHeader, "the name of a field, such as X-Api-Key", field.CheckRequestName)
				},
				unit: "name of a field",
				help: "`NAME` of the field that the credential is sent in",
				more: "is the field in which the credential is sent. In any field but `Authorization` it is sent unchanged.",
			},
			{
				key: "client_token_file", flag: "client-token-file", of: ofRoute, path: true, example: `"env:CLIENT_TOKENS"`,
				in:   func(t target) value { return words(&t.r.ClientTokenFile, "the name of a file, or env:NAME", anything) },
				unit: "file, or `env:NAME`", none: "none: clients need none",
				help: "`FILE` or env:NAME with what clients must show as Bearer: lines of NAME TOKEN",
				more: "has the tokens that clients must show, as `Authorization: Bearer TOKEN`. A line is `NAME TOKEN`, or `NAME sha256:HEX` " +
					"with the token's SHA-256; a name may have several, so that one can be replaced without a gap. A client without one " +
					"of them gets `401`. The backend does not see the client's token.",
			},
			{
				key: "allow_from", flag: "allow-from", of: ofRoute, example: `["10.0.0.0/8", "::1"]`,
				in: func(t target) value {
					return listOf(&t.r.AllowFrom, "an address or a network, such as 10.0.0.0/8", parsePrefix, formatPrefix).some().separated()
				},
				unit: "addresses and networks, several", none: "any address",
				help: "`NETWORKS` or addresses whose clients are admitted (repeatable)",
				more: "says from which addresses clients are admitted. Others get `403`. An empty list is refused, because it could mean " +
					"all addresses or none: leave the key out for all, or write `[\"0.0.0.0/0\", \"::/0\"]` where the top says otherwise.",
			},
			{
				key: "deny_from", flag: "deny-from", of: ofRoute, example: `"10.6.6.0/24"`,
				in: func(t target) value {
					return listOf(&t.r.DenyFrom, "an address or a network, such as 10.0.0.0/8", parsePrefix, formatPrefix).separated()
				},
				unit: "addresses and networks, several", none: "none",
				help: "`NETWORKS` or addresses whose clients get 403 (repeatable)",
				more: "says from which addresses clients get `403`, even if `allow_from` has them.",
			},
			{
				key: "max_per_client", flag: "max-per-client", of: ofProcess,
				in:   func(t target) value { return digits(&t.c.MaxPerClient, 0, 1_000_000_000) },
				unit: "connections", zero: "any number",
				help: "connections that one address may have open: `N`; 0 is any number",
				more: "is how many connections one address may have open at a time; of IPv6 a network of 64 bits is one address. Further ones get a `503` and are closed at once. The log counts them, every 10 s at most. " +
					"With a proxy in front of tenfour, all clients have the proxy's address: leave it 0 there.",
			},
			{
				key: "trusted_proxies", flag: "trusted-proxies", of: ofProcess, example: `["192.0.2.10", "10.0.0.0/8"]`,
				in: func(t target) value {
					return listOf(&t.c.TrustedProxies, "an address or a network, such as 10.0.0.0/8", parsePrefix, formatPrefix).separated()
				},
				unit: "addresses and networks, several", none: "none: the address that connects is the client's",
				help: "`NETWORKS` or addresses of proxies in front of tenfour; their X-Forwarded-… is believed (repeatable)",
				more: "are proxies in front of tenfour. tenfour believes their `X-Forwarded-For`: the client is the last address there that is not a trusted proxy's. " +
					"Their `X-Forwarded-Proto`, `X-Forwarded-Host`, `Forwarded` and the like are forwarded; those of other clients are dropped.",
			},
		},
	},
	{
		title: "Limits",
		intro: "A limit is how many exchanges may begin in a time. `[limit.NAME]` defines one, and a route is under the limits that its `limit` names: " +
			"routes that name the same limit share it. The flags make a limit with the name `flag`, which every route is under as well.",
		settings: []*setting{
			{
				key: "limit", of: ofRoute, example: `"NAME"`,
				in:   func(t target) value { return wordList(&t.r.Limits, "the name of a [limit.NAME]", checkLimitName) },
				unit: "names, several", none: "none",
				more: "names the limits that the route is under. It stands in a `[[route]]` alone.",
			},
			{
				key: "rate", flag: "limit", of: ofLimit, example: `"10/1m"`,
				in:   func(t target) value { return typed(&t.l.Rate, rate.Wants, rate.Parse) },
				unit: "number/duration", none: "none: a limit needs it", zero: "refused: 1 or more, in 1ms to 365d",
				help: "`N/D`: so many exchanges in a time, such as 10/1m",
				more: "is how many exchanges may begin in any time of that length: `10/1m`, `5/s`, `1000/1d`. [limits.md](limits.md) says how exact it is.",
			},
			{
				key: "by", flag: "limit-by", of: ofLimit,
				in:   func(t target) value { return countedBy(&t.l.By, &t.l.Header) },
				unit: "`route`, `client`, `token`, `header:NAME`",
				help: "`WHAT` the limit counts for: each route, client, token or header:NAME",
				more: "says what has a count of its own: all requests on its routes together (`route`), each client's address (of IPv6 each " +
					"network of 64 bits), each name in `client_token_file`, or each value of a field. " +
					"A request in which that field stands twice is answered with `400`; a name such as `X_Key` counts as `X-Key`.",
			},
			{
				key: "over", flag: "over", of: ofLimit,
				in:   func(t target) value { return twoWords(&t.l.Wait, "reject", "wait") },
				unit: "`reject`, `wait`",
				help: "`WHAT` happens to an exchange over the limit: reject or wait",
				more: "is what happens to an exchange over the limit: it is rejected with `429`, `Retry-After` and the `RateLimit` fields, or it waits for its turn, and holds no worker.",
			},
			{
				key: "wait_max", flag: "wait-max", of: ofLimit,
				in:   func(t target) value { return span(&t.l.WaitMax, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` that an exchange over the limit waits at most",
				more: "is how long an exchange over the limit waits at most. After it: `429`.",
			},
			{
				key: "on_error", of: ofLimit,
				in:   func(t target) value { return twoWords(&t.l.AdmitOnError, "reject", "admit") },
				unit: "`reject`, `admit`",
				more: "is what happens to an exchange when its limit does not answer: `503`, or it is admitted.",
			},
		},
	},
	{
		title: "How long",
		settings: []*setting{
			{
				key: "timeouts.head", flag: "head-timeout", of: ofProcess,
				in:   func(t target) value { return span(&t.c.HeadTimeout, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` for a client to send a request's head",
				more: "is the time for a whole head, not for each read, and for a TLS handshake. After it: `408`, or a close without an answer if no byte came.",
			},
			{
				key: "timeouts.connect", flag: "connect-timeout", of: ofRoute,
				in:   func(t target) value { return span(&t.r.ConnectTimeout, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` for a connection to a backend",
				more: "is the time for a connection to a backend, including the look-up of its name, all its addresses, and TLS. After it: the route's other " +
					"backends are tried, then `502`.",
			},
			{
				key: "timeouts.backend", flag: "backend-timeout", of: ofRoute,
				in:   func(t target) value { return span(&t.r.BackendTimeout, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` for a backend to send, or take, its next byte",
				more: "is the time for a backend to send its next byte, or to take the next; it is not for the whole response. After it: `504`, or the " +
					"response is cut. Raise it for backends that work for longer than a minute before they answer.",
			},
			{
				key: "timeouts.idle", flag: "idle-timeout", of: ofProcess,
				in:   func(t target) value { return span(&t.c.IdleTimeout, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` for a client's next request, or next byte",
				more: "is the time for a client's next request on a persistent connection, and for the client to send or take its next byte in the " +
					"middle of an exchange. After it: a close without an answer, `408`, or the connection is cut.",
			},
			{
				key: "timeouts.body", of: ofProcess,
				in:   func(t target) value { return span(&t.c.BodyTimeout, 0) },
				unit: "duration", zero: "any time",
				more: "is the time for the whole body of a request: from when tenfour first waits for more of it, or a worker takes it, to its last byte. " +
					"After it: `408`. Tunnels have no such limit.",
			},
			{
				key: "min_rate", of: ofProcess,
				in:   func(t target) value { return perSecond(&t.c.MinRate) },
				unit: "bytes per second", zero: "any",
				more: "is how fast a client must send a body, or take one, averaged over 10 s. The first 10 s do not count. Only the time counts in which tenfour waits for the " +
					"client, not the time in which it waits for a backend. A byte counts as taken when the client's kernel " +
					"has it. If a client is slower, an upload is answered with `408`, and a download is reset. Event streams and tunnels have no rate.",
			},
			{
				key: "timeouts.drain", flag: "drain", of: ofProcess,
				in:   func(t target) value { return span(&t.c.Drain, 0) },
				unit: "duration", zero: "running exchanges are cut at once",
				help: "`D` for exchanges to end when asked to stop",
				more: "is how long running exchanges have to end when tenfour is asked to stop.",
			},
		},
	},
	{
		title: "TLS and logs",
		settings: []*setting{
			{
				key: "tls_cert", flag: "tls-cert", of: ofProcess, path: true, example: `"cert.pem"`,
				in:   func(t target) value { return words(&t.c.TLSCert, "the name of a file", anything) },
				unit: "file (PEM)", none: "none: plain HTTP",
				help: "`FILE` with a certificate (PEM): clients speak TLS",
				more: "is the certificate, with its chain. With it and its key, clients speak HTTPS on `listen`; one without the other is an error.",
			},
			{
				key: "tls_key", flag: "tls-key", of: ofProcess, path: true, example: `"key.pem"`,
				in:   func(t target) value { return words(&t.c.TLSKey, "the name of a file", anything) },
				unit: "file (PEM)", none: "none",
				help: "`FILE` with the certificate's key (PEM)",
				more: "is the certificate's key. Both are read at the start, and when tenfour is asked to read its configuration again.",
			},
			{
				key: "access_log", flag: "access-log", of: ofProcess,
				in:   func(t target) value { return typed(&t.c.AccessLog, choice.AccessLogWants, choice.ParseAccessLog) },
				unit: "`off`, `stdout` or a file",
				help: "one line for each exchange: off, stdout or a `FILE`",
				more: "writes one line for each exchange, and no exchange waits for it (see below). A FIFO needs its reader before tenfour starts. " +
					"Values of query parameters that look like credentials (`token`, `key`, `secret`, …) are masked.",
			},
			{
				key: "log_level", flag: "log-level", of: ofProcess,
				in:   func(t target) value { return oneOf(&t.c.LogLevel) },
				unit: "`debug`, `info`, `warn`, `error`",
				help: "`LEVEL`: debug, info, warn or error",
				more: "says which lines the log has: `warn` and above have trouble only; `debug` adds TLS handshakes that failed.",
			},
			{
				key: "log_format", flag: "log-format", of: ofProcess,
				in:   func(t target) value { return oneOf(&t.c.LogFormat) },
				unit: "`auto`, `text`, `json`",
				help: "`FORMAT`: auto, text or json",
				more: "says how a line is written: `auto` is text on a terminal and JSON elsewhere. The log goes to stderr.",
			},
		},
		after: `No exchange waits for either log. Their lines go through queues of 4 MiB. When a pipe's reader stops, or a disk is full, tenfour
goes on. Lines that find no room, or that cannot be written, are dropped and counted. The log says how many as soon as it can, every
10 s at most. A reader that has closed its end (` + "`| head -n 1`" + `) does not end tenfour. When tenfour ends, it waits a second for each reader
that has stopped.

A line of the access log has these fields:

| field | what |
|---|---|
` + "| `id` | the request's, the same as `X-Request-Id` in an answer of tenfour's own |\n" +
			"| `client`, `method`, `target` | the client's address, and what it requested |\n" +
			"| `for`, `name` | the client's address as a trusted proxy reports it; the name of the client's token |\n" +
			"| `status`, `bytes` | what went out, and how much content; `499`: the client left before it had an answer |\n" +
			"| `backend` | the backend that was asked last |\n" +
			"| `limited`, `queue`, `connect`, `first_byte`, `total` | milliseconds: waiting for a limit; for a slot; from there until the backend took the request's " +
			"first byte; until the response's first byte came; from the end of the request's head to the end of the exchange |\n" +
			"| `reason` | why there was no response, or no whole one |\n",
	},
}
