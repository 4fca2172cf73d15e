// Package tests tests the whole program over real sockets: its rig, the tables of HTTP rules, the behaviours.
//
//	func TestThing_doesWhatItMust(t *testing.T) {
//		b := startBackend(t, func(c net.Conn, in *bufio.Reader, r *http.Request) { io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n") })
//		p := startTenfour(t, "--backend", b.String())
//		...
//	}
//
// A rule of HTTP is one more row in a table of rules_*_test.go. A behaviour is a test in the behaviour_*_test.go of its part. The rig
// is harness_test.go and behaviour_helpers_test.go. docs/contributing tells it step by step: see CONTRIBUTING.md.
package tests
