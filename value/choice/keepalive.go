package choice

// KeepAlive is after which requests a connection to a backend may carry another one. The zero value is KeepAuto.
type KeepAlive uint8

const (
	KeepAuto     KeepAlive = iota // after those whose end the backend knows for certain
	KeepBodyless                  // of those, after none that has content
	KeepOff                       // after none
)

func (KeepAlive) words() []string { return []string{"auto", "bodyless", "off"} }

// String returns the word for k.
func (k KeepAlive) String() string { return k.words()[k] }
