package explain

// meaningOf says which attack or mistake a refusal is about, in plain sentences. words are those of Refusal.Rule, without the section.
func meaningOf(words string) string { return meanings[words] }

// meanings has every rule of httpparse/refusal.go by its words: a test compares the two.
var meanings = map[string]string{
	// Of both kinds of head, and of trailer sections.
	"a bare CR": "Smuggling, or a broken client. Some servers end a line at a CR alone, others do not: they see different field lines.",
	"too many empty lines before the start-line":      "A client that sends line ends without a request, to keep a connection busy, or a script that prints too many.",
	"a control byte in a field value":                 "An attack on logs and terminals, or binary data in a field. A NUL ends a value for servers in C, and for others it does not.",
	"a folded field line":                             "Smuggling. A line that begins with a space continues the one before for some servers, and is a line of its own for others: a field can hide in it.",
	"white space before the colon":                    "Smuggling. One server reads the field \"Content-Length \", which it does not know, the next one reads Content-Length.",
	"a field line without a name":                     "A mistake of a script, mostly an empty variable in front of the colon. Servers skip such a line, or stop reading there.",
	"a field name that is no token":                   "A mistake of a script, or smuggling. Servers disagree about which bytes end a name, so they would see different fields.",
	"a field line without a colon":                    "A mistake of a script, mostly a line that was wrapped. Some servers skip such a line, others end the head there.",
	"too many names in Connection":                    "An attack on the proxy's time: each name is compared with every field.",
	"a Content-Length that is no number":              "Smuggling. Number readers of programming languages take +5, 0x5, 5_0 or \"5 \" for different numbers, or for none.",
	"a Content-Length beyond 2^63-1":                  "Smuggling. A number that does not fit wraps around in some servers, and the body ends elsewhere.",
	"more than one Content-Length":                    "Smuggling. One server takes the first length, the next one the last, and the rest of the body is a request to one of them.",
	"Content-Lengths that differ":                     "A broken server, or response splitting. One client takes the first length, the next one the last, and the rest is another response.",
	"both Content-Length and Transfer-Encoding":       "Smuggling, the classic. One server reads the length, the next one the chunks: what one takes for the body is a request to the other.",
	"Transfer-Encoding in HTTP/1.0":                   "Smuggling. HTTP/1.0 has no transfer codings: some servers ignore the field, others read chunks.",
	"more than one Transfer-Encoding":                 "Smuggling. One server reads the first field, the next one the last, and only one of them reads chunks.",
	"a Transfer-Encoding that is not plainly chunked": "Smuggling by a disguise. Some servers take xchunked, \"chunked\" in quotes or a list for chunked, others do not.",
	"a transfer coding other than chunked":            "Mostly a client that means Content-Encoding. tenfour translates no codings, and a body in an unknown one has no end that it could find.",

	// Of requests.
	"a line end of another kind than the first, CRLF or a bare LF": "Smuggling, or a paste from two sources. A server that ends a line at LF and one that needs CRLF see different lines.",
	"a TLS handshake, but HTTP is plain here":                      "A mistake: https:// was asked of a port without TLS. Write http://, or give tenfour a certificate with --tls-cert.",
	"the preface of HTTP/2, but only HTTP/1 is spoken here":        "A mistake: the client speaks HTTP/2 without asking first (curl --http2-prior-knowledge, or gRPC).",
	"too many field lines":                                         "An attack on memory and time, or a client that repeats a field in a loop. fields_max is the limit.",
	"a head that is too large":                                     "Mostly cookies that have grown, or an attack on memory. head_max and response_head_max are the limits.",
	"white space before the method":                                "A mistake of a script. Some servers skip the space and others do not see a method.",
	"a method that is no token":                                    "Binary data, or another protocol, on a port for HTTP. A method is letters, and some signs.",
	"no single space after the method":                             "A mistake of a script, or smuggling. Servers that also part at tabs, or at several spaces, find another request-target.",
	"a method that is too long":                                    "Another protocol on a port for HTTP, or a body that was taken for a request: the length of the one before was wrong.",
	"CONNECT, but this is no tunnel":                               "A client that takes tenfour for a forward proxy, or a search for open proxies. tenfour is a gateway, and opens no tunnels.",
	"no request-target after a single space":                       "A mistake of a script, mostly an empty variable in place of the path.",
	"a byte that no request-target may have":                       "A mistake: a # is never sent, and control bytes are written with percent signs. Some servers end the target there, so it is an attack too.",
	"a request-target in none of the forms that the method allows": "A mistake of a script: a path begins with a slash. Or the authority-form, which is for CONNECT.",
	"a scheme other than http and https":                           "A search for open proxies: the client wants tenfour to fetch something else than a page.",
	"a request-target with userinfo":                               "A deception: in http://good.example@evil.example/ one reader takes the first name for the host, the next one the second.",
	"a request-line that is too long":                              "Mostly data that belongs into a body, or an attack on memory. head_max is the limit.",
	"a request-line without a version":                             "A request of HTTP/0.9, typed by hand, or a script that leaves the version out. It has no head, so its body would have no end.",
	"more than a single space before the version":                  "A mistake of a script, or smuggling. Lenient servers take the space for a part of the request-target, others do not.",
	"a space in the request-target, or no HTTP-version after it":   "A mistake: a space in a path is written %20. Servers part such a line at the first space or at the last, and find different paths.",
	"a version that is not HTTP/d.d":                               "A mistake of a script, or a probe. The version is HTTP/1.1 exactly: capitals, one digit, a dot, one digit.",
	"white space after the version":                                "A mistake of a script. Some servers take the space for a part of the version, and so for another one.",
	"a major version other than 1":                                 "A client of HTTP/2 or 3 that did not ask first, or a probe.",
	"HTTP/1.1 without Host":                                        "A mistake of a script, mostly a request typed by hand: HTTP/1.1 needs one Host. HTTP/1.0 needs none.",
	"more than one Host":                                           "An attack on routing. One server reads the first Host, the next one the last: a cache or a rule sees another site than the backend.",
	"an empty host":                                                "A mistake of a script: a URL without a host.",
	"a host that is no name and no address":                        "An attack on routing, or a URL in place of a host. A slash, an @ or a comma in a host has deceived other servers.",
	"a port that is no number up to 65535":                         "A mistake of a script, or an attack: readers of numbers wrap around, and name another port.",
	"an expectation other than 100-continue":                       "A mistake: nothing else was ever defined.",
	"more than one Max-Forwards":                                   "A mistake: it counts the proxies that may still pass the request on, and two counts may differ.",
	"a Max-Forwards that is no number":                             "A mistake: it counts the proxies that may still pass the request on.",

	// Of responses.
	"not an HTTP/1 status-line":                                           "A backend that speaks another protocol, prints before its head, or left bytes of an earlier response on the connection. Forwarded, they would be a body without a head.",
	"a status code that is not three digits from 100 up":                  "A broken backend. Clients would disagree about what happened.",
	"white space before the first field line":                             "A broken backend, or response splitting: there is no line that it could continue, and some clients skip it.",
	"a folded Content-Length or Transfer-Encoding":                        "A broken backend, or response splitting. Clients that do not unfold it see another end of the body.",
	"white space before the colon of Content-Length or Transfer-Encoding": "A broken backend, or response splitting. Clients that do not know the name with the space see another end of the body.",

	// Of chunked bodies.
	"a bare LF in a chunk line or the trailer section": "Smuggling. A server that ends the line at LF and one that waits for CRLF read chunks of different sizes.",
	"a chunk-size that is no hexadecimal number":       "A mistake in counting: the chunk before is longer or shorter than its size said. Or smuggling, by a size that number readers read differently.",
	"a chunk-size beyond 16 digits or 2^63-1":          "Smuggling. A size that does not fit wraps around in some servers, and the chunk ends elsewhere.",
	"white space after a chunk-size and no extension":  "Smuggling. Some servers end the size at the space, others refuse the line or read on.",
	"a control byte in a chunk extension":              "Smuggling. Servers disagree about where such a line ends, and a request can hide in it.",
	"a chunk line that is too long":                    "An attack on memory: extensions are read to be thrown away.",
	"too many bytes of chunk extensions":               "An attack on time: a small body in many lines with long extensions.",
	"chunk-data not followed by CRLF":                  "A mistake in counting: the chunk is longer or shorter than its size says. Servers that skip any two bytes there read another body.",
	"a trailer section that is too large":              "An attack on memory, by fields after the body.",
	"too many field lines in a trailer section":        "An attack on memory and time, by fields after the body.",
}
