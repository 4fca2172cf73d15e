package lab

import "io"

// mute is a server that hangs.
type mute struct{}

func newMute(*options) fault { return mute{} }

func (mute) does() string  { return "accepts, and never answers" }
func (mute) backlog() int  { return roomy }
func (mute) run(b *Faulty) { b.each(mute{}.meet) }

// meet reads, only to notice when the client has left. Otherwise its connection would stay open for ever.
func (mute) meet(v *visit) { io.Copy(io.Discard, v) }
