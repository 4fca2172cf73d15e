package trace

// Watcher is told of what passes, as it passes.
type Watcher interface {
	// Passes is called on the goroutine that moves the exchange, which must not wait: it takes p, and returns. In a race several
	// goroutines call it at once.
	Passes(p Passing)
}

// Passing is one thing of an exchange that passes. Its bytes are the receiver's, and masked.
type Passing struct {
	ID string
}
