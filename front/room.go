package front

import "time"

// SetMostOpen sets how many connections clients may have open, so that descriptors are left for backends; 0 is any number.
func (f *Front) SetMostOpen(n int) { f.mostOpen.Store(int64(n)) }

// full reports whether more connections are open than may be. New ones then wait in the kernel's backlog.
func (f *Front) full() bool {
	most := f.mostOpen.Load()
	return most > 0 && int64(f.Open()) > most
}

// makeRoom closes a connection that waits for its client: an idle one, or one whose request's head is not complete. It is the
// one that has waited longest, of the address that has most connections. It reports whether one was closed; if not, one may
// be about to be.
func (f *Front) makeRoom() bool {
	for range 3 { // the lot may wake the one that was found at that moment
		c, owned := f.claimLongest()
		switch {
		case c == nil:
			return false
		case !owned:
			continue
		case !c.awaitsClient():
			c.Unpark()
			continue
		}
		c.giveWay()
		f.mu.Lock()
		f.notice.closed++
		f.mu.Unlock()
		f.sayNotice()
		return true
	}
	return false
}

// claimLongest finds the connection that is to make room, and reports whether its caller owns it now. If not, it is in its TLS
// handshake and about to end, or the lot woke it just now. It returns nil if no connection waits for its client.
func (f *Front) claimLongest() (c *client, owned bool) {
	f.mu.Lock()
	if c = f.crowd.longest(); c == nil {
		f.mu.Unlock()
		return nil, false
	}
	// Claimed while the front is locked, so that c is still this connection. It is one atomic swap, and calls nothing.
	if owned = c.waiter.Claim(); owned {
		f.mu.Unlock()
		return c, true
	}
	c.unwanted.Store(true)
	shaking := c.shaking.Load()
	f.mu.Unlock()
	if shaking != nil {
		shaking.Notify()
	}
	return c, false
}

// awaitsClient reports whether c waits for its client, so that it may make room for others.
func (c *client) awaitsClient() bool {
	return c.phase == greeting || c.phase == reading || c.phase == lingering
}

// giveWay ends c to make room. If its request has begun, the client gets an answer, as far as it takes one at once.
func (c *client) giveWay() {
	if c.phase == reading && c.req != nil {
		c.answer(503, "too many connections are open, and this one had waited longest for the rest of its head", retryAfter)
		c.conn.Write(c.out.B)
	}
	c.close()
}

// turnAway ends a new connection of an address that has as many as it may. The client gets an answer if its request has arrived.
func (f *Front) turnAway(c *client) {
	if !c.secure {
		if n, _ := c.conn.ReadOff(firstBuffer); n > 0 {
			c.conn.Write([]byte(refusal))
		}
	}
	c.conn.Close()
	f.clients.Put(c)
	f.sayNotice()
}

const refusal = "HTTP/1.1 503 Service Unavailable\r\nServer: tenfour\r\nContent-Type: text/plain; charset=utf-8\r\n" +
	"Content-Length: 83\r\nRetry-After: 1\r\nConnection: close\r\n\r\n" +
	"503 Service Unavailable\n\n" + surplusWords + "\n"

const surplusWords = "this address has as many connections open as one may have"

// notice counts what happens often, to be logged once in a while.
type notice struct {
	closed  int   // connections that made room for others
	refused int   // connections of an address that had as many as it may
	at      int64 // when it was logged last, in the lot's time; 0 for never
}

// noticeEvery is how often it is logged at most, in nanoseconds.
const noticeEvery = int64(10 * time.Second)

// due reports whether there is something to log now. It returns the counts then, and they begin anew.
func (n *notice) due(now int64) (said notice, due bool) {
	if n.closed+n.refused == 0 || n.at != 0 && now-n.at < noticeEvery {
		return notice{}, false
	}
	said = *n
	*n = notice{at: now}
	return said, true
}

// sayNotice logs what has happened since it last did, if that is long ago.
func (f *Front) sayNotice() {
	f.mu.Lock()
	n, due := f.notice.due(f.Lot.Now())
	f.mu.Unlock()
	if !due {
		return
	}
	if n.closed > 0 {
		f.Log.Warn().Int("closed", n.closed).Int("open", f.Open()).
			Msg("all descriptors for clients are in use: the connections that had waited longest were closed (raise ulimit -n, or set --max-per-client)")
	}
	if n.refused > 0 {
		f.Log.Warn().Int("refused", n.refused).Msg("connections of addresses that have as many as --max-per-client allows were refused")
	}
}
