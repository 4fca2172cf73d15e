package config

import (
	"time"
)

// howMuch is how much is done, waits and is held at the same time.
var howMuch = group{
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
			more: "is how long an exchange may wait for a slot. Set it to how long your clients are willing to wait. " +
				"It is not for [jobs](jobs.md), which wait until `job_deadline`.",
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
				"A body that must be whole before it goes out goes to a file (`spool_max`), or without a spool waits for memory, in turn, " +
				"and is answered with `503` after `queue_timeout`. Heads are not counted, nor are the first 16KiB that each worker has in transfer. It is read when tenfour starts only.",
		},
		{
			key: "head_max", of: ofProcess,
			in:   func(t target) value { return sizeFrom(&t.c.HeadMax, 1<<10, 1<<20) },
			unit: "bytes", zero: "refused: 1KiB to 1MiB",
			more: "is how large a request's head may be: its request-line and its field lines. Above it the answer is `431`, or `414` when the " +
				"request-line alone is larger. Raise it for clients with large cookies, or with Kerberos tickets in `Authorization`; lower it if memory is " +
				"short, because every connection may hold one head.",
		},
		{
			key: "fields_max", of: ofProcess,
			in:   func(t target) value { return digits(&t.c.FieldsMax, 1, 10_000) },
			unit: "field lines", zero: "refused: 1 to 10000",
			more: "is how many field lines a request's head, or the trailer section of a chunked body, may have. Above it the answer is `431`, and `400` for a trailer section. " +
				"`Connection` may name as many fields, but 200 at most.",
		},
		{
			key: "response_head_max", of: ofProcess,
			in:   func(t target) value { return sizeFrom(&t.c.ResponseHeadMax, 1<<10, 1<<20) },
			unit: "bytes", zero: "refused: 1KiB to 1MiB",
			more: "is how large the head of a backend's response may be, in any number of lines; and how large all its interim responses (1xx) may be " +
				"together. Above it the answer is `502`.",
		},
		{
			key: "spool_max", of: ofProcess,
			in:   func(t target) value { return size(&t.c.SpoolMax, 1<<50) },
			unit: "bytes", zero: "no temporary files: a chunked body larger than `buffer` streams (`411` in front of a server of HTTP/1.0), a raced one is `413`",
			more: "bounds the bytes of temporary files, all together, that tenfour keeps for request bodies which must be whole before they go out, " +
				"and are larger than `buffer`: chunked ones, because many simple servers know no chunks and lose the body, and those of raced requests. " +
				"Such a body goes out with its length once all of it has come. A larger one is answered with `413`; when others have taken all, `503`; when " +
				"the disk is full, `507`. There may be as many files as a sixteenth of the descriptors (`ulimit -n`), 4 at least. They have no names and lie in `$TMPDIR`, or else in `/var/tmp`. It is read when tenfour starts only.",
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
}
