package bolt

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"tenfour/jobs"
)

// A record is a head of fixed length, and then the job as JSON, which a person can read. The head is what is asked of all jobs: so a
// start with 100,000 of them, a list and a sweep decode no JSON that they do not need.
//
//	0   format, 2
//	1   state
//	2   when it is removed, in Unix nanoseconds; 0 for not yet known (8 bytes)
//	10  bytes of its bodies (8 bytes)
//	18  CRC-32C of all other bytes (4 bytes)
//	22  JSON
const (
	format     = 2
	headLength = 22
	crcAt      = 18
)

// head is what a record's first bytes say.
type head struct {
	state    jobs.State
	removeAt int64
	bytes    int64 // of the record and its bodies
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	order      = binary.BigEndian
)

// encode writes a record.
func encode(j jobs.Job) ([]byte, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return nil, fmt.Errorf("write job %s: %w", j.ID, err)
	}
	record := make([]byte, headLength, headLength+len(text))
	record[0], record[1] = format, byte(j.State)
	if at := j.RemoveAt(); !at.IsZero() {
		order.PutUint64(record[2:], uint64(at.UnixNano()))
	}
	order.PutUint64(record[10:], uint64(j.Request.Body.Size+j.Result.Body.Size))
	record = append(record, text...)
	order.PutUint32(record[crcAt:], sum(record))
	return record, nil
}

// sum is the checksum of a record, but for the bytes that have it.
func sum(record []byte) uint32 {
	return crc32.Update(crc32.Checksum(record[:crcAt], castagnoli), castagnoli, record[headLength:])
}

// readHead reads a record's head, after its checksum.
func readHead(record []byte) (head, error) {
	switch {
	case len(record) < headLength:
		return head{}, errors.New("it is too short")
	case record[0] != format:
		return head{}, fmt.Errorf("its format is %d, and this tenfour knows %d", record[0], format)
	case sum(record) != order.Uint32(record[crcAt:]):
		return head{}, errors.New("its checksum is wrong")
	case jobs.State(record[1]) > jobs.Interrupted:
		return head{}, fmt.Errorf("there is no state %d", record[1])
	}
	return head{
		state:    jobs.State(record[1]),
		removeAt: int64(order.Uint64(record[2:])),
		bytes:    int64(order.Uint64(record[10:])) + int64(len(record)),
	}, nil
}

// decode reads a record.
func decode(record []byte) (j jobs.Job, err error) {
	if _, err := readHead(record); err != nil {
		return j, err
	}
	return j, json.Unmarshal(record[headLength:], &j)
}

// expired reports whether the job may be removed at now.
func (h head) expired(now time.Time) bool { return h.removeAt != 0 && h.removeAt <= now.UnixNano() }

// add counts a job with this head n times: 1 or -1.
func add(u *jobs.Usage, h head, n int) {
	u.States[h.state] += n
	u.Bytes += int64(n) * h.bytes
}

// joint is what a dedupe key leads to.
type joint struct {
	job   [16]byte // the key of the job that has it
	body  jobs.Hash
	until int64 // in Unix nanoseconds
}

func (d joint) encode() []byte {
	value := append(d.job[:], d.body[:]...)
	return order.AppendUint64(value, uint64(d.until))
}

// decodeJoint reads what encode wrote; the zero joint for none.
func decodeJoint(value []byte) (d joint) {
	if len(value) == 56 {
		d.job, d.body, d.until = [16]byte(value), jobs.Hash(value[16:]), int64(order.Uint64(value[48:]))
	}
	return d
}
