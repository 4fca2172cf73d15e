package jobs

import (
	"crypto/sha256"
	"encoding/binary"
)

// HashParts returns the Hash of several texts. Texts that are cut at other places have another one.
func HashParts(parts ...[]byte) (h Hash) {
	sum := sha256.New()
	for _, p := range parts {
		sum.Write(binary.AppendUvarint(nil, uint64(len(p))))
		sum.Write(p)
	}
	return Hash(sum.Sum(nil))
}

// WithBody returns j with what joins it to equal requests complete: the front knows all of a request but the hash of its body, because
// a large body is read from a file, which may wait for the disk. The runner calls it, once, before the job is created.
//
// With an Idempotency-Key two requests are the same by that key, and must agree in all else. Without one they are the same if they
// agree in everything.
func (j Job) WithBody(body Hash) Job {
	d := &j.Dedupe
	switch {
	case d.Key.IsZero():
	case j.Request.Keyed:
		d.Body = HashParts(d.Body[:], body[:])
	default:
		d.Key, d.Body = HashParts(d.Key[:], body[:]), body
	}
	return j
}
