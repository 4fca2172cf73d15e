package lab

// refusing is a port where no server listens.
type refusing struct{}

func newRefuse(*options) fault { return refusing{} }

func (refusing) does() string  { return "does not listen: its port is held, and clients are refused" }
func (refusing) backlog() int  { return shut }
func (refusing) run(b *Faulty) {}
