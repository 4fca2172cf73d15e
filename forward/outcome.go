package forward

// outcome is how a step ended. Of two steps that are taken together it is the larger.
type outcome uint8

const (
	waits outcome = iota // nothing can be done until something happens on a connection, or until its deadline
	goOn                 // it could go on, and stopped so that others have their turn
	over                 // the attempt has ended
)
