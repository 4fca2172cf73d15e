package config

// whichRequests is which requests belong to a route.
var whichRequests = group{
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
				"`/app` is redirected to a prefix `/app/`, if it is no path itself. A request whose path servers could read as one of another " +
				"route (`/app/../x`, `//x`, `/app%2F`) is answered with `400`; [admit.md](admit.md#paths) has the details. Set it to keep a " +
				"backend's other paths private. Two routes may have the same path if they have no method in common.",
		},
		{
			key: "methods", of: ofRoute, example: `["GET", "HEAD"]`,
			in:   func(t target) value { return methods(&t.r.Methods, "the name of a method, such as GET") },
			unit: "methods, several", none: "any",
			more: "says which methods belong to the route; `HEAD` goes with `GET`. Others get `405`, with `Allow`.",
		},
	},
}
