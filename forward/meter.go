package forward

import (
	"math"
	"time"
)

// Meter measures how fast a client moves a body during the time in which the client itself holds it up: while tenfour has
// room for its next byte, or has bytes that it does not take. Its user says when such a time begins and ends, and how many
// bytes have moved. The zero value is ready. It is for one goroutine at a time; it reads no clock and allocates nothing.
type Meter struct {
	since int64              // when the client began to hold the body up, in the lot's time; 0 while it does not
	held  int64              // for how long it has done so in the present part, in nanoseconds
	mark  int64              // bytes that had moved when the present part began
	bytes [meterParts]uint32 // of the last parts that are complete
	parts int                // that are complete
}

// MeterWindow is over what time a rate is averaged. It is also the grace that a client has: before so much time has been
// measured, there is nothing to compare.
const MeterWindow = 10 * time.Second

// A window ends with each part, so a client that becomes too slow is found within one part.
const (
	meterParts = 5
	meterPart  = int64(MeterWindow / meterParts)
)

// NewMeter is a meter of a client that has moved some bytes already, which do not count.
func NewMeter(moved int64) Meter { return Meter{mark: moved} }

// Begin says that the client holds its body up from now on.
func (m *Meter) Begin(now int64) {
	if m.since == 0 {
		m.since = now
	}
}

// End says that the client does not hold its body up any more. A time longer than what is left of the part counts as that
// much: Due has passed by then, and its user is late.
func (m *Meter) End(now int64) {
	if m.since != 0 {
		m.held = min(meterPart, m.held+now-m.since)
		m.since = 0
	}
}

// Due is when the present part is over if the client holds its body up until then; the end of time if it does not.
func (m *Meter) Due() int64 {
	if m.since == 0 {
		return math.MaxInt64
	}
	return m.since + meterPart - m.held
}

// Over reports whether the present part is over, and Slow is to be asked.
func (m *Meter) Over() bool { return m.held >= meterPart }

// Held is for how long the client has held its body up, in nanoseconds, but for a wait under way.
func (m *Meter) Held() int64 { return int64(m.parts)*meterPart + m.held }

// Since is how many bytes have moved since the present part began, if it was moved bytes in all.
func (m *Meter) Since(moved int64) int64 { return moved - m.mark }

// Slow begins the next part. moved is how many bytes have moved in all. It reports whether fewer than rate bytes a second
// moved in the window that has just ended; with a rate of 0 they never are.
func (m *Meter) Slow(moved int64, rate int) bool {
	m.bytes[m.parts%meterParts] = uint32(min(max(0, moved-m.mark), math.MaxUint32))
	m.parts++
	m.mark, m.held = moved, 0
	if m.parts < meterParts || rate == 0 {
		return false
	}
	var sum int64
	for _, n := range m.bytes {
		sum += int64(n)
	}
	return sum < int64(rate)*int64(MeterWindow/time.Second)
}
