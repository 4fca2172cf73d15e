package forward

// Observer is told of the attempts of an exchange: each sending of its request to a backend, with its begin and its end. What goes
// out again on another connection to the same backend, because one that was kept had ended, is the same attempt. The methods are called on
// the goroutine of the attempt, with nothing locked, and must not block; in a race several at once. All calls for an exchange
// that is not raced come before Finished. An attempt that has lost a race may end after it.
type Observer interface {
	// Begins says that a worker has an attempt at a backend, HOST:PORT. Nothing of the request was sent yet.
	Begins(backend string)
	// Ends says how that attempt went: at r.Backend, how far it came (r.Progress), with which response (r.Status) or r.Failure.
	// r is the attempt's, and must not be kept.
	Ends(r *Result)
}

// tellBegin tells all that follow the attempts of the exchange that this one begins at a backend: what counts them, the observer, the trace.
func (a *Attempt) tellBegin() {
	a.countBegin()
	if a.observer != nil {
		a.observed = true
		a.observer.Begins(a.origin.Name)
	}
	if x := a.req.Trace; x != nil {
		a.trace = x.Attempt(a.origin.Name, a.clock.now)
	}
}

// tellEnd tells those that know of its begin how the attempt went, once.
func (a *Attempt) tellEnd() {
	a.countEnd()
	if a.observed {
		a.observed = false
		a.observer.Ends(&a.result)
	}
	a.traceEnd()
}
