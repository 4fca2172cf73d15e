package pool

// A queue has two lanes: one for clients' tasks, and one for those of the background (Place.Background), for which no client waits.
//
//   - Within a lane it is first in, first out, and each lane has a bound of its own.
//   - A slot that becomes free goes to a client's task first. When passMost of them in a row were given to a backend for which one
//     of the background waited, the oldest of those is next: it has at least one of passMost+1 turns, however many clients wait.
//   - While no client's task waits, those of the background may have all slots: an idle slot is of use to no client. So a client
//     that comes then waits until the first of them ends: for the rest of one task.
//
// Which task is first is decided for each backend, over all its queues, when a slot of it becomes free.

// kind says which lane of a queue.
type kind uint8

const (
	clients    kind = iota // for tasks for which a client waits
	background             // for all others
	kinds
)

// passMost is how many clients' tasks in a row may be given to a backend while one of the background waits for it.
const passMost = 7

// lane is the tasks of one kind that wait in a queue: in order, and bounded. Guarded by the pool.
type lane struct {
	queue   *Queue
	kind    kind
	most    int   // tasks that may wait
	head    Place // of the ring of the places that wait; its next is the oldest
	waiting int
}

func (l *lane) init(q *Queue, k kind, most int) {
	l.queue, l.kind, l.most = q, k, most
	l.head.next, l.head.prev = &l.head, &l.head
}

// first is the place of the task that has waited longest; one waits.
func (l *lane) first() *Place { return l.head.next }

// isOlder reports whether l's first has waited longer than other's, or there is no other.
func (l *lane) isOlder(other *lane) bool {
	return other == nil || l.first().order < other.first().order
}

// join puts a place into the lane, after all that have entered before it.
func (l *lane) join(at *Place) {
	before := l.head.prev
	for before != &l.head && before.order > at.order {
		before = before.prev
	}
	at.queue = l.queue
	at.prev, at.next = before, before.next
	at.prev.next, at.next.prev = at, at
	l.waiting++
	l.queue.pool.waiting[l.kind]++
}

// leave removes the oldest place and returns it.
func (l *lane) leave() *Place {
	at := l.first()
	l.remove(at)
	return at
}

func (l *lane) remove(at *Place) {
	at.prev.next, at.next.prev = at.next, at.prev
	at.queue, at.next, at.prev = nil, nil, nil
	l.waiting--
	l.queue.pool.waiting[l.kind]--
}

// full reports whether no more tasks may wait in l.
func (l *lane) full() bool { return l.waiting >= l.most }

// lane is the one in which the task of a place waits.
func (q *Queue) lane(at *Place) *lane {
	if at.Background {
		return &q.lanes[background]
	}
	return &q.lanes[clients]
}

// ahead is the lane whose first goes before the task of at, which has just come; nil if none does.
func (q *Queue) ahead(at *Place) *lane {
	switch mine := q.lane(at); {
	case q.lanes[clients].waiting > 0:
		return &q.lanes[clients]
	case mine.waiting > 0:
		return mine
	}
	return nil
}
