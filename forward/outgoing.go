package forward

import "tenfour/sock"

// outgoing is bytes that a flow has taken and not given yet, in one buffer that grows while they are more than go out.
type outgoing struct {
	out     *sock.Buffer // nil for none
	outAt   int          // the first byte not given yet
	hold    int          // bytes that it may hold
	portion *Portion     // counts what out is larger than firstRead
}

// outLen is the number of bytes that it holds.
func (o *outgoing) outLen() int {
	if o.out == nil {
		return 0
	}
	return len(o.out.B) - o.outAt
}

// need gets a buffer of firstRead bytes if there is none.
func (o *outgoing) need() {
	if o.out == nil {
		o.out = sock.GetBuffer(firstRead)
	}
}

// releaseOut gives the buffer back.
func (o *outgoing) releaseOut() {
	if o.out != nil {
		sock.PutBuffer(o.out)
		o.out = nil
	}
}

// makeRoom makes room in out for n bytes that have been read already. toCome is how many follow at most.
func (o *outgoing) makeRoom(n int, toCome int64) {
	if !o.tryRoom(n, toCome) {
		o.portion.count(o.growth(n, toCome))
		o.grow(n, toCome)
	}
}

// offer returns how many bytes out has free: n or more, or fewer when out would have to grow and may not. Then hold becomes
// what out can hold.
func (o *outgoing) offer(n int, toCome int64) int {
	o.tryRoom(n, toCome)
	return cap(o.out.B) - len(o.out.B)
}

// tryRoom makes room in out for n bytes. It reports false when out would have to grow, and may not.
func (o *outgoing) tryRoom(n int, toCome int64) bool {
	if o.outAt == len(o.out.B) {
		o.out.B, o.outAt = o.out.B[:0], 0
	}
	if cap(o.out.B)-len(o.out.B) < n && o.outAt > 0 {
		o.out.B = o.out.B[:copy(o.out.B, o.out.B[o.outAt:])]
		o.outAt = 0
	}
	if cap(o.out.B)-len(o.out.B) >= n {
		return true
	}
	if !o.portion.take(o.growth(n, toCome)) {
		o.hold = min(o.hold, max(holdLeast, cap(o.out.B)))
		return false
	}
	o.grow(n, toCome)
	return true
}

// growth is how many bytes more out counts for when it grows for n more.
func (o *outgoing) growth(n int, toCome int64) int {
	return max(0, o.grown(n, toCome)-max(cap(o.out.B), firstRead))
}

// grown is how large out is when it has grown for n more bytes: it doubles, but is no larger than what is still to come.
func (o *outgoing) grown(n int, toCome int64) int {
	held := len(o.out.B)
	twice := int64(2 * cap(o.out.B))
	if toCome < twice-int64(held) {
		twice = int64(held) + toCome
	}
	return max(held+n, int(twice))
}

func (o *outgoing) grow(n int, toCome int64) {
	larger := make([]byte, len(o.out.B), o.grown(n, toCome))
	copy(larger, o.out.B)
	o.out.B = larger
}
