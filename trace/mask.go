package trace

import "tenfour/value/secret"

// mask is a copy of a head without credentials: see secret.InHead. at is a byte of head, and mask returns where that is in the copy; -1 for
// none. also are names of fields, in lower case, that have a credential whatever they look like.
func mask(head []byte, at int, also []string) (masked Raw, moved int) {
	parts := secret.InHead(head, also)
	moved = at
	for _, p := range parts {
		switch {
		case at >= p[1]:
			moved += len(secret.Shown) - (p[1] - p[0])
		case at > p[0]:
			moved -= at - p[0]
		}
	}
	if masked = secret.Without(head, parts); len(parts) == 0 {
		masked = append(Raw{}, head...)
	}
	return masked, moved
}
