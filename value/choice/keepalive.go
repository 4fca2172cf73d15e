package choice

// KeepAlive says after which requests a connection to a backend may carry another request. The zero value is KeepAuto.
type KeepAlive uint8

const (
	KeepAuto     KeepAlive = iota // after a request if the backend knows for certain where it ends
	KeepBodyless                  // as KeepAuto, but not after a request with content
	KeepOff                       // after no request
)

func (KeepAlive) words() []string { return []string{"auto", "bodyless", "off"} }

// String returns the word for k.
func (k KeepAlive) String() string { return k.words()[k] }
