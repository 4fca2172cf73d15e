package admit_test

import (
	"fmt"
	"net/netip"

	"tenfour/admit"
	"tenfour/httpparse"
)

// The longest path wins, and the path to forward is the one that was compared.
func ExampleTable_Find() {
	table, err := admit.NewTable([]admit.Path{
		{Path: "/", Route: 0},
		{Path: "/api/", Methods: []string{"GET"}, Route: 1},
		{Path: "/api/admin", Route: 2},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range []struct{ method, target string }{
		{"GET", "/index.html"}, {"GET", "/api/users?page=2"}, {"GET", "/api/%61dmin"}, {"PUT", "/api/users"}, {"GET", "/api/../x"},
	} {
		m, err := table.Find([]byte(r.target), []byte(r.method), nil)
		fmt.Printf("%s %s: route %d, forward %q, allow %q, %v\n", r.method, r.target, m.Route, m.Path, m.Allow, err != nil)
	}
	// Output:
	// GET /index.html: route 0, forward "", allow "", false
	// GET /api/users?page=2: route 1, forward "", allow "", false
	// GET /api/%61dmin: route 2, forward "/api/admin", allow "", false
	// PUT /api/users: route -1, forward "", allow "GET, HEAD", false
	// GET /api/../x: route -1, forward "", allow "", true
}

// A rule decides by the address of the client, which a trusted proxy names.
func ExampleRule_Check() {
	rule := admit.Rule{
		Allow:   admit.Networks{netip.MustParsePrefix("192.0.2.0/24")},
		Trusted: admit.Networks{netip.MustParsePrefix("10.0.0.1/32")},
	}
	ask := func(peer, fields string) {
		buf := []byte("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n")
		var req httpparse.Request
		if _, err := req.Parse(buf, nil); err != nil {
			fmt.Println(err)
			return
		}
		caller, refusal := rule.Check(netip.MustParseAddr(peer), &req, buf)
		if refusal != nil {
			fmt.Println(refusal.Status, refusal.Words)
			return
		}
		fmt.Println(caller.Addr, "may pass")
	}
	ask("192.0.2.7", "")
	ask("203.0.113.9", "X-Forwarded-For: 192.0.2.7\r\n") // a client may write any field
	ask("10.0.0.1", "X-Forwarded-For: 192.0.2.7\r\n")    // the trusted proxy says which client it is
	// Output:
	// 192.0.2.7 may pass
	// 403 this route is not for your address
	// 192.0.2.7 may pass
}
