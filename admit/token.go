package admit

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"sync/atomic"

	"tenfour/httpparse"
	"tenfour/value/field"
	"tenfour/value/secret"
)

// Tokens are the tokens by which clients may pass. They are safe for use by several goroutines. Make them with NewTokens.
//
// Their file has one line for each token: NAME TOKEN, or NAME sha256:HEX with the token's SHA-256. Empty lines and lines that
// begin with # are ignored. A name may have several tokens, so that a token can be replaced without a gap.
type Tokens struct {
	from string
	seed maphash.Seed
	all  atomic.Pointer[map[uint64][]token] // by a seeded hash of the digest, which a client cannot predict
}

type token struct {
	digest [sha256.Size]byte
	name   string
}

// NewTokens reads the tokens in a file, or in the environment variable of "env:NAME".
func NewTokens(from string) (*Tokens, error) {
	t := &Tokens{from: from, seed: maphash.MakeSeed()}
	return t, t.Reload()
}

// Files returns the file that the tokens come from; none for env:NAME.
func (t *Tokens) Files() []string { return fileOf(t.from) }

const (
	tokensMost = 100_000 // tokens in a file; each takes about 200 bytes of memory
	wrongMost  = 20      // wrong lines that are reported
)

// Reload reads the tokens again. If that fails, the old ones stay. The error names wrong lines by their number, wrongMost of them
// at most, and contains none of their text.
func (t *Tokens) Reload() error {
	text, err := secret.Read(t.from)
	if err != nil {
		return fmt.Errorf("%s: %w", t.from, err)
	}
	all, err := t.parse(text)
	if err == nil {
		t.all.Store(&all)
	}
	return err
}

// parse reads the tokens of a text, a line for each.
func (t *Tokens) parse(text string) (map[uint64][]token, error) {
	all := map[uint64][]token{}
	lines := map[[sha256.Size]byte]int{}
	var errs []error
	at := 0 // the line
	for line := range strings.SplitSeq(text, "\n") {
		at++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		one, err := parseToken(line)
		switch first := lines[one.digest]; {
		case len(lines) == tokensMost:
			return nil, fmt.Errorf("%s:%d: it has more than %d tokens", t.from, at, tokensMost)
		case err != nil:
			errs = append(errs, fmt.Errorf("%s:%d: %w", t.from, at, err))
		case first > 0:
			errs = append(errs, fmt.Errorf("%s:%d: it has the token of line %d", t.from, at, first))
		default:
			lines[one.digest] = at
			place := maphash.Bytes(t.seed, one.digest[:])
			all[place] = append(all[place], one)
		}
		if len(errs) == wrongMost {
			errs = append(errs, fmt.Errorf("%s: there may be more that is wrong", t.from))
			break
		}
	}
	if len(all) == 0 && errs == nil {
		errs = append(errs, fmt.Errorf("%s has no token: write NAME TOKEN, a line for each client", t.from))
	}
	return all, errors.Join(errs...)
}

func parseToken(line string) (one token, err error) {
	words := strings.Fields(line)
	if len(words) != 2 {
		return one, fmt.Errorf("it has %d words: write NAME TOKEN, or NAME sha256:HEX", len(words))
	}
	one.name = words[0]
	if field.CheckValue(words[0]) != nil || field.CheckValue(words[1]) != nil {
		return one, errors.New("it has control characters")
	}
	digest, hashed := strings.CutPrefix(words[1], "sha256:")
	if !hashed {
		one.digest = sha256.Sum256([]byte(words[1]))
		return one, nil
	}
	if n, err := hex.Decode(one.digest[:], []byte(digest[:min(len(digest), 2*sha256.Size)])); err != nil || n != sha256.Size || len(digest) != 2*sha256.Size {
		return one, fmt.Errorf("sha256: needs %d hexadecimal digits", 2*sha256.Size)
	}
	return one, nil
}

// Name returns the name of a token that a client has shown, and whether the token is valid. It looks up a digest of the token,
// in a place that a client cannot predict, and compares digests in constant time. So its duration reveals nothing about the
// tokens.
func (t *Tokens) Name(shown []byte) (name string, ok bool) {
	digest := sha256.Sum256(shown)
	for _, one := range (*t.all.Load())[maphash.Bytes(t.seed, digest[:])] {
		if subtle.ConstantTimeCompare(one.digest[:], digest[:]) == 1 {
			name, ok = one.name, true
		}
	}
	return name, ok
}

// authorizations is the number of a request's Authorization lines.
func authorizations(req *httpparse.Request) (n int) {
	for i := range req.Fields {
		if req.Fields[i].ID == httpparse.FieldAuthorization {
			n++
		}
	}
	return n
}

// shownToken returns the bearer token in a request's only Authorization (RFC 6750 §2.1), or why there is none.
func shownToken(req *httpparse.Request, buf []byte) (shown []byte, why error) {
	for i := range req.Fields {
		f := &req.Fields[i]
		if f.ID != httpparse.FieldAuthorization {
			continue
		}
		scheme, rest, _ := bytes.Cut(f.Value.In(buf), []byte(" "))
		if shown = bytes.TrimLeft(rest, " "); !bytes.EqualFold(scheme, []byte("Bearer")) || len(shown) == 0 {
			return nil, errScheme
		}
		return shown, nil
	}
	return nil, errNoToken
}

// Bearer returns the token that a request shows; nil if it shows none, or several.
func Bearer(req *httpparse.Request, buf []byte) []byte {
	if authorizations(req) > 1 {
		return nil
	}
	shown, _ := shownToken(req, buf)
	return shown
}

var (
	errNoToken = errors.New("this needs a token: Authorization: Bearer TOKEN")
	errScheme  = errors.New("the Authorization is not of the form Bearer TOKEN")
	errUnknown = errors.New("the token is not known here")
)
