package lab

import (
	"errors"
	"math/rand/v2"
	"strconv"
)

// chance decides which requests fail. It decides by the request's number, so that a seed gives the same result however the
// clients are interleaved.
type chance struct {
	fail float64
	seed uint64
}

// bind adds the options of a fault that only some requests meet.
func (c *chance) bind(o *options, fail string) {
	o.share(&c.fail, "fail", fail, "the share of requests that fail")
	o.add("seed", "0", "a number makes it repeatable; 0 leaves it to chance", func(text string) (err error) {
		c.seed, err = strconv.ParseUint(text, 10, 64)
		if err != nil {
			return errors.New("write a whole number, 0 or more")
		}
		if c.seed == 0 {
			c.seed = rand.Uint64()
		}
		return nil
	})
}

// of returns the random numbers of one request.
func (c *chance) of(r request) *rand.Rand { return rand.New(rand.NewPCG(c.seed, uint64(r.number))) }

func (c *chance) fails(dice *rand.Rand) bool { return dice.Float64() < c.fail }
