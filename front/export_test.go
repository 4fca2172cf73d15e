package front

import "tenfour/trace"

// Waiting returns how many requests wait for the response to another one, and how many groups there are.
func (j *Joins) Waiting() (requests, groups int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.waiting, len(j.groups)
}

// Lanes returns those of all routes.
func (f *Front) Lanes() (all []*trace.Lane) {
	for i := range f.site.Load().Routes {
		all = append(all, &f.site.Load().Routes[i].Lane)
	}
	return all
}
