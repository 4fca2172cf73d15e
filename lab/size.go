package lab

import "tenfour/value/amount"

// size is a number of bytes, written 4096, 64KiB or 100MiB.
type size int64

func parseSize(text string) (size, error) {
	n, err := amount.ParseSize(text)
	return size(n), err
}

func (s size) String() string { return amount.FormatSize(int(s)) }
