package front

// outcome is how a step of a client's connection ended.
type outcome uint8

const (
	waits outcome = iota // the connection is parked, or was handed over: its caller does not own it any more
	goOn                 // its caller still owns it, and can take the next step
	over                 // it has ended
)
