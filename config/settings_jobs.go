package config

import (
	"errors"
	"time"

	"tenfour/value/choice"
	"tenfour/value/field"
	"tenfour/value/statuses"
	callbacks "tenfour/value/target"
)

// whichJobs is which requests become jobs, and what is done for a job.
var whichJobs = group{
	title: "Jobs",
	intro: "A job is a request whose client does not wait: it gets `202` and a handle, and asks there for the answer. [jobs.md](jobs.md) tells how. " +
		"Nothing of it happens, and no directory is made, unless a route has `async`.",
	settings: []*setting{
		{
			key: "async", flag: "async", of: ofRoute,
			in:   func(t target) value { return yesOrNo(&t.r.Async) },
			unit: "`true`, `false`",
			help: "turn a request into a job when its client asks for it (Prefer: respond-async)",
			more: "turns a request into a job when its client asks for it, with `Prefer: respond-async` at once, and with `Prefer: wait=N` after N seconds. " +
				"The job is on the disk before its client has its `202`.",
		},
		{
			key: "async_after", flag: "async-after", of: ofRoute,
			in:   func(t target) value { return span(&t.r.AsyncAfter, 0) },
			unit: "duration", zero: "only when its client asks for it",
			help: "`D` after which a request without an answer becomes a job, whether its client asked or not; 0 is never",
			more: "is after how long a request that has had no byte of an answer becomes a job also when its client did not ask for it. The attempt " +
				"that runs goes on: the backend sees one request. One that is raced is answered as ever.",
		},
		{
			key: "attempts", of: ofRoute,
			in:   func(t target) value { return digits(&t.r.Attempts, 1, 1000) },
			unit: "attempts", zero: "refused: 1 to 1000",
			more: "is how many attempts a job has, the first one included. Between two of them is a pause at random, of up to 1 s, then up to 2 s, 4 s and so on, up to a " +
				"minute; and `Retry-After` of the backend, when it says that.",
		},
		{
			key: "retry_on", of: ofRoute,
			in:   func(t target) value { return typed(&t.r.RetryOn, statuses.Wants, statuses.Parse) },
			unit: "statuses",
			more: "is which statuses of a backend are failures, after which another attempt follows. Any other one ends the job, and is its result.",
		},
		{
			key: "retry_unsafe", of: ofRoute,
			in:   func(t target) value { return yesOrNo(&t.r.RetryUnsafe) },
			unit: "`true`, `false`",
			more: "says that a job's request may reach a backend more than once, whatever its method. Without it, a `POST` or `PATCH` without an " +
				"`Idempotency-Key` is sent again only when the backend cannot have acted on it.",
		},
		{
			key: "job_deadline", of: ofRoute,
			in:   func(t target) value { return span(&t.r.JobDeadline, time.Millisecond) },
			unit: "duration", zero: "refused: 1ms or more",
			more: "is how long a job has for all its attempts and for what it waits between them. It goes on while the job is paused. No attempt begins after it, and one that runs then is cut.",
		},
		{
			key: "keep", of: ofRoute,
			in:   func(t target) value { return span(&t.r.Keep, time.Millisecond) },
			unit: "duration", zero: "refused: 1ms or more",
			more: "is how long a job stays after its end, with its result. After it the handle is `404`.",
		},
		{
			key: "dedupe", of: ofRoute,
			in:   func(t target) value { return span(&t.r.Dedupe, 0) },
			unit: "duration", zero: "equal requests are not joined, unless they have an `Idempotency-Key`",
			more: "is how long a request is joined to a job that was made by an equal one: same method, target, body, `dedupe_fields`, and token. " +
				"Its client gets the handle of that job. A request with an `Idempotency-Key` is joined by its key for as long as the job is kept, whatever `dedupe` says. " +
				"On a route without `async`, equal `GET`s that are under way at the same time are one request to the backend, and each client gets its response " +
				"([joined.md](joined.md)): any duration above 0 does that, because a response that has ended is not used again.",
		},
		{
			key: "dedupe_fields", of: ofRoute,
			in: func(t target) value {
				return wordList(&t.r.DedupeFields, "the name of a field, such as Accept", checkDedupeField)
			},
			unit: "names of fields, several",
			more: "are the fields that make two requests differ, for `dedupe`. `Authorization` and `Cookie` always do. On a route without `async` " +
				"[all that go to the backend](joined.md#which-requests-are-equal) do, but for a few that tell requests apart, such as `X-Forwarded-For`; those do if they are named here.",
		},
		{
			key: "callback_allow", of: ofRoute, example: `"https://hooks.example.org/jobs/"`,
			in: func(t target) value {
				return listOf(&t.r.CallbackAllow, callbacks.Wants, callbacks.ParseEntry, callbacks.Entry.String)
			},
			unit: "URLs, several", none: "none: a request that wants a callback gets `403`",
			more: "says which receivers a client may name for a callback, in `Callback-URL` or `?callback=`: those with this scheme, host and port, and a path within this one. " +
				"A name that leads to an address of this machine or of a private network is not called; an address that is written here is. It needs `callback_secret_file`. " +
				"[callbacks.md](callbacks.md) tells what a callback has in it, and where it may go.",
		},
		{
			key: "callback_on", of: ofRoute,
			in: func(t target) value {
				return listOf(&t.r.CallbackOn, choice.Wants[choice.JobEnd](), parseJobEnd, choice.JobEnd.String).some()
			},
			unit: "`done`, `failed`, `cancelled`, `interrupted`, several",
			more: "says which ends of a job its receiver is told of.",
		},
		{
			key: "callback_secret_file", of: ofRoute, path: true, example: `"env:CALLBACK_SECRET"`,
			in: func(t target) value {
				return words(&t.r.CallbackSecretFile, "the name of a file, or env:NAME", anything)
			},
			unit: "file, or `env:NAME`", none: "none: a route without callbacks",
			more: "has the key that signs callbacks, as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base64. With two, a line " +
				"each, a callback has both signatures, until its receivers know the new key.",
		},
		{
			key: "data", flag: "data", of: ofProcess, path: true,
			in:   func(t target) value { return words(&t.c.Data, "the name of a directory", checkData) },
			unit: "directory",
			help: "`DIR` where jobs are kept",
			more: "is the directory where jobs are kept. tenfour makes it, for its own user alone, when a route has `async`. One tenfour at a time uses it. A reload " +
				"does not change it once it is open. [jobs.md](jobs.md#where-jobs-are-kept) tells what is in it.",
		},
		{
			key: "jobs_max", of: ofProcess,
			in:   func(t target) value { return digits(&t.c.JobsMax, 1, 10_000_000) },
			unit: "jobs", zero: "refused: 1 to 10000000",
			more: "is how many jobs are kept, those that have ended included. Above it a new one is `503`, with `Retry-After`.",
		},
		{
			key: "jobs_bytes_max", of: ofProcess,
			in:   func(t target) value { return sizeFrom(&t.c.JobsBytesMax, 1<<20, 1<<40) },
			unit: "bytes", zero: "refused: 1MiB to 1024GiB",
			more: "bounds the bytes of all jobs, with their requests and results. Above it a new one is `503`, with `Retry-After`, and no attempt begins; results of those that run are kept.",
		},
		{
			key: "jobs_running_max", of: ofProcess,
			in:   func(t target) value { return digits(&t.c.JobsRunningMax, 1, 65536) },
			unit: "jobs", zero: "refused: 1 to 65536",
			more: "is how many jobs may be in the queues and at the backends at the same time. The others wait for their turn in a list, which takes a hundred bytes for each.",
		},
		{
			key: "job_body_max", of: ofProcess,
			in:   func(t target) value { return sizeFrom(&t.c.JobBodyMax, 1, 1<<30) },
			unit: "bytes", zero: "refused: 1 to 1GiB",
			more: "is how large the body of a job's request may be, and that of its response. A larger request is answered with `413`; a larger response " +
				"fails the job, which says so.",
		},
	},
}

// checkDedupeField is for the name of a field.
func checkDedupeField(name string) error {
	if !field.IsName(name) {
		return errors.New("a field's name has letters, digits and - alone")
	}
	return nil
}

// checkData is for the name of a directory.
func checkData(name string) error {
	if name == "" {
		return errOther
	}
	return nil
}

// parseJobEnd reads a state in which a job has ended.
func parseJobEnd(text string) (choice.JobEnd, error) {
	end, err := choice.Parse[choice.JobEnd](text)
	if err != nil {
		return end, errOther
	}
	return end, nil
}
