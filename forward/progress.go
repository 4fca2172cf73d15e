package forward

// Progress is how far an attempt came with its request.
type Progress uint8

const (
	NothingSent Progress = iota // the backend has had no byte of the request
	PartlySent                  // it has had some, and may have acted on them
	WhollySent                  // it has had all of it, and no byte of a response came
	Answering                   // a byte of its response came
)

func (p Progress) String() string {
	return [...]string{"nothing sent", "partly sent", "sent", "answering"}[p]
}

// came is how far the attempt came at its backend.
func (a *Attempt) came() Progress {
	switch {
	case a.down.heard:
		return Answering
	case a.up.given == 0:
		return NothingSent
	case !a.up.done():
		return PartlySent
	}
	return WhollySent
}
