package control

import (
	"context"
	"fmt"
	"net/http"

	"tenfour/jobs"
)

// names are ids as a person wrote them, whole or the first digits, by their first leastDigits digits.
type names map[string][]string

func newNames(texts []string) names {
	n := names{}
	for _, text := range texts {
		start := text[:leastDigits]
		n[start] = append(n[start], text)
	}
	return n
}

// has reports whether a job is named, or no job is.
func (n names) has(id jobs.ID) bool { return len(n) == 0 || len(n.of(id)) > 0 }

// of returns the names that mean a job.
func (n names) of(id jobs.ID) (texts []string) {
	digits := id.String()
	for _, text := range n[digits[:leastDigits]] {
		if digits[:len(text)] == text {
			texts = append(texts, text)
		}
	}
	return texts
}

// find returns the id of the job that text means. For one that is not whole it searches all jobs, because a store files jobs under hashes.
func (h *handler) find(ctx context.Context, text string) (jobs.ID, error) {
	var s Selection
	if err := s.SetIDs([]string{text}); err != nil {
		return jobs.ID{}, &wrong{http.StatusBadRequest, err.Error()}
	}
	if id, err := jobs.ParseID(s.IDs[0]); err == nil {
		return id, nil
	}
	var last jobs.ID
	begin, named := 0, newNames(s.IDs)
	err := h.scan(ctx, jobs.All, func(j jobs.Job) bool {
		if named.has(j.ID) {
			begin++
			last = j.ID
		}
		return true
	})
	if err == nil {
		err = meansOne(begin)
	}
	return last, err
}

// meansOne returns why a name that means n jobs cannot be used; nil if it means one.
func meansOne(n int) error {
	switch n {
	case 0:
		return jobs.ErrUnknown
	case 1:
		return nil
	}
	return &wrong{http.StatusConflict, fmt.Sprintf("%d jobs begin so: write more digits", n)}
}
