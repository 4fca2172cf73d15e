package config

import (
	"time"

	"tenfour/value/rate"
)

// howMany is how many exchanges may begin in a time.
var howMany = group{
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
}
