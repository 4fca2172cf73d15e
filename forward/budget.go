package forward

import "sync"

// budget is how many hedges a route may send: requests to a further backend before one has failed. So slow backends do not
// get twice the load. Safe for use by several goroutines; the zero value is ready.
type budget struct {
	mu     sync.Mutex // guards the rest
	second int64      // the newest that is counted, in the lot's time
	asked  [budgetSeconds]int
	extra  [budgetSeconds]int
}

const (
	budgetSeconds = 10
	budgetShare   = 5 // one in so many
	budgetLeast   = 3
)

// count notes a client's request at a time of the lot's.
func (b *budget) count(now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	b.asked[b.second%budgetSeconds]++
}

// take reports whether one more may be sent, and counts it.
func (b *budget) take(now int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	asked, extra := 0, 0
	for i := range budgetSeconds {
		asked += b.asked[i]
		extra += b.extra[i]
	}
	if extra >= max(budgetLeast, asked/budgetShare) {
		return false
	}
	b.extra[b.second%budgetSeconds]++
	return true
}

// turn forgets what is older than budgetSeconds.
func (b *budget) turn(now int64) {
	second := now / 1e9
	for ; b.second < second; b.second++ {
		if second-b.second > budgetSeconds {
			b.second = second - budgetSeconds
		}
		next := (b.second + 1) % budgetSeconds
		b.asked[next], b.extra[next] = 0, 0
	}
}
