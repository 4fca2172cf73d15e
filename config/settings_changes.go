package config

import (
	"tenfour/value/field"
)

// changedOnTheWay is what is changed in a request and its response on the way.
var changedOnTheWay = group{
	title: "What is changed on the way",
	intro: "A request and its response are forwarded unchanged, except for connection-specific fields and the settings below.",
	settings: []*setting{
		{
			key: "strip_prefix", of: ofRoute, example: `"/app"`,
			in:   func(t target) value { return prefixOff(&t.r.StripPrefix) },
			unit: "path", none: "nothing",
			more: "is removed from the beginning of the path before the request is forwarded: with `/app`, the backend gets `/page` for `/app/page`. " +
				"Every path of the route must begin with it. The backend is told it in `X-Forwarded-Prefix`, and it is " +
				"[put back](answers.md#a-prefix-that-is-taken-off) into `Location` and the `Path` of cookies. Links in pages stay as the backend writes them.",
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
			more: "puts field lines into a response, in place of all lines of that name. Like the two keys below, it applies to every " +
				"response to a request of the route, also to [tenfour's own answers](answers.md#tenfours-own-answers), so that a page of " +
				"another origin may read a `429`. A `Cache-Control` then stands in them too.",
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
}
