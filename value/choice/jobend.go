package choice

// JobEnd is a state in which a job has ended, as jobs.State has it.
type JobEnd uint8

// The states in which a job can have ended.
const (
	JobDone JobEnd = iota
	JobFailed
	JobCancelled
	JobInterrupted
)

func (JobEnd) words() []string { return []string{"done", "failed", "cancelled", "interrupted"} }

// String returns the word for e.
func (e JobEnd) String() string { return e.words()[e] }
