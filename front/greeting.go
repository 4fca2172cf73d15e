package front

import (
	"errors"
	"math"
	"time"

	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/sock"
)

// greet waits until a new connection begins TLS. Until its first byte no goroutine is needed.
func (c *client) greet() outcome {
	if c.front.site.Load().TLS == nil { // a reload has taken the certificate away since it connected
		return c.close()
	}
	if c.waiter.Deadline() != 0 && c.conn.MayRead() {
		go c.shakeHands() // ends with the handshake, within the head timeout
		return waits
	}
	if c.front.draining.Load() {
		return c.close()
	}
	c.conn.Await()
	if c.waiter.Deadline() == 0 {
		c.waiter.SetDeadline(c.front.Lot.Now() + int64(c.front.site.Load().HeadTimeout))
	}
	return c.park(false)
}

// shakeLeast is the time that a handshake has at least, if its first byte came when its deadline was near.
const shakeLeast = int64(time.Second)

var errNoCertificate = errors.New("a reload has taken the certificate away")

// shakeHands does the TLS handshake of a new connection, on a goroutine of its own.
func (c *client) shakeHands() {
	c.phase, c.recheck = reading, false
	var asleep lot.Waiter
	asleep.InitSleeper(c.front.Lot)
	c.shaking.Store(&asleep)
	until := max(c.waiter.Deadline(), c.front.Lot.Now()+shakeLeast)
	unwelcome := func() (bool, int64) { return c.front.stop.Load() || c.unwanted.Load(), math.MaxInt64 }
	err := errNoCertificate
	if certificate := c.front.site.Load().TLS; certificate != nil {
		err = c.conn.StartTLS(certificate, true, &asleep, until, unwelcome)
	}
	c.shaking.Store(nil)
	asleep.Leave()
	c.conn.HandTo(&c.waiter)
	c.front.Metrics.Handshake(err == nil)
	if err != nil {
		if first, ok := sock.SpokePlain(err); ok {
			c.refusePlain(first)
			return
		}
		c.front.Log.Debug().Err(err).Stringer("client", c.conn.Remote).Msg("no TLS with a client")
		c.close()
		return
	}
	c.serve()
}

// rulePlain is the rule that HTTP without TLS breaks: a record of TLS begins with its type.
const rulePlain = "RFC 8446 §5.1: this port speaks HTTPS, and the request came without TLS: write https:// in front of its address"

// refusePlain answers a client that speaks HTTP without TLS. first are its first bytes.
func (c *client) refusePlain(first []byte) {
	c.in = *sock.InputOf(first)
	c.startHead()
	c.refuse(forward.RefuseHead(httpparse.RefuseAt(first, 400, rulePlain, 0), first, nil))
	c.serve()
}
