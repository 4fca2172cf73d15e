package jobs

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
)

// ID is the handle of a job: 128 random bits. It is the only right that is needed to read a result, so it cannot be guessed, and
// nothing that has the length of a comparison depends on it: see Key and Equal.
type ID [16]byte

// NewID draws an ID.
func NewID() (id ID) {
	rand.Read(id[:]) // it never fails: the program ends if the system has no random bytes
	return id
}

// ParseID reads what String returns: 32 hexadecimal digits.
func ParseID(text string) (id ID, err error) {
	if len(text) != hex.EncodedLen(len(id)) {
		return ID{}, errNoID
	}
	if _, err := hex.Decode(id[:], []byte(text)); err != nil {
		return ID{}, errNoID
	}
	return id, nil
}

var errNoID = errors.New("not the id of a job: 32 hexadecimal digits")

// String returns the ID as text for a path: 32 hexadecimal digits, lower case.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ShortDigits is how many digits Short returns.
const ShortDigits = 8

// Short is how a log names a job: by its first digits, because the whole ID is the right to read its result.
func (id ID) Short() string { return id.String()[:ShortDigits] }

// MarshalText writes what String returns.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what ParseID reads.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// Equal compares in constant time.
func (id ID) Equal(other ID) bool { return subtle.ConstantTimeCompare(id[:], other[:]) == 1 }

// Key is what a store files the job under: the first half of the ID's SHA-256. A search compares keys byte by byte, and
// the time that it takes tells something about the keys that are there. From a key nothing about an ID can be learned.
func (id ID) Key() (key [16]byte) {
	sum := sha256.Sum256(id[:])
	return [16]byte(sum[:])
}

// Hash is the SHA-256 of a secret or of a body; the zero Hash is none.
type Hash [32]byte

// HashOf returns the Hash of text.
func HashOf(text []byte) Hash { return sha256.Sum256(text) }

// Is compares the hash of text with h in constant time.
func (h Hash) Is(text []byte) bool {
	other := HashOf(text)
	return subtle.ConstantTimeCompare(h[:], other[:]) == 1
}

// IsZero reports whether h is none.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText writes hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return errors.New("not a hash: 64 hexadecimal digits")
	}
	_, err := hex.Decode(h[:], text)
	return err
}
