package sock

// recordHeader is how long the header of a TLS record is. Its last two bytes are the length of what follows (RFC 8446 §5.1).
const recordHeader = 5

// records finds the ends of TLS records in the bytes as they come. The zero value is ready for the first byte of a connection.
type records struct {
	header int // bytes of the header that have come
	left   int // what its length has come to, and then how much of that is still to come
}

// pass takes the next bytes, and returns how many records end in them.
func (r *records) pass(p []byte) (ends int) {
	for len(p) > 0 {
		n := 1
		switch {
		case r.header < recordHeader-2:
			r.left = 0
			r.header++
		case r.header < recordHeader:
			r.left = r.left<<8 | int(p[0])
			r.header++
		default:
			n = min(len(p), r.left)
			r.left -= n
		}
		p = p[n:]
		if r.header == recordHeader && r.left == 0 {
			r.header = 0
			ends++
		}
	}
	return ends
}
