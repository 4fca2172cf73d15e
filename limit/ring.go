package limit

import (
	"slices"
	"unsafe"

	"tenfour/value/rate"
)

// exactMost is the largest rate for which each admission is kept by itself. For larger rates, admissions that follow each
// other are kept in batches. A batch leaves the window when its last admission does, so that none is admitted too early. A
// batch has at most N/500 admissions, rounded up, and at most Per/500 lies between its first and its last. So a refusal
// means that more than 99.8 % of N have passed within Per, and no admission counts for longer than 100.2 % of Per.
const (
	exactMost = 1000
	batches   = 500
)

// shape is a window's rate, in the terms of its rings.
type shape struct {
	n     int
	per   int64 // nanoseconds
	batch int   // the most admissions of one stamp; 1 if each is kept by itself
	span  int64 // the most nanoseconds between the first and the last of them
	most  int   // the most stamps of a ring
}

func newShape(r rate.Rate) shape {
	sh := shape{n: r.N, per: int64(r.Per), batch: 1, most: r.N}
	if r.N > exactMost {
		sh.batch = (r.N + batches - 1) / batches
		sh.span = max(1, sh.per/batches)
		// The batches that are full, those that end after span (rounded up), and one at either end.
		sh.most = r.N/sh.batch + int(sh.per/sh.span) + 3
	}
	return sh
}

// ring has the admissions of a key that are in its window, the oldest first. The zero value is empty and has no room.
type ring struct {
	at    []int64  // stamps: the time of an admission, or of a batch's last one
	many  []uint32 // the admissions of each stamp; nil if each has one
	head  int      // index of the oldest stamp
	len   int      // stamps
	total int      // admissions
	began int64    // the time of the first admission in the newest batch
}

// bytes returns how much memory the ring has on the heap.
func (r *ring) bytes() int {
	return cap(r.at)*int(unsafe.Sizeof(r.at[0])) + cap(r.many)*int(unsafe.Sizeof(r.many[0]))
}

// index returns the place of the i-th oldest stamp.
func (r *ring) index(i int) int {
	if i += r.head; i >= len(r.at) {
		i -= len(r.at)
	}
	return i
}

func (r *ring) oldest() int64 { return r.at[r.head] }
func (r *ring) newest() int64 { return r.at[r.index(r.len-1)] }

// count returns how many admissions a stamp stands for.
func (r *ring) count(index int) int {
	if r.many == nil {
		return 1
	}
	return int(r.many[index])
}

// expire drops the admissions up to the moment to.
func (r *ring) expire(to int64) {
	for r.len > 0 && r.at[r.head] <= to {
		r.total -= r.count(r.head)
		r.head = r.index(1)
		r.len--
	}
}

// add records an admission, which is no older than the newest.
func (r *ring) add(at int64, sh *shape) {
	if sh.batch > 1 && r.len > 0 {
		last := r.index(r.len - 1)
		// Admissions of one moment always share a batch, so that a refund finds it. When refunds have left so many small
		// batches that the ring is full, a batch may grow beyond its size.
		if r.at[last] == at || r.many[last] < uint32(sh.batch) && at-r.began < sh.span || r.len >= sh.most {
			r.at[last] = at
			r.many[last]++
			r.total++
			return
		}
	}
	if r.len == len(r.at) {
		r.grow(sh)
	}
	last := r.index(r.len)
	r.at[last] = at
	if r.many != nil {
		r.many[last] = 1
	}
	r.began = at
	r.len++
	r.total++
}

// grow doubles the ring's room, up to the most that its rate needs.
func (r *ring) grow(sh *shape) {
	room := min(max(4, 2*len(r.at)), max(sh.most, len(r.at)+1))
	at := slices.Grow([]int64(nil), room) // the allocator may give more room
	n := copy(at[:room], r.at[r.head:])
	copy(at[n:room], r.at[:r.head])
	if sh.batch > 1 {
		many := slices.Grow([]uint32(nil), cap(at))
		n := copy(many[:room], r.many[r.head:])
		copy(many[n:room], r.many[:r.head])
		r.many = many[:cap(at)]
	}
	r.at, r.head = at[:cap(at)], 0
}

// remove removes one admission of the moment at, which is still in the window, and reports whether there was one.
func (r *ring) remove(at int64) bool {
	low, high := 0, r.len // binary search for the first stamp that is not before at
	for low < high {
		if middle := (low + high) / 2; r.at[r.index(middle)] < at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == r.len || r.many == nil && r.at[r.index(low)] != at {
		return false
	}
	r.total--
	if r.many != nil {
		if r.many[r.index(low)]--; r.many[r.index(low)] > 0 {
			return true
		}
	}
	if r.len--; low == r.len {
		r.began = -1 << 62 // no further admission joins the batch before it
	}
	for i := low; i < r.len; i++ { // mostly none, because a refund mostly comes at once
		r.at[r.index(i)] = r.at[r.index(i+1)]
		if r.many != nil {
			r.many[r.index(i)] = r.many[r.index(i+1)]
		}
	}
	return true
}

// leaves returns the stamp with which the i-th oldest admission leaves the window.
func (r *ring) leaves(i int) int64 {
	if r.many == nil {
		return r.at[r.index(i)]
	}
	at := 0
	for i -= r.count(r.index(at)); i >= 0 && at < r.len-1; i -= r.count(r.index(at)) {
		at++
	}
	return r.at[r.index(at)]
}
