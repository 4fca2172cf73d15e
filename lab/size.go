package lab

import (
	"errors"
	"strconv"
	"strings"
)

// size is a number of bytes, written 4096, 64KiB or 100MiB.
type size int64

var sizeUnits = []struct {
	name  string
	bytes size
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
}

func parseSize(text string) (size, error) {
	number, unit := text, size(1)
	for _, u := range sizeUnits {
		if n, ok := strings.CutSuffix(text, u.name); ok {
			number, unit = n, u.bytes
		}
	}
	n, err := strconv.ParseUint(number, 10, 40) // 40 bits, so that the product with a unit does not overflow
	if err != nil || n > 1<<40/uint64(unit) {
		return 0, errors.New("write a size such as 4096, 64KiB or 1MiB; 1024GiB at most")
	}
	return size(n) * unit, nil
}

func (s size) String() string {
	switch {
	case s >= 1<<20 && s%(1<<20) == 0:
		return strconv.FormatInt(int64(s>>20), 10) + "MiB"
	case s >= 1<<10 && s%(1<<10) == 0:
		return strconv.FormatInt(int64(s>>10), 10) + "KiB"
	}
	return strconv.FormatInt(int64(s), 10)
}
