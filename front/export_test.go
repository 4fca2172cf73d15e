package front

// Waiting returns how many requests wait for the response to another one, and how many groups there are.
func (j *Joins) Waiting() (requests, groups int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.waiting, len(j.groups)
}
