package choice

// By says what has a count of its own under a limit. The zero value is ByRoute.
type By uint8

const (
	ByRoute  By = iota // all requests on the routes that name the limit, together
	ByClient           // each client's address; of IPv6 each network of 64 bits, because a client can use all its addresses
	ByToken            // each name in the clients' tokens
	ByHeader           // each value of a field; requests without the field share one count
)

// The field's name stands beside a ByHeader: in a configuration it is a part of the word.
func (By) words() []string { return []string{"route", "client", "token", "header:NAME"} }

// String returns the word for b.
func (b By) String() string { return b.words()[b] }
