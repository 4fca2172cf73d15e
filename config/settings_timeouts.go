package config

import (
	"time"
)

// howLong is how long tenfour waits for a client and for a backend.
var howLong = group{
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
			more: "is the time for a connection to a backend, including all addresses of its name, and TLS. After it: the route's other " +
				"backends are tried, then `502`.",
		},
		{
			key: "timeouts.backend", flag: "backend-timeout", of: ofRoute,
			in:   func(t target) value { return span(&t.r.BackendTimeout, time.Millisecond) },
			unit: "duration", zero: "refused: 1ms or more",
			help: "`D` for a backend to send, or take, its next byte",
			more: "is the time for a backend to send its next byte, or to take the next; it is not for the whole response. After it: `504`, or the " +
				"response is cut. Raise it for backends that work for longer than a minute before they answer. " +
				"An interim response counts for it only if it is `102` or `104`: these say that the backend works on the request.",
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
}
