package main

import "context"

// tlsClosing is "tls-close": it measures the cost of a handshake and a request.
var tlsClosing = &Scenario{
	Name:     "tls-close",
	Question: "HTTPS, a handshake for each request, a fast backend: what does one cost?",
	Flags:    []string{"--workers", "64"},
	TLS:      true,
	Figures:  []Figure{perSecond, cpuEach, {Name: "ab_p50", Title: "ab's p50", Unit: "ms"}, {Name: "ab_p99", Title: "ab's p99", Unit: "ms"}, peakPSS},
	Lead:     Lead{Figure: "rps", Says: "answers most", Cost: "cpu"},
	Goals: []Goal{
		{Figure: "rps", AtLeast: 1},
		{Figure: "cpu", AtMost: 1},
	},
	Notes: []string{tlsNote, "ab resumes no session: each request has a full handshake. It leaves Nagle's algorithm on."},
	Load: func(e *Env) []string {
		return []string{commandLine(abRun{Time: e.Load, Clients: 64}.command("https://PROXY" + smallTarget))}
	},
	Start: fast,
	Passes: []func(context.Context, *Visit) error{func(ctx context.Context, v *Visit) error {
		if _, err := (abRun{Requests: 500, Clients: 64}).run(ctx, v.url(smallTarget)); err != nil { // to warm up
			return err
		}
		_, err := v.measure("ab_", func() (*Load, error) {
			return abRun{Time: v.Load, Clients: 64}.run(ctx, v.url(smallTarget))
		})
		return err
	}},
}

// tlsKeep is "tls-keep": it measures the cost of a request on persistent connections with TLS.
var tlsKeep = &Scenario{
	Name:     "tls-keep",
	Question: "HTTPS, 64 persistent connections, a fast backend: what does a request cost?",
	Flags:    []string{"--workers", "64"},
	TLS:      true,
	Figures:  []Figure{perSecond, cpuEach, {Name: "wrk_p99", Title: "wrk's p99", Unit: "ms", Digits: 2}, peakPSS},
	Lead:     Lead{Figure: "rps", Says: "answers most", Cost: "cpu"},
	Goals:    []Goal{{Figure: "cpu", AtMost: 0.90}},
	Notes:    []string{tlsNote},
	Load: func(e *Env) []string {
		return []string{commandLine(wrkCommand("wrk.lua", "https://PROXY"+smallTarget, 64, e.Load))}
	},
	Start: fast,
	Passes: []func(context.Context, *Visit) error{func(ctx context.Context, v *Visit) error {
		if _, err := runWrk(ctx, v.Script, v.url(smallTarget), 64, v.Load/3); err != nil { // to warm up
			return err
		}
		_, err := v.measure("wrk_", func() (*Load, error) { return runWrk(ctx, v.Script, v.url(smallTarget), 64, v.Load) })
		return err
	}},
}

const tlsNote = "All have the same P-256 certificate and speak TLS 1.3. There is no row for no proxy: the backend speaks no TLS."
