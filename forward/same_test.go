package forward

import (
	"net/netip"
	"testing"

	"tenfour/httpparse"
	"tenfour/sock"
)

// parsed is a request of a route.
func parsed(t *testing.T, raw string, settings Settings) *Request {
	t.Helper()
	r := &Request{Route: &Route{Settings: &settings}, Remote: netip.MustParseAddr("192.0.2.1")}
	r.In = sock.InputOf([]byte(raw))
	n, err := r.Head.Parse(r.In.Rest(), &httpparse.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	r.In.Keep(n)
	return r
}

func TestMayShare_onlyWhatAnotherMayHaveAskedFor(t *testing.T) {
	const host = "Host: a\r\n"
	for raw, want := range map[string]bool{
		"GET / HTTP/1.1\r\n" + host + "\r\n":                                       true,
		"GET / HTTP/1.0\r\n\r\n":                                                   true,
		"GET / HTTP/1.1\r\n" + host + "Cache-Control: max-age=0\r\n\r\n":           true,
		"GET / HTTP/1.1\r\n" + host + "Authorization: Basic x\r\n\r\n":             true,
		"GET / HTTP/1.1\r\n" + host + "Cache-Control: max-age=0, No-Cache\r\n\r\n": false,
		"GET / HTTP/1.1\r\n" + host + "cache-control: no-store\r\n\r\n":            false,
		"GET / HTTP/1.1\r\n" + host + "Pragma: no-cache\r\n\r\n":                   false,
		"GET / HTTP/1.1\r\n" + host + "Authorization: Negotiate x\r\n\r\n":         false,
		"GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\nx":                 false,
		"GET / HTTP/1.1\r\n" + host + "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n": false,
		"HEAD / HTTP/1.1\r\n" + host + "\r\n":                      false,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n": false,
		"OPTIONS / HTTP/1.1\r\n" + host + "\r\n":                   false,
	} {
		if got := (&Sameness{}).MayShare(parsed(t, raw, Settings{})); got != want {
			t.Errorf("%q may share a response: %t, want %t", raw, got, want)
		}
	}
}

// TestAppendKey_comparesWhatTheBackendGets, but for what only tells requests apart.
func TestAppendKey_comparesWhatTheBackendGets(t *testing.T) {
	const first = "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Any: 1\r\n\r\n"
	trusting := Settings{Trusted: func(netip.Addr) bool { return true }}
	removing := Settings{Request: NewEdits([]string{"Cookie", "X-Any"}, "", nil)}
	for name, tc := range map[string]struct {
		one, other string
		settings   Settings
		also       []string
		differ     bool
	}{
		"the version":                      {one: first, other: "GET /a?b HTTP/1.0\r\nHost: a\r\nX-Any: 1\r\n\r\n"},
		"the form of the target":           {one: first, other: "GET http://a/a?b HTTP/1.1\r\nHost: a\r\nX-Any: 1\r\n\r\n"},
		"the query":                        {one: first, other: "GET /a?c HTTP/1.1\r\nHost: a\r\nX-Any: 1\r\n\r\n", differ: true},
		"the host":                         {one: first, other: "GET /a?b HTTP/1.1\r\nHost: b\r\nX-Any: 1\r\n\r\n", differ: true},
		"the host of the target":           {one: first, other: "GET http://b/a?b HTTP/1.1\r\nHost: a\r\nX-Any: 1\r\n\r\n", differ: true},
		"no host":                          {one: "GET / HTTP/1.0\r\n\r\n", other: "GET / HTTP/1.0\r\nHost: \r\n\r\n", differ: true},
		"a value":                          {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Any: 2\r\n\r\n", differ: true},
		"the agent":                        {one: "GET / HTTP/1.0\r\nUser-Agent: a\r\n\r\n", other: "GET / HTTP/1.0\r\nUser-Agent: b\r\n\r\n", differ: true},
		"a line twice":                     {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Any: 1\r\nX-Any: 1\r\n\r\n", differ: true},
		"the connection":                   {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nConnection: close, X-Other\r\nX-Other: 1\r\nX-Any: 1\r\n\r\n"},
		"who says it":                      {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Any: 1\r\nX-Forwarded-Host: x\r\nX-Forwarded-Prefix: /x\r\nForwarded: for=x\r\n\r\n"},
		"what a trusted proxy says":        {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Any: 1\r\nX-Forwarded-Host: x\r\n\r\n", settings: trusting, differ: true},
		"for which client one says":        {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Any: 1\r\nX-Forwarded-For: 192.0.2.9\r\nVia: 1.1 b\r\n\r\n", settings: trusting},
		"what the route removes":           {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Any: 2\r\n\r\n", settings: removing},
		"a Cookie that the route removes":  {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nCookie: a\r\nX-Any: 1\r\n\r\n", settings: removing, differ: true},
		"a number":                         {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Request-ID: 2\r\nX-Any: 1\r\n\r\n"},
		"a number that the settings name":  {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Request-ID: 2\r\nX-Any: 1\r\n\r\n", also: []string{"x-request-id"}, differ: true},
		"a name that passes for a number":  {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nX_Request_ID: 2\r\nX-Any: 1\r\n\r\n"},
		"a name that passes for a private": {one: first, other: "GET /a?b HTTP/1.1\r\nHost: a\r\nX_Cookie: 2\r\nX-Any: 1\r\n\r\n", differ: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Sameness{Also: tc.also}
			one, other := string(s.AppendKey(nil, parsed(t, tc.one, tc.settings))), string(s.AppendKey(nil, parsed(t, tc.other, tc.settings)))
			if (one != other) != tc.differ {
				t.Errorf("the keys are\n%q\n%q", one, other)
			}
		})
	}
}

// TestAppendKey_comparesTheConnection where the backend is told of it.
func TestAppendKey_comparesTheConnection(t *testing.T) {
	const raw = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	one, other := parsed(t, raw, Settings{}), parsed(t, raw, Settings{})
	other.Remote = netip.MustParseAddr("192.0.2.2")
	plain, byAddress := &Sameness{}, &Sameness{Also: []string{"x-forwarded-for"}}
	if string(plain.AppendKey(nil, one)) != string(plain.AppendKey(nil, other)) {
		t.Error("requests of two clients differ")
	}
	if string(byAddress.AppendKey(nil, one)) == string(byAddress.AppendKey(nil, other)) {
		t.Error("requests of two clients are the same, though X-Forwarded-For is compared")
	}
	other.Secure = true
	if string(plain.AppendKey(nil, one)) == string(plain.AppendKey(nil, other)) {
		t.Error("requests with and without TLS are the same")
	}
}

func TestAllows_onlyWhatIsForAll(t *testing.T) {
	for lines, want := range map[string]bool{
		"":                                      true,
		"Cache-Control: max-age=1, public\r\n":  true,
		"Vary: Accept, Cookie\r\n":              true,
		"Vary: Origin\r\nETag: \"x\"\r\n":       true,
		"WWW-Authenticate: Basic\r\n":           true,
		"Set-Cookie: a=1\r\n":                   false,
		"set_cookie: a=1\r\n":                   false,
		"Cache-Control: PRIVATE=\"x\"\r\n":      false,
		"Cache-Control: a, no-store ,b\r\n":     false,
		"Cache-Control: no-cache\r\n":           false,
		"Vary: Accept,*\r\n":                    false,
		"Vary: Accept\r\nVary: Traceparent\r\n": false,
		"WWW-Authenticate: NTLM\r\n":            false,
		"Content-Type: text/event-stream\r\n":   false,
	} {
		var res httpparse.Response
		head := []byte("HTTP/1.1 200 OK\r\n" + lines + "\r\n")
		if _, err := res.Parse(head, httpparse.Get, &httpparse.DefaultLimits); err != nil {
			t.Fatal(err)
		}
		if got := (&Sameness{}).allows(&res, head); got != want {
			t.Errorf("%q is for all: %t, want %t", lines, got, want)
		}
	}
}
