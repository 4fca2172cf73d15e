package lab

// nobody is a port where no server listens: its fault is called refuse.
type nobody struct{}

func newRefuse(*options) fault { return nobody{} }

func (nobody) does() string  { return "does not listen: its port is held, and clients are refused" }
func (nobody) backlog() int  { return shut }
func (nobody) run(b *Faulty) {}
