package bolt

import (
	"encoding/hex"
	"fmt"

	"tenfour/jobs"

	bbolt "go.etcd.io/bbolt"
)

// get returns a record, or nil. It is valid until the next change.
func (c *change) get(id jobs.ID) []byte {
	key := id.Key()
	return c.tx.Bucket(jobsBucket).Get(key[:])
}

// of returns the job as it is stored, if it has the revision of j.
func (c *change) of(j jobs.Job) (stored jobs.Job, err error) {
	if stored, err = c.stored(j.ID); err != nil {
		return stored, fmt.Errorf("change job %s: %w", j.ID, err)
	}
	if stored.Revision != j.Revision {
		return stored, fmt.Errorf("change job %s: %w: revision %d, not %d", j.ID, jobs.ErrConflict, stored.Revision, j.Revision)
	}
	return stored, nil
}

// stored returns a job as it is stored.
func (c *change) stored(id jobs.ID) (jobs.Job, error) {
	k := id.Key()
	if j := c.news[k]; j != nil {
		return *j, nil
	}
	if _, changed := c.news[k]; !changed {
		if j, known := c.known(k); known {
			return j, nil
		}
	}
	record := c.get(id)
	if record == nil {
		return jobs.Job{}, jobs.ErrUnknown
	}
	j, err := decode(record)
	if err != nil {
		err = fmt.Errorf("%w (%w)", jobs.ErrDamaged, err)
	}
	return j, err
}

// keep notes how a job is stored now.
func (c *change) keep(k key, j jobs.Job, record []byte) {
	c.news[k] = nil
	if len(record) <= recentRecord {
		c.news[k] = &j
	}
}

// put stores j, with its small bodies, after the revision before; nil for none. It returns j as it is stored.
func (c *change) put(j jobs.Job, before *jobs.Job) (jobs.Job, error) {
	next := j
	next.Revision++
	for _, b := range []*jobs.Body{&next.Request.Body, &next.Result.Body} {
		if err := c.putSmall(b); err != nil {
			return j, err
		}
	}
	record, err := encode(next)
	if err != nil {
		return j, fmt.Errorf("%w: %w", errFile, err)
	}
	if before == nil {
		err = c.join(next)
	} else {
		err = c.count(c.get(before.ID), -1)
		c.dropBodies(*before, next)
	}
	key := next.ID.Key()
	if err == nil {
		err = c.tx.Bucket(jobsBucket).Put(key[:], record)
	}
	if err == nil {
		err = c.count(record, 1)
	}
	if err != nil {
		return j, fmt.Errorf("%w: %w", errFile, err)
	}
	c.keep(key, next, record)
	return next, nil
}

// remove removes a job as it is stored.
func (c *change) remove(j jobs.Job) error {
	key := j.ID.Key()
	if err := c.count(c.get(j.ID), -1); err != nil {
		return err
	}
	if err := c.tx.Bucket(jobsBucket).Delete(key[:]); err != nil {
		return fmt.Errorf("%w: %w", errFile, err)
	}
	c.news[key] = nil
	d := c.tx.Bucket(dedupeBucket)
	if decodeJoint(d.Get(j.Dedupe.Key[:])).job == key {
		if err := d.Delete(j.Dedupe.Key[:]); err != nil {
			return fmt.Errorf("%w: %w", errFile, err)
		}
	}
	c.dropBodies(j, jobs.Job{})
	return nil
}

// count counts a record n times: 1 or -1.
func (c *change) count(record []byte, n int) error {
	h, err := readHead(record)
	if err != nil {
		return fmt.Errorf("%w: %w", errFile, err)
	}
	add(&c.usage, h, n)
	return nil
}

// duplicate returns the job that has j's dedupe key, with the error that says so. A key whose time is over is free.
func (c *change) duplicate(j jobs.Job) (same jobs.Job, err error) {
	if j.Dedupe.Key.IsZero() {
		return same, nil
	}
	d := decodeJoint(c.tx.Bucket(dedupeBucket).Get(j.Dedupe.Key[:]))
	record := c.tx.Bucket(jobsBucket).Get(d.job[:])
	switch {
	case record == nil || d.until <= j.Created.UnixNano():
		return same, nil
	case d.body != j.Dedupe.Body:
		return same, fmt.Errorf("create a job: %w", jobs.ErrKeyReused)
	}
	if same, err = decode(record); err != nil {
		return same, fmt.Errorf("create a job: %w (%w)", jobs.ErrDamaged, err)
	}
	return same, fmt.Errorf("create a job: %w", jobs.ErrDuplicate)
}

// join lets j's dedupe key lead to j.
func (c *change) join(j jobs.Job) error {
	if j.Dedupe.Key.IsZero() {
		return nil
	}
	d := joint{job: j.ID.Key(), body: j.Dedupe.Body, until: j.Dedupe.Until.UnixNano()}
	return c.tx.Bucket(dedupeBucket).Put(j.Dedupe.Key[:], d.encode())
}

// putSmall stores a body that is in memory, under a number: bodies of jobs of one time are next to each other in the file.
func (c *change) putSmall(b *jobs.Body) error {
	if b.Name != "" || b.Size == 0 {
		return nil
	}
	bucket := c.tx.Bucket(bodiesBucket)
	number, err := bucket.NextSequence()
	key := order.AppendUint64(nil, number)
	if err == nil {
		err = bucket.Put(key, b.Content)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errFile, err)
	}
	b.Name, b.Content = smallPrefix+hex.EncodeToString(key), nil
	return nil
}

// dropBodies removes the bodies that before has and after has not. The file's part goes with the transaction, the others after it.
func (c *change) dropBodies(before, after jobs.Job) {
	for _, name := range []string{before.Request.Body.Name, before.Result.Body.Name} {
		if name == "" || name == after.Request.Body.Name || name == after.Result.Body.Name {
			continue
		}
		if key := smallKey(name); key != nil {
			c.dropSmall(key)
		} else {
			c.drop = append(c.drop, name)
		}
	}
}

func (c *change) dropSmall(key []byte) {
	b := c.tx.Bucket(bodiesBucket)
	if err := b.Delete(key); err != nil {
		panic(err) // Delete fails only in a transaction that reads, or on a bucket in place of a value
	}
}

// smallBody returns a copy of a small body; nil for one that is not there.
func smallBody(tx *bbolt.Tx, key []byte) []byte {
	content := tx.Bucket(bodiesBucket).Get(key)
	if content == nil {
		return nil
	}
	return append([]byte{}, content...)
}
