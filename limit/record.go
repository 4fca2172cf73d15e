package limit

import (
	"bytes"
	"unsafe"
)

// record is all that the window keeps of one key. With one admission, and a key no longer than inline, it is a cache line
// of 64 bytes. Its shard guards it.
type record struct {
	next         *record // in its bucket
	newer, older *record // in the shard's list by last use, which has no keys with waiters
	more         *more   // nil while it is not needed
	only         int64   // the time of its one admission while it has no ring; 0 if there is none
	tag          uint32  // 24 bits of the key's hash, and 8 bits for its length
	key          [inline]byte
}

const (
	inline = 20
	long   = 0xff // stands for the length of a key that is in more
)

// more has the fields that only some keys need.
type more struct {
	ring  ring
	queue *queue // nil while the key has no waiters
	key   string // a key that is longer than inline
}

func tagOf(hash uint64, key []byte) uint32 {
	length := len(key)
	if length > inline {
		length = long
	}
	return uint32(hash)&^0xff | uint32(length)
}

func (k *record) is(tag uint32, key []byte) bool {
	switch {
	case k.tag != tag:
		return false
	case tag&0xff == long:
		return k.more.key == string(key)
	}
	return bytes.Equal(k.key[:tag&0xff], key)
}

// name stores the key in a new record.
func (k *record) name(tag uint32, key []byte) {
	if k.tag = tag; tag&0xff == long {
		k.another().key = string(key)
		return
	}
	copy(k.key[:], key)
}

// bytes returns how much memory the record takes.
func (k *record) bytes() int {
	n := int(unsafe.Sizeof(*k))
	if k.more != nil {
		n += (int(unsafe.Sizeof(*k.more))+15)&^15 + (len(k.more.key)+15)&^15 + k.more.ring.bytes()
	}
	return n
}

// another returns k's more, and makes one if there is none.
func (k *record) another() *more {
	if k.more == nil {
		k.more = new(more)
	}
	return k.more
}

// queue returns the queue of k's waiters, or nil if there are none.
func (k *record) queue() *queue {
	if k.more == nil {
		return nil
	}
	return k.more.queue
}

// ring returns k's ring, or nil while it has none.
func (k *record) ring() *ring {
	if k.more == nil || k.more.ring.at == nil {
		return nil
	}
	return &k.more.ring
}

// total returns how many admissions are in the window.
func (k *record) total() int {
	if r := k.ring(); r != nil {
		return r.total
	}
	if k.only != 0 {
		return 1
	}
	return 0
}

// oldest returns the stamp of the oldest admission, with which the window has room again; 0 if there is none.
func (k *record) oldest() int64 {
	if r := k.ring(); r != nil && r.len > 0 {
		return r.oldest()
	}
	return k.only
}

// newest returns the stamp of the last admission; 0 if there is none.
func (k *record) newest() int64 {
	if r := k.ring(); r != nil && r.len > 0 {
		return r.newest()
	}
	return k.only
}

// leaves returns the stamp with which the i-th oldest admission leaves the window.
func (k *record) leaves(i int) int64 {
	if r := k.ring(); r != nil {
		return r.leaves(i)
	}
	return k.only
}

// expire drops the admissions up to the moment to.
func (k *record) expire(to int64) {
	if r := k.ring(); r != nil {
		r.expire(to)
	} else if k.only <= to {
		k.only = 0
	}
}

// add records an admission, which is no older than the newest, and returns by how many bytes the record has grown.
func (k *record) add(at int64, sh *shape) (grown int) {
	if r := k.ring(); r != nil {
		before := r.bytes()
		r.add(at, sh)
		return r.bytes() - before
	}
	if k.only == 0 {
		k.only = at
		return 0
	}
	before := k.bytes()
	r := &k.another().ring
	r.add(k.only, sh)
	r.add(at, sh)
	k.only = 0
	return k.bytes() - before
}

// remove removes one admission of the moment at, which is still in the window.
func (k *record) remove(at int64) {
	if r := k.ring(); r != nil {
		r.remove(at)
	} else if k.only == at {
		k.only = 0
	}
}
