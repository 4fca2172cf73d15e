package metrics

import (
	"maps"
	"slices"
)

// families are all that /metrics has, in the order in which it has them.
var families = []family{
	{"tenfour_info", gauge, "Always 1. The label has the version.", []string{"version"}, func(p *page) { p.gauge(1, p.s.Version) }},
	{"tenfour_start_time_seconds", gauge, "When tenfour started, in seconds since 1970.", nil, func(p *page) { p.gauge(float64(p.s.Started.UnixMilli()) / 1000) }},
	{"tenfour_draining", gauge, "1 while tenfour drains, else 0.", nil, func(p *page) { p.gauge(oneIf(p.s.State == "draining")) }},
	{"tenfour_config_loaded_time_seconds", gauge, "When the configuration that holds was put in force, in seconds since 1970.", nil, func(p *page) { p.gauge(float64(p.s.Config.Loaded.UnixMilli()) / 1000) }},
	{"tenfour_reloads_total", counter, "Reloads of the configuration, by what came of them.", []string{"result"}, func(p *page) {
		p.count(p.s.Config.Reloads, "used")
		p.count(p.s.Config.Refused, "refused")
	}},
	{"tenfour_connections_open", gauge, "Connections that clients have open.", nil, func(p *page) { p.gauge(float64(p.s.Connections.Open)) }},
	{"tenfour_connections_parked", gauge, "Of those, the ones that wait for their client and hold no worker.", nil, func(p *page) { p.gauge(float64(p.s.Connections.Parked)) }},
	{"tenfour_connections_accepted_total", counter, "Connections of clients that were accepted.", nil, func(p *page) { p.count(p.s.Connections.Accepted) }},
	{"tenfour_connections_refused_total", counter, "Of those, the ones whose address had as many as it may.", nil, func(p *page) { p.count(p.s.Connections.Refused) }},
	{"tenfour_tls_handshakes_total", counter, "TLS handshakes with clients, by what came of them.", []string{"result"}, func(p *page) {
		p.count(p.s.TLS.Handshakes, "ok")
		p.count(p.s.TLS.Failed, "failed")
	}},
	{"tenfour_held_bytes", gauge, "Memory that is held for bodies and responses.", nil, func(p *page) { p.known(p.s.Memory.Held) }},
	{"tenfour_held_limit_bytes", gauge, "How much that may be (hold_max).", nil, func(p *page) { p.known(p.s.Memory.HeldMost) }},
	{"tenfour_spool_bytes", gauge, "Bodies in temporary files.", nil, func(p *page) { p.known(p.s.Memory.Spool) }},
	{"tenfour_spool_limit_bytes", gauge, "How much that may be (spool_max).", nil, func(p *page) { p.known(p.s.Memory.SpoolMost) }},
	{"tenfour_spool_files", gauge, "Temporary files of bodies.", nil, func(p *page) { p.known(p.s.Memory.Files) }},
	{"tenfour_log_lines_dropped_total", counter, "Lines of both logs that were lost: their reader was too slow, or they could not be written.", nil, func(p *page) { p.count(p.s.Log.Dropped) }},
	{"tenfour_panics_total", counter, "Exchanges that were lost to a bug of tenfour.", nil, func(p *page) { p.count(p.s.Totals.Panics) }},

	{"tenfour_requests_total", counter, "Requests that have ended, by the class of the response that the client got.", []string{"route", "code"}, func(p *page) {
		p.eachRoute(func(r *Route) { p.byClass(r.answered(), r.Name, noClass) })
	}},
	{"tenfour_own_answers_total", counter, "Of those, the answers of tenfour's own, by status.", []string{"route", "status"}, func(p *page) {
		p.eachRoute(func(r *Route) {
			for i := range r.own {
				if n := r.own[i].Load(); n > 0 {
					p.count(n, r.Name, ownName(i))
				}
			}
		})
	}},
	{"tenfour_responses_cut_total", counter, "Responses of which the client got a part.", []string{"route"}, func(p *page) {
		p.eachRoute(func(r *Route) { p.count(r.cut.Load(), r.Name) })
	}},
	{"tenfour_requests_joined_total", counter, "Requests that were answered by the exchange of another one.", []string{"route"}, func(p *page) {
		p.eachRoute(func(r *Route) { p.count(r.joined.Load(), r.Name) })
	}},
	{"tenfour_request_content_bytes_total", counter, "Content of requests that was taken from clients.", []string{"route"}, func(p *page) {
		p.eachRoute(func(r *Route) { p.count(r.content().in, r.Name) })
	}},
	{"tenfour_response_content_bytes_total", counter, "Content of responses for clients.", []string{"route"}, func(p *page) {
		p.eachRoute(func(r *Route) { p.count(r.content().out, r.Name) })
	}},
	{"tenfour_events_total", counter, "What happened to some exchanges of a route, see docs/metrics.md.", []string{"route", "event"}, func(p *page) {
		p.eachRoute(func(r *Route) {
			for e, name := range eventNames {
				p.count(r.events[e].Load(), r.Name, name)
			}
		})
	}},
	{"tenfour_phase_seconds", histogramOf, "How long exchanges took, by phase.", []string{"route", "phase"}, func(p *page) {
		var t routeTally
		p.eachRoute(func(r *Route) {
			r.tally(&t)
			for i, name := range phaseNames {
				p.durations(&t.took[i], t.sums[i], r.Name, name)
			}
		})
	}},
	{"tenfour_queue_waiting", gauge, "Exchanges that wait for a slot; in a race each counts at each backend for which it waits.", []string{"route", "lane"}, func(p *page) {
		p.eachLane(func(q *QueueStatus, labels ...string) { p.gauge(float64(q.Waiting), labels...) })
	}},
	{"tenfour_queue_limit", gauge, "How many may wait, in all queues of the route: a race has one more for each backend.", []string{"route", "lane"}, func(p *page) {
		p.eachLane(func(q *QueueStatus, labels ...string) { p.gauge(float64(q.Most), labels...) })
	}},
	{"tenfour_queue_oldest_seconds", gauge, "How long the first of them has waited; 0 for none.", []string{"route", "lane"}, func(p *page) {
		p.eachLane(func(q *QueueStatus, labels ...string) {
			oldest := q.Oldest
			if !oldest.Known() {
				oldest = 0
			}
			p.gauge(float64(oldest)/1000, labels...)
		})
	}},

	{"tenfour_backend_up", gauge, "1 while the backend is up, 0 while it is down.", []string{"backend"}, func(p *page) {
		p.eachBackend(func(b *BackendStatus) { p.gauge(oneIf(b.Up), b.Name) })
	}},
	{"tenfour_backend_changes_total", counter, "How often the backend went down, and came up again.", []string{"backend", "to"}, func(p *page) {
		for _, b := range p.backends {
			p.count(b.downs.Load(), b.Name, "down")
			p.count(b.ups.Load(), b.Name, "up")
		}
	}},
	{"tenfour_backend_slots", gauge, "Slots, by what they do: free, busy, reader (busy only because a client reads slowly), down.", []string{"backend", "state"}, func(p *page) {
		p.eachBackend(func(b *BackendStatus) {
			p.gauge(float64(b.Slots.Free), b.Name, "free")
			p.gauge(float64(b.Slots.Busy), b.Name, "busy")
			p.gauge(float64(b.Slots.Reader), b.Name, "reader")
			p.gauge(float64(b.Slots.Down), b.Name, "down")
		})
	}},
	{"tenfour_backend_slots_limit", gauge, "Slots that the backend may have; it has fewer while workers is auto.", []string{"backend"}, func(p *page) {
		p.eachBackend(func(b *BackendStatus) { p.gauge(float64(b.Max), b.Name) })
	}},
	{"tenfour_backend_streams", gauge, "Connections beyond the slots, of exchanges that last.", []string{"backend"}, func(p *page) {
		p.eachBackend(func(b *BackendStatus) { p.gauge(float64(b.Streams), b.Name) })
	}},
	{"tenfour_backend_attempts_total", counter, "Attempts that have ended, by what became of them.", []string{"backend", "outcome"}, func(p *page) {
		var t backendTally
		for _, b := range p.backends {
			b.tally(&t)
			for o, name := range outcomeNames {
				p.count(t.outcomes[o], b.Name, name)
			}
		}
	}},
	{"tenfour_backend_responses_total", counter, "Responses that the backend began, by class.", []string{"backend", "code"}, func(p *page) {
		var t backendTally
		for _, b := range p.backends {
			b.tally(&t)
			p.byClass(t.answers, b.Name, noAnswer)
		}
	}},
	{"tenfour_backend_races_won_total", counter, "Races that the backend has won.", []string{"backend"}, func(p *page) {
		for _, b := range p.backends {
			p.count(b.won.Load(), b.Name)
		}
	}},
	{"tenfour_backend_phase_seconds", histogramOf, "How long attempts took, by phase: until the backend had a byte of the request, and until a byte of its response came.", []string{"backend", "phase"}, func(p *page) {
		var t backendTally
		for _, b := range p.backends {
			b.tally(&t)
			for i, phase := range phaseOfBackend {
				p.durations(&t.took[i], t.sums[i], b.Name, phase.String())
			}
		}
	}},

	{"tenfour_jobs", gauge, "Jobs in the store, by state.", []string{"state"}, ofJobs(func(p *page, j *JobsStatus) { gauges(p, j.Counts) })},
	{"tenfour_jobs_bytes", gauge, "Their records and bodies.", nil, ofJobs(func(p *page, j *JobsStatus) { p.gauge(float64(j.Bytes)) })},
	{"tenfour_jobs_due", gauge, "Jobs that wait for their turn.", nil, ofJobs(func(p *page, j *JobsStatus) { p.gauge(float64(j.Due)) })},
	{"tenfour_jobs_running", gauge, "Attempts of jobs under way.", nil, ofJobs(func(p *page, j *JobsStatus) { p.gauge(float64(j.Running)) })},
	{"tenfour_jobs_unsaved", gauge, "Ends of attempts that the disk could not take yet.", nil, ofJobs(func(p *page, j *JobsStatus) { p.gauge(float64(j.Unsaved)) })},
	{"tenfour_jobs_awaited", gauge, "Clients that wait for a job's end.", nil, ofJobs(func(p *page, j *JobsStatus) { p.gauge(float64(j.Awaited)) })},
	{"tenfour_job_attempts_total", counter, "Attempts of jobs that have begun.", nil, ofJobs(func(p *page, j *JobsStatus) { p.count(j.Attempts) })},
	{"tenfour_jobs_ended_total", counter, "Jobs that have ended, by how.", []string{"state"}, ofJobs(func(p *page, j *JobsStatus) {
		for _, state := range slices.Sorted(maps.Keys(j.Ended)) {
			p.count(j.Ended[state], state)
		}
	})},
	{"tenfour_job_changes_total", counter, "Changes of jobs' states: from one to another. A job that is made comes from new.", []string{"from", "to"}, ofJobs(func(p *page, j *JobsStatus) {
		for _, from := range slices.Sorted(maps.Keys(j.Changes)) {
			for _, to := range slices.Sorted(maps.Keys(j.Changes[from])) {
				p.count(j.Changes[from][to], from, to)
			}
		}
	})},
	{"tenfour_callbacks_due", gauge, "Callbacks that are sent now or later.", nil, ofJobs(func(p *page, j *JobsStatus) { p.gauge(float64(j.Callbacks.Due)) })},
	{"tenfour_callbacks_running", gauge, "Callbacks on their way.", nil, ofJobs(func(p *page, j *JobsStatus) { p.gauge(float64(j.Callbacks.Running)) })},
	{"tenfour_callbacks_total", counter, "Callbacks that are over, by what came of them.", []string{"result"}, ofJobs(func(p *page, j *JobsStatus) {
		p.count(j.Callbacks.Delivered, "delivered")
		p.count(j.Callbacks.GaveUp, "gave_up")
	})},
	{"tenfour_callback_attempts_total", counter, "Attempts of callbacks, by what came of them: delivered, or failed, also before a POST could be sent.", []string{"result"}, ofJobs(func(p *page, j *JobsStatus) {
		p.count(j.Callbacks.Attempts-min(j.Callbacks.Attempts, j.Callbacks.Failures), "delivered")
		p.count(j.Callbacks.Failures, "failed")
	})},
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// gauges writes a gauge for each state.
func gauges(p *page, by map[string]int) {
	for _, state := range slices.Sorted(maps.Keys(by)) {
		p.gauge(float64(by[state]), state)
	}
}

// ofJobs is a family that is there only while there are jobs.
func ofJobs(write func(*page, *JobsStatus)) func(*page) {
	return func(p *page) {
		if p.s.Jobs != nil {
			write(p, p.s.Jobs)
		}
	}
}

func (p *page) eachRoute(f func(*Route)) {
	for _, r := range p.routes {
		f(r)
	}
}

func (p *page) eachBackend(f func(*BackendStatus)) {
	for i := range min(len(p.s.Backends), NamesMost) {
		f(&p.s.Backends[i])
	}
}

// eachLane calls f with each lane of each queue, and its labels.
func (p *page) eachLane(f func(q *QueueStatus, labels ...string)) {
	for i := range min(len(p.s.Routes), NamesMost) {
		r := &p.s.Routes[i]
		f(&r.Queue, r.Name, "clients")
		f(&r.Background, r.Name, "background")
	}
}

// content returns the bytes of content that r has counted.
func (r *Route) content() (t totals) {
	t.add(r)
	return t
}
