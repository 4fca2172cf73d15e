package config

import (
	"time"

	"tenfour/value/statuses"
)

// whenDown is what happens when a backend is down, or flaky.
var whenDown = group{
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
			key: "health_host", flag: "health-host", of: ofRoute, example: `"app.example.com"`,
			in:   func(t target) value { return words(&t.r.HealthHost, "a name, such as app.example.com", checkHost) },
			unit: "`HOST` or `HOST:PORT`", none: "the backend's own, as `backends` has it",
			help: "`HOST` that a health check names",
			more: "is the `Host` of a health check. Set it for a server that answers only to its own names: Django (`ALLOWED_HOSTS`), Rails " +
				"(`config.hosts`) and Vite (`allowedHosts`) answer `400` or `403` to others, and that is a check that fails. If the first check is answered with a " +
				"`4xx`, the log says which `Host` it was asked for.",
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
}
