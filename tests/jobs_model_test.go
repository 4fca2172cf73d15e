package tests

import "slices"

// modelJob is what the picture of docs/design/jobs.md says of one job at a moment at which nothing happens by itself: its request is held by
// the origin, which asks the test; or it waits for long; or it is paused, or has ended. Each event below is an arrow of the picture.
type modelJob struct {
	onlyOnce bool // its request may be sent only once
	state    string
	paused   bool
	sends    int // requests that the origin has had
	tried    int // attempts that may count
	counted  int // attempts that count for sure: when tenfour is killed, that one runs which may be repeated may not have been stored
	most     int // attempts there may be: as its route had it when the last one began
	answer   int // the number of the request whose response is the result; -1 for none
	far      bool
	unnoted  bool // it waits, and may be accepted as well: that its first attempt had begun may not have been stored before tenfour was killed
}

// newlyAccepted is a job that was accepted, and whose first request is with the origin.
func newlyAccepted(once bool, attempts int) modelJob {
	m := modelJob{onlyOnce: once, answer: -1, state: "accepted"}
	return m.begin(attempts)
}

func (m modelJob) ended() bool {
	return slices.Contains([]string{"done", "failed", "cancelled", "interrupted"}, m.state)
}

// begin starts an attempt, unless the job is paused. Here and below, attempts is what its route has now.
func (m modelJob) begin(attempts int) modelJob {
	if m.paused {
		return m
	}
	m.state, m.far, m.unnoted = "running", false, false
	m.most = attempts
	m.sends++
	m.tried++
	return m
}

// end is a state that ends the job.
func (m modelJob) end(state string) modelJob {
	m.state, m.paused, m.far, m.unnoted = state, false, false, false
	return m
}

// decided is where the job may be after the origin has done what the test said.
func (m modelJob) decided(d deed, attempts int) []modelJob {
	m.counted++
	if d.status() != 0 {
		m.answer = m.sends - 1
	}
	switch {
	case d == answers || d == large || d == missing:
		return []modelJob{m.end("done")}
	case m.counted >= m.most, m.onlyOnce && d.acts():
		return []modelJob{m.end("failed")}
	}
	may := []modelJob{m.again(d, attempts)}
	if m.tried >= m.most {
		may = append(may, m.end("failed"))
	}
	return may
}

// again is a job that waits after a failure, and is sent again if it need not wait for long.
func (m modelJob) again(d deed, attempts int) modelJob {
	m.state, m.tried = "waiting", min(m.tried, m.most-1)
	if d == closes {
		m.far = true
		return m
	}
	return m.begin(attempts)
}

// cancel reports whether it is allowed.
func (m modelJob) cancel(int) (modelJob, bool) {
	if m.ended() {
		return m, false
	}
	return m.end("cancelled"), true
}

// pause reports whether it is allowed. An attempt that runs goes on.
func (m modelJob) pause(int) (modelJob, bool) {
	if m.ended() || m.paused {
		return m, false
	}
	m.paused = true
	return m, true
}

// resume reports whether it is allowed.
func (m modelJob) resume(attempts int) (modelJob, bool) {
	if !m.paused {
		return m, false
	}
	m.paused = false
	if m.state == "waiting" && !m.far {
		m = m.begin(attempts)
	}
	return m, true
}

// rerun reports whether it is allowed.
func (m modelJob) rerun(attempts int) (modelJob, bool) {
	if !m.ended() || m.state == "done" {
		return m, false
	}
	m.state, m.tried, m.counted, m.answer = "accepted", 0, 0, -1
	return m.begin(attempts), true
}

// crash is the job after tenfour was killed, or was stopped and did not wait, and runs again.
func (m modelJob) crash(attempts int) modelJob {
	switch {
	case m.state != "running":
		return m
	case m.onlyOnce:
		return m.end("interrupted")
	}
	m.state, m.unnoted = "waiting", true
	return m.begin(attempts)
}

// is reports whether a job may show a state.
func (m modelJob) is(state string) bool { return state == m.state || m.unnoted && state == "accepted" }
