package bolt

import "tenfour/jobs"

// The jobs that were written last are kept as values: most are read and written again soon, and reading their JSON would cost more than
// all else that is done with them. What is kept is bounded: so many jobs, of records of at most so many bytes.
const (
	recentMost   = 4096
	recentRecord = 4 << 10
)

// recent is the jobs that were written last, as they are committed. The zero value is ready. Guarded by the store.
type recent struct {
	jobs  map[key]jobs.Job
	order []key // in which they came; at most recentMost, then a ring
	next  int   // of order: what is replaced next
}

// key is what a job is filed under.
type key = [16]byte

// news is what one transaction changes: a job as it is then; nil for one that is removed, or is not to be kept.
type news map[key]*jobs.Job

// get returns a job, if it is kept.
func (r *recent) get(k key) (j jobs.Job, known bool) {
	j, known = r.jobs[k]
	return j, known
}

// take makes what is kept what was committed.
func (r *recent) take(n news) {
	for k, j := range n {
		if j == nil {
			delete(r.jobs, k)
			continue
		}
		if _, known := r.jobs[k]; !known {
			r.enter(k)
		}
		r.jobs[k] = *j
	}
}

// enter takes a place for a job that is not kept yet. The oldest one goes, if there are too many.
func (r *recent) enter(k key) {
	if r.jobs == nil {
		r.jobs = map[key]jobs.Job{}
	}
	if len(r.order) < recentMost {
		r.order = append(r.order, k)
		return
	}
	delete(r.jobs, r.order[r.next])
	r.order[r.next] = k
	r.next = (r.next + 1) % recentMost
}

// clear forgets all: it is unknown what is committed.
func (r *recent) clear() {
	r.jobs, r.order, r.next = nil, nil, 0
}
