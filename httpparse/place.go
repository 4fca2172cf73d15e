package httpparse

import "math"

// A field is judged when its line has ended, and most have no flaw. So the place of a flaw within its line is looked for only once
// the flaw is known: to remember it on the way would cost every request.

// placeIn returns the byte of field at which its flaw f begins.
func (r *Request) placeIn(buf []byte, field *Field, f *flaw) int {
	start, end := int(field.Value.Start), int(field.Value.End)
	switch f {
	case hostEmpty, hostMalformed, portMalformed:
		_, at := authority(buf, start, end)
		return at
	}
	return placeInValue(buf, field, f)
}

// placeIn returns the byte of field at which its flaw f begins.
func (r *Response) placeIn(buf []byte, field *Field, f *flaw) int {
	if f != lengthsDiffer && f != lengthNotNumber && f != lengthTooLarge {
		return placeInValue(buf, field, f)
	}
	p := r.private // the elements of the list up to the one with the flaw are good, and equal
	for at, end := int(field.Value.Start), int(field.Value.End); ; at++ {
		at = skipSpace(buf[:end], at)
		value, _, more := element(buf[at:end])
		n, wrong := contentLength(value)
		switch {
		case wrong != nil:
			return notNumberAt(buf, at, at+len(value))
		case n != r.ContentLength || uint32(len(value)) != p.digits || !more:
			return at
		}
		for buf[at] != ',' {
			at++
		}
	}
}

// placeInValue returns the byte of field at which its flaw f begins: in its value, or at its name if there must be no such field.
func placeInValue(buf []byte, field *Field, f *flaw) int {
	start, end := int(field.Value.Start), int(field.Value.End)
	switch f {
	case lengthNotNumber, lengthTooLarge, forwardsInvalid:
		return notNumberAt(buf, start, end)
	case codingMalformed:
		_, at := transferEncoding(buf[start:end])
		return start + at
	case codingUnknown, expectUnknown:
		return start
	}
	return int(field.Name.Start)
}

// notNumberAt returns the first byte of buf[start:end] that is no digit, else the digit with which the number is larger than 2^63-1,
// else end.
func notNumberAt(buf []byte, start, end int) int {
	tooLarge, n := end, int64(0)
	for i := start; i < end; i++ {
		d := int64(buf[i] - '0')
		if d > 9 {
			return i
		}
		if tooLarge == end && n > (math.MaxInt64-d)/10 {
			tooLarge = i
		}
		n = n*10 + d
	}
	return tooLarge
}

// emptyLineBefore returns where the empty line begins that ends at end.
func emptyLineBefore(buf []byte, end int) int {
	if end >= 2 && buf[end-2] == '\r' {
		return end - 2
	}
	return end - 1
}
