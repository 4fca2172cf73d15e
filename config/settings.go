package config

import (
	"time"

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
				more: "names the file. One that is named and not there is an error; `/dev/null` is a file that says nothing.",
			},
			{
				key: "listen", flag: "listen", of: ofProcess,
				in:   func(t target) value { return words(&t.c.Listen, "HOST:PORT, such as 127.0.0.1:8000", checkListen) },
				unit: "`HOST:PORT`", zero: "any free port; the first log line tells which",
				help: "`ADDR` to answer clients on",
				more: "is where clients connect. The default is for this machine only; `0.0.0.0:8000` is for everybody who " +
					"reaches it, `[::1]:8000` an IPv6 address.",
			},
			{
				key: "backends", flag: "backend", of: ofRoute, example: `["127.0.0.1:9001", "127.0.0.1:9002"]`,
				in: func(t target) value {
					return listOf(&t.r.Backends, "host:port, such as 127.0.0.1:9001", parseBackend, formatBackend)
				},
				unit: "`host:port` or URL, several", none: "none: the welcome page",
				help: "`URL` of a backend: host:port, http://… or https://… (repeatable)",
				more: "are spread over: each exchange goes to one of them. `host:port` and `http://host[:port]` are plain, " +
					"`https://host[:port]` is TLS: the certificate is verified against the system's authorities for that host, " +
					"which is sent as SNI. A name is looked up anew every 5 s, and all its addresses are tried. A path in the URL " +
					"is refused: `strip_prefix` is what changes paths. Routes that name the same backend share its workers, and must agree " +
					"on `workers`, `streams` and `health`. Without any backend, tenfour starts four of its own, " +
					"with a welcome page and a page of 4,096 bytes at `/4k` for `ab`.",
			},
			{
				key: "serve", flag: "serve", of: ofRoute, example: `"public"`,
				in:   func(t target) value { return words(&t.r.Serve, "the name of a directory", anything) },
				unit: "directory", none: "none",
				help: "serve the files of `DIR` instead of backends",
				more: "has the files of a directory instead of backends: `index.html` or a listing, `GET` and `HEAD`, ranges, " +
					"`If-Modified-Since`. Nothing whose path has an element that begins with a dot, and nothing outside of it.",
			},
		},
	},
	{
		title: "Which requests",
		intro: "Of all the routes, a request is on the one whose path fits best. None fits: `404`, and `405` when only the method does not.",
		settings: []*setting{
			{
				key: "path", flag: "path", of: ofRoute, example: `["/app/", "/favicon.ico"]`,
				in: func(t target) value {
					return wordList(&t.r.Paths, "a path that begins with /", checkPath).some()
				},
				unit: "path, several",
				help: "`PATH` that may be asked for: exact, or a prefix if it ends in / (repeatable)",
				more: "says what may be asked for: a path that ends in `/` is a prefix, another is exact; the longest wins. " +
					"As soon as there is any path but `/`, a request whose path two servers could read differently " +
					"(`..`, `//`, `%2F`) is `400`. Change it to keep a backend's other paths private. Two routes may have the same path " +
					"if they have no method in common.",
			},
			{
				key: "methods", of: ofRoute, example: `["GET", "HEAD"]`,
				in:   func(t target) value { return methods(&t.r.Methods, "the name of a method, such as GET") },
				unit: "methods, several", none: "any",
				more: "says with which methods; `HEAD` goes with `GET`. Another is `405`, which lists those that are allowed.",
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
				help: "exchanges at a backend at the same time: `N`, or auto for as many as pay",
				more: "is how many exchanges a backend has at a time, and so how many connections. More helps a backend that spends " +
					"its time waiting (a database, another API); fewer helps one that can only do one thing. 1 is exact: one exchange " +
					"after the other. Beyond 5, Python's `http.server` begins to drop connections. `auto` finds the number by itself, for each " +
					"backend, and moves it as the backend changes: [auto.md](auto.md).",
			},
			{
				key: "workers_max", flag: "workers-max", of: ofRoute,
				in:   func(t target) value { return digits(&t.r.WorkersMax, 1, 65536) },
				unit: "exchanges at each backend", zero: "refused: 1 to 65536",
				help: "exchanges at a backend with --workers auto, at the most: `N`",
				more: "is what `auto` may come to. A number in `workers` stays that number.",
			},
			{
				key: "queue", flag: "queue", of: ofRoute,
				in:   func(t target) value { return digits(&t.r.Queue, 0, 1_000_000_000) },
				unit: "exchanges", zero: "none waits: without a free slot it is `503` at once",
				help: "exchanges that may wait for a worker: `N`",
				more: "is how many exchanges of the route may wait for a slot. A shorter one refuses earlier, with `503` and " +
					"`Retry-After`: better for callers who would give up anyway. Each that waits costs its head and up to `buffer` of body.",
			},
			{
				key: "queue_timeout", flag: "queue-timeout", of: ofRoute,
				in:   func(t target) value { return span(&t.r.QueueTimeout, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` that one may wait",
				more: "is how long one may wait. Set it to what your clients have patience for.",
			},
			{
				key: "buffer", flag: "buffer", of: ofRoute,
				in:   func(t target) value { return size(&t.r.Buffer, 1<<30) },
				unit: "bytes", zero: "nothing is taken in before a slot is: bodies stream; at most 1GiB",
				help: "`SIZE` of a body held for a slow client, or taken in before a worker is",
				more: "is how much of a body is held for the slower side: of a request's body before a slot is taken, of a response " +
					"behind a slow client. Raise it if responses are larger and clients slow, so that slots are free sooner; lower it " +
					"if memory is short. Larger bodies stream, with back pressure, in flat memory; one that says at once that it is " +
					"larger, from its first byte. Below 4KiB a stream still needs that much.",
			},
			{
				key: "hold_max", of: ofProcess,
				in:   func(t target) value { return size(&t.c.HoldMax, 1<<40) },
				unit: "bytes", zero: "nothing is held: bodies stream, and what cannot stream is `503`",
				more: "bounds the memory that is held at a time for bodies of requests, for responses and for races, all together. Beyond it a " +
					"body streams, also a small one, and a response has no more buffer than it has already: both then hold a worker for longer. " +
					"A body that must be held whole (of a request that is raced, or chunked for a backend of HTTP/1.0) waits for memory, in turn, " +
					"and is `503` after `queue_timeout`. Heads are not counted, nor are the first 16KiB of what is on its way at a worker. Read when tenfour starts.",
			},
			{
				key: "streams", flag: "streams", of: ofRoute,
				in:   func(t target) value { return digits(&t.r.Streams, 0, 1_000_000_000) },
				unit: "connections at each backend", zero: "no event streams and no WebSockets: `503`",
				help: "event streams, WebSockets and slow transfers at a backend besides: `N`",
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
				unit: "duration", zero: "nobody waits for a backend that is down: `502` at once",
				help: "`D` that an exchange waits for a backend that is down; 0 is not at all",
				more: "is how long an exchange waits for a backend that is down: that refuses connections, resets them before a byte " +
					"of an answer, or cannot be reached. It waits in the queue, in its place, and holds no worker. Raise it to what a " +
					"restart takes. Over it: `502`, which says what the backend did, and for how long.",
			},
			{
				key: "hold_every", flag: "hold-every", of: ofRoute,
				in:   func(t target) value { return span(&t.r.HoldEvery, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` between two attempts to reach it meanwhile",
				more: "is how often such a backend is tried, with one connection at a time and the oldest exchange that waits. " +
					"[hold.md](hold.md) shows what happens.",
			},
			{
				key: "resend", flag: "resend", of: ofRoute,
				in:   func(t target) value { return digits(&t.r.Resend, 0, 100) },
				unit: "times", zero: "never",
				help: "how often a request is sent again after a backend had it: `N`",
				more: "is how often one request may be sent again after a backend had received some of it and gave no byte of an answer. " +
					"Only a request that is safe to repeat is: its method is idempotent and its body still at hand. A request that " +
					"crashes its server is then not sent to one server after the other. A request of which nothing was sent is not counted, " +
					"and neither are the backends that a race asks.",
			},
			{
				key: "keep_alive", of: ofRoute,
				in:   func(t target) value { return oneOf(&t.r.KeepAlive) },
				unit: "`auto`, `bodyless`, `off`",
				more: "says which connections to a backend are kept for the next request. `auto`: those on which a response ended in an " +
					"unambiguous way, and on which no content was sent that simple servers leave unread. `bodyless`: of those, none on " +
					"which any request had a body; for a server that one does not trust to read a `POST`. `off`: none, and each request says `Connection: close`. " +
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
				unit: "path", none: "none: backends are judged by what they do for clients alone",
				help: "`PATH` that every backend is asked for; one that does not answer it is down",
				more: "is a path that every backend is asked for. Two failures in a row (no answer in time, a status of 400 or more) " +
					"and it is down, until one passes: clients' requests do not try it meanwhile. Each check is a connection of its own " +
					"beside the backend's slots. One that is not answered for 100 ms has the connections closed that tenfour keeps to the backend " +
					"and does not use: a server with one thread may be waiting on one of them.",
			},
			{
				key: "health_every", flag: "health-every", of: ofRoute,
				in:   func(t target) value { return span(&t.r.HealthEvery, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` between two such checks",
				more: "is how long after one check the next one is.",
			},
			{
				key: "race", flag: "race", of: ofRoute,
				in:   func(t target) value { return oneOf(&t.r.Race) },
				unit: "`off`, `parallel`, `serial`, `hedge`",
				help: "ask several backends, first usable answer wins: off, parallel, serial or hedge (`MODE`)",
				more: "asks several backends for the same thing and takes the first usable answer: all at once (`parallel`), one " +
					"after the other (`serial`), or the next one when the first takes long (`hedge`). [race.md](race.md) shows when which is good.",
			},
			{
				key: "usable", flag: "usable", of: ofRoute,
				in:   func(t target) value { return typed(&t.r.Usable, statuses.Wants, statuses.Parse) },
				unit: "statuses",
				help: "`STATUSES` that win a race, such as 2xx,304,404",
				more: "is what may win: classes and single codes.",
			},
			{
				key: "hedge_after", flag: "hedge-after", of: ofRoute,
				in:   func(t target) value { return wordOr("p95", &t.r.HedgeAfter) },
				unit: "duration, or `p95`", zero: "refused",
				help: "`D` or p95: how long a hedge waits before it asks the next backend",
				more: "is how long a hedge waits; `p95` is what 95 of this route's last 100 answers kept to.",
			},
			{
				key: "race_methods", flag: "race-methods", of: ofRoute, example: `["POST"]`,
				in: func(t target) value {
					return methods(&t.r.RaceMethods, "the name of a method, such as POST").separated()
				},
				unit: "methods, several", none: "none: `GET`, `HEAD`, `OPTIONS` alone are raced",
				help: "`METHODS` that are raced beside GET, HEAD and OPTIONS",
				more: "has others raced too, such as `POST`: all backends then act on it.",
			},
		},
	},
	{
		title: "What is changed on the way",
		intro: "Else a request and its response pass as they came, less what concerns one connection alone.",
		settings: []*setting{
			{
				key: "strip_prefix", of: ofRoute, example: `"/app"`,
				in:   func(t target) value { return prefixOff(&t.r.StripPrefix) },
				unit: "path", none: "nothing",
				more: "is taken off the path before it is forwarded: with `/app`, a request for `/app/page` is one for `/page` at the backend. " +
					"Every path of the route must begin with it.",
			},
			{
				key: "host", of: ofRoute,
				in:   func(t target) value { return twoWords(&t.r.HostBackend, "keep", "backend") },
				unit: "`keep`, `backend`",
				more: "says what `Host` the backend gets: what the client sent, or the backend's own name, which a public API will want.",
			},
			{
				key: "request.set", of: ofRoute, example: `{ X-Served-By = "tenfour" }`, secret: true,
				in:   func(t target) value { return lines{&t.r.Request.Set, false, field.CheckRequestName} },
				unit: "fields", none: "none",
				more: "puts field lines into a request, in place of all lines of that name. A value that begins with `env:` is that of a " +
					"variable of the environment: `{ X-Api-Key = \"env:API_KEY\" }`. Fields about the connection and the framing of " +
					"messages are tenfour's own, and refused here and below.",
			},
			{
				key: "request.add", of: ofRoute, example: `{ X-Via = "tenfour" }`, secret: true,
				in:   func(t target) value { return lines{&t.r.Request.Add, true, field.CheckRequestName} },
				unit: "fields", none: "none",
				more: "puts field lines beside those of that name. An array has several values: `{ Link = [\"a\", \"b\"] }`.",
			},
			{
				key: "request.remove", of: ofRoute, example: `["Cookie"]`,
				in: func(t target) value {
					return wordList(&t.r.Request.Remove, "the name of a field, such as Cookie", field.CheckRequestName)
				},
				unit: "names, several", none: "none",
				more: "takes all lines of these names out, before anything is set or added.",
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
				more: "puts field lines beside those of that name.",
			},
			{
				key: "response.remove", of: ofRoute, example: `["Server"]`,
				in: func(t target) value {
					return wordList(&t.r.Response.Remove, "the name of a field, such as Server", field.CheckName)
				},
				unit: "names, several", none: "none",
				more: "takes all lines of these names out, before anything is set or added.",
			},
		},
	},
	{
		title: "Who may come, and as whom",
		intro: "[admit.md](admit.md) shows in which order all of this is asked. A secret stands in a file, or in the environment as `env:NAME`; no setting takes the secret itself. " +
			"A file that has changed is read again within a second; if it is wrong then, what was read before stays.",
		settings: []*setting{
			{
				key: "credential_file", flag: "credential-file", of: ofRoute, example: `"env:BACKEND_TOKEN"`,
				in:   func(t target) value { return words(&t.r.CredentialFile, "the name of a file, or env:NAME", anything) },
				unit: "file, or `env:NAME`", none: "none",
				help: "`FILE` or env:NAME with a credential for the backend: Authorization: Bearer …",
				more: "has the credential that tenfour shows to the backend, whatever the client sent: a client never sees it. In `Authorization` it is sent as `Bearer …`, unless it has a scheme of its " +
					"own before a space.",
			},
			{
				key: "credential_header", flag: "credential-header", of: ofRoute,
				in: func(t target) value {
					return words(&t.r.CredentialHeader, "the name of a field, such as X-Api-Key", field.CheckRequestName)
				},
				unit: "name of a field",
				help: "`NAME` of the field that the credential is sent in",
				more: "is the field that it is sent in. In any but `Authorization` it is sent as it is.",
			},
			{
				key: "client_token_file", flag: "client-token-file", of: ofRoute, example: `"env:CLIENT_TOKENS"`,
				in:   func(t target) value { return words(&t.r.ClientTokenFile, "the name of a file, or env:NAME", anything) },
				unit: "file, or `env:NAME`", none: "none: clients need none",
				help: "`FILE` or env:NAME with what clients must show as Bearer: lines of NAME TOKEN",
				more: "has the tokens that clients must show, as `Authorization: Bearer TOKEN`. A line is `NAME TOKEN`, or `NAME sha256:HEX` " +
					"with the token's SHA-256; a name may have several, so that one can be replaced without a gap. A client without one " +
					"of them is `401`. The backend does not see what the client has shown.",
			},
			{
				key: "allow_from", flag: "allow-from", of: ofRoute, example: `["10.0.0.0/8", "::1"]`,
				in: func(t target) value {
					return listOf(&t.r.AllowFrom, "an address or a network, such as 10.0.0.0/8", parsePrefix, formatPrefix).some().separated()
				},
				unit: "addresses and networks, several", none: "everybody",
				help: "`NETWORKS` or addresses whose clients may come (repeatable)",
				more: "says from where clients may come. Others are `403`. An empty list is refused, since nobody can tell whether it means " +
					"nobody or everybody: leave the key out for everybody, or write `[\"0.0.0.0/0\", \"::/0\"]` where the top says otherwise.",
			},
			{
				key: "deny_from", flag: "deny-from", of: ofRoute, example: `"10.6.6.0/24"`,
				in: func(t target) value {
					return listOf(&t.r.DenyFrom, "an address or a network, such as 10.0.0.0/8", parsePrefix, formatPrefix).separated()
				},
				unit: "addresses and networks, several", none: "nobody",
				help: "`NETWORKS` or addresses whose clients may not, even so (repeatable)",
				more: "says from where they may not, even if they are among those who may.",
			},
			{
				key: "max_per_client", flag: "max-per-client", of: ofProcess,
				in:   func(t target) value { return digits(&t.c.MaxPerClient, 0, 1_000_000_000) },
				unit: "connections", zero: "any number",
				help: "connections that one address may have open: `N`; 0 is any number",
				more: "is how many connections one address may have open at a time; of IPv6 a network of 64 bits is one address. Further ones get a 503 and are closed at once. They are counted, and the log says so every 10 s at most. " +
					"Behind a proxy all clients have its address: leave it 0 there.",
			},
			{
				key: "trusted_proxies", flag: "trusted-proxies", of: ofProcess, example: `["192.0.2.10", "10.0.0.0/8"]`,
				in: func(t target) value {
					return listOf(&t.c.TrustedProxies, "an address or a network, such as 10.0.0.0/8", parsePrefix, formatPrefix).separated()
				},
				unit: "addresses and networks, several", none: "none: a client is who connects",
				help: "`NETWORKS` or addresses of proxies in front of tenfour whose X-Forwarded-… is believed (repeatable)",
				more: "are proxies in front of tenfour. What they write into `X-Forwarded-For` is believed: the client is the last address there that is none of theirs. " +
					"Their `X-Forwarded-Proto`, `X-Forwarded-Host`, `Forwarded` and the like are forwarded; those of other clients are dropped.",
			},
		},
	},
	{
		title: "Limits",
		intro: "A limit is how many exchanges may begin in a time. `[limit.NAME]` defines one, and a route is under those that its `limit` names: " +
			"routes that name the same one share it. The flags make one by the name of `flag`, which every route is under besides.",
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
				help: "`N/D`: as many exchanges in a time, such as 10/1m",
				more: "is how many exchanges may begin in any time of that length: `10/1m`, `5/s`, `1000/1d`. [limits.md](limits.md) says how exactly.",
			},
			{
				key: "by", flag: "limit-by", of: ofLimit,
				in:   func(t target) value { return countedBy(&t.l.By, &t.l.Header) },
				unit: "`route`, `client`, `token`, `header:NAME`",
				help: "`WHAT` the limit counts for: each route, client, token or header:NAME",
				more: "is for whom it counts: for all who are on its routes together (`route`), or by themselves for each address (of IPv6 each " +
					"network of 64 bits), each name in `client_token_file`, or each value of a field. " +
					"A request in which that field stands twice is answered with `400`; a name such as `X_Key` counts as `X-Key`.",
			},
			{
				key: "over", flag: "over", of: ofLimit,
				in:   func(t target) value { return twoWords(&t.l.Wait, "reject", "wait") },
				unit: "`reject`, `wait`",
				help: "`WHAT` happens over the limit: reject or wait",
				more: "is what happens over it: `429`, with `Retry-After` and the `RateLimit` fields, or the exchange waits for its turn, at no worker.",
			},
			{
				key: "wait_max", flag: "wait-max", of: ofLimit,
				in:   func(t target) value { return span(&t.l.WaitMax, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` that one waits at most over the limit",
				more: "is how long one waits at most. Over it: `429`.",
			},
			{
				key: "on_error", of: ofLimit,
				in:   func(t target) value { return twoWords(&t.l.AdmitOnError, "reject", "admit") },
				unit: "`reject`, `admit`",
				more: "is what happens to an exchange that a limit cannot decide about: `503`, or it passes.",
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
				more: "is for a whole head, not for each read, and for a TLS handshake. Late: `408`, or a plain close when no byte came.",
			},
			{
				key: "timeouts.connect", flag: "connect-timeout", of: ofRoute,
				in:   func(t target) value { return span(&t.r.ConnectTimeout, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` for a connection to a backend",
				more: "is for a connection to a backend, with its name's look-up, all its addresses, and TLS. Late: the route's other " +
					"backends are tried, then `502`.",
			},
			{
				key: "timeouts.backend", flag: "backend-timeout", of: ofRoute,
				in:   func(t target) value { return span(&t.r.BackendTimeout, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` for a backend to send, or take, its next byte",
				more: "is for a backend's next byte, or for it to take the next; not for the whole response. Late: `504`, or the " +
					"response is cut. Raise it for backends that think for longer than a minute.",
			},
			{
				key: "timeouts.idle", flag: "idle-timeout", of: ofProcess,
				in:   func(t target) value { return span(&t.c.IdleTimeout, time.Millisecond) },
				unit: "duration", zero: "refused: 1ms or more",
				help: "`D` for a client's next request, or next byte",
				more: "is for a client's next request on a persistent connection, and for it to send or take its next byte in the " +
					"middle of one. Late: a plain close, `408`, or the connection is cut.",
			},
			{
				key: "timeouts.body", of: ofProcess,
				in:   func(t target) value { return span(&t.c.BodyTimeout, 0) },
				unit: "duration", zero: "any time",
				more: "is for the whole body of a request: from when tenfour first waits for more of it, or a worker takes it, to its last byte. " +
					"Late: `408`. Tunnels have no such limit.",
			},
			{
				key: "min_rate", of: ofProcess,
				in:   func(t target) value { return perSecond(&t.c.MinRate) },
				unit: "bytes per second", zero: "any",
				more: "is how fast a client must send a body, or take one, averaged over 10 s. The first 10 s are its grace. Only the time in which the " +
					"client itself holds the transfer up is counted, not a slow backend's. A byte counts as taken when the client's kernel " +
					"has it. Slower: an upload is `408`, a download is reset. Event streams and tunnels have no rate.",
			},
			{
				key: "timeouts.drain", flag: "drain", of: ofProcess,
				in:   func(t target) value { return span(&t.c.Drain, 0) },
				unit: "duration", zero: "what runs is cut at once",
				help: "`D` for exchanges to end when asked to stop",
				more: "is what running exchanges have to end when tenfour is asked to stop.",
			},
		},
	},
	{
		title: "TLS and logs",
		settings: []*setting{
			{
				key: "tls_cert", flag: "tls-cert", of: ofProcess, example: `"cert.pem"`,
				in:   func(t target) value { return words(&t.c.TLSCert, "the name of a file", anything) },
				unit: "file (PEM)", none: "none: plain HTTP",
				help: "`FILE` with a certificate (PEM): clients speak TLS",
				more: "is the certificate, with its chain. With it, and only with its key, clients speak HTTPS on `listen`.",
			},
			{
				key: "tls_key", flag: "tls-key", of: ofProcess, example: `"key.pem"`,
				in:   func(t target) value { return words(&t.c.TLSKey, "the name of a file", anything) },
				unit: "file (PEM)", none: "none",
				help: "`FILE` with its key (PEM)",
				more: "is its key. Both are read at the start, and when tenfour is asked to read its configuration again.",
			},
			{
				key: "access_log", flag: "access-log", of: ofProcess,
				in:   func(t target) value { return typed(&t.c.AccessLog, choice.AccessLogWants, choice.ParseAccessLog) },
				unit: "`off`, `stdout` or a file",
				help: "a line an exchange: off, stdout or a `FILE`",
				more: "writes a line an exchange, and no exchange waits for it (see below). A FIFO needs its reader before tenfour starts. " +
					"Values of query parameters that look like credentials (`token`, `key`, `secret`, …) are masked.",
			},
			{
				key: "log_level", flag: "log-level", of: ofProcess,
				in:   func(t target) value { return oneOf(&t.c.LogLevel) },
				unit: "`debug`, `info`, `warn`, `error`",
				help: "`LEVEL`: debug, info, warn or error",
				more: "says of what you hear: at `warn` and above of trouble alone; `debug` adds TLS handshakes that came to nothing.",
			},
			{
				key: "log_format", flag: "log-format", of: ofProcess,
				in:   func(t target) value { return oneOf(&t.c.LogFormat) },
				unit: "`auto`, `text`, `json`",
				help: "`FORMAT`: auto, text or json",
				more: "says how: `auto` is text on a terminal and JSON elsewhere. The log goes to stderr.",
			},
		},
		after: `Nothing waits for either log. Their lines go through queues of 4 MiB; when a pipe's reader stops, or a disk is full, tenfour
goes on, and lines that find no room or cannot be written are dropped and counted. The log says how many, every 10 s at most, as soon
as it can. A reader that has gone (` + "`| head -n 1`" + `) does not end tenfour. When tenfour ends, it waits a second for each reader
that has stopped.

A line of the access log has these fields:

| field | what |
|---|---|
` + "| `id` | the request's, the same as `X-Request-Id` in an answer of tenfour's own |\n" +
			"| `client`, `method`, `target` | who asked for what |\n" +
			"| `for`, `name` | for whom, if a trusted proxy says so; whose token it was |\n" +
			"| `status`, `bytes` | what went out, and how much content; `499`: the client left before it had an answer |\n" +
			"| `backend` | who was asked last |\n" +
			"| `limited`, `queue`, `connect`, `first_byte`, `total` | milliseconds: waiting for a limit; for a slot; from there until the backend took its " +
			"first byte; until its first byte came; from the head's end to the end of all |\n" +
			"| `reason` | why there was no response, or no whole one |\n",
	},
}
