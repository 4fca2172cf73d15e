// Package tests tests the whole program over real sockets: its rig, the tables of HTTP rules, the behaviours.
//
// behaviour_example_test.go is the smallest test of a behaviour. To write another one:
//
//  1. Copy it into the behaviour_*_test.go of its part. Its name says the condition and the result: TestQueue_answers503WhenFull.
//  2. Start a backend. startBackend remembers what it was sent, byte by byte, and takes a script: always(answer), repeat(next), or a
//     function of a *visit. startServer keeps nothing of what it reads: use it for large bodies and to count connections.
//     refusing is a backend that is down, blackHole one that does not answer to a connect.
//  3. Start tenfour in front of it. startTenfour runs it inside the test, with flags; configured also writes a file of settings, and
//     startProgram and startProcess run it in a process of its own, which can be killed and gets signals.
//  4. Be the client. tf.get sends a plain GET. tf.exchange sends raw bytes in one way (whole, byte by byte, cut) and returns all that
//     the client saw. tf.dial and dialPeer open a connection, for a test that needs several steps.
//  5. Wait for events, and never for a time: eventually asks for a condition until it holds, b.await does so for what a backend has
//     seen, tf.logHas for lines of the log. Each fails the test after patience. await.Pace is for a peer that is slow; time.Sleep is
//     refused by scripts/test.sh.
//  6. Break the code once, and see the test fail.
//
// A rule of HTTP is one more row in a table of rules_*_test.go: refuseEach and relayEach (rules_tables_test.go) run each row whole, byte
// by byte, and cut at every byte (under the race detector once). harness_test.go and behaviour_helpers_test.go have all of the helpers
// above that several parts use.
package tests
