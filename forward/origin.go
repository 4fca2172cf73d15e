package forward

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"tenfour/httpparse"
	"tenfour/metrics"
	"tenfour/names"
	"tenfour/pool"
	"tenfour/trace"
	"tenfour/value/address"
)

// Origin is a backend as an exchange needs it: where it is, and what it has shown of itself. Safe for use by several goroutines.
type Origin struct {
	Backend *pool.Backend // its slots; set before the first exchange
	Name    string        // HOST:PORT, as people know it
	Host    string        // what Host says when the client named none: without a port that its scheme implies
	Header  string        // "X-Backend: HOST:PORT\r\n"
	TLS     *tls.Config   // nil for http://
	Addrs   *names.Name   // where it is, at port
	port    uint16

	Metrics *metrics.Backend // counts its attempts; nil for none; set before the first exchange

	uploads   uploads     // that their clients hold up
	http10    atomic.Bool // its last response was of HTTP/1.0
	reuses    atomic.Bool // it has served a second request on a connection, and none that was kept has died since
	staysOpen atomic.Bool // it was asked to end a connection, and did not

	resetAt atomic.Int64 // when it last reset a new connection that had a request, in the lot's time; 0 is never
}

// Route is a queue to some origins. Nothing changes its exported fields afterwards.
type Route struct {
	Name     string         // its path, and its host if it has one, as people know it
	Queue    *pool.Queue    // of the exchanges that wait for any of its backends
	Origins  []*Origin      // of the queue's backends
	Entries  []Entry        // to each of its backends alone, for races
	Settings *Settings      // how patient its exchanges are
	Metrics  *metrics.Route // counts its exchanges; nil for none
	Lane     trace.Lane     // in which its exchanges take turns to be recorded

	turn   atomic.Uint32 // whose turn it is to be asked first
	budget budget
	recent recent
}

// Entry is a queue to one backend of a route.
type Entry struct {
	Name  string      // HOST:PORT
	Queue *pool.Queue // with this backend only
}

// NewOrigin makes an origin of a backend, the addresses of its host's name, which are nil if the host is an address itself, and the
// TLS configuration for https://, which needs the host's name only.
func NewOrigin(at address.Backend, addrs *names.Name, config *tls.Config) *Origin {
	name := at.HostPort()
	if addrs == nil {
		addrs = names.Literal(at.Host)
	}
	return &Origin{Name: name, Host: at.Authority(), Header: "X-Backend: " + name + "\r\n", TLS: config, Addrs: addrs, port: at.Port}
}

// origin returns the origin whose slots b has. A route has few: a scan costs less than a map.
func (r *Route) origin(b *pool.Backend) *Origin {
	for _, o := range r.Origins {
		if o.Backend == b {
			return o
		}
	}
	panic("forward: a slot of a backend that the route does not have")
}

// at returns the try-th address of o, and false when there are not so many. If there is none at all, the error says why. It
// does not wait: package names looks names up.
func (o *Origin) at(try int) (netip.AddrPort, bool, error) {
	addrs, err := o.Addrs.Addrs()
	if try >= len(addrs) {
		return netip.AddrPort{}, false, err
	}
	return netip.AddrPortFrom(addrs[try], o.port), true, nil
}

// learn notes what a response on a link shows of o. It writes only what is new, because many cores read it.
func (o *Origin) learn(l *link, res *httpparse.Response) {
	if l.reused && !o.reuses.Load() {
		o.reuses.Store(true)
	}
	if http10 := res.Minor == 0; o.http10.Load() != http10 {
		o.http10.Store(http10)
	}
}

// leads reports whether a connection leads to one of o's addresses still: a name may have moved since it was made.
func (o *Origin) leads(l *link) bool { return o.Addrs.Has(l.Remote.Addr()) }

// resetFor is for how long a backend that has reset a new connection counts as a server that serves one connection and ends.
const resetFor = int64(time.Minute)

// hasReset reports whether o has reset a new connection that had a request, not long ago.
func (o *Origin) hasReset(now int64) bool {
	at := o.resetAt.Load()
	return at != 0 && now-at <= resetFor
}

// noteReset notes that o has ended a new connection that had a request, if err says that it did so with a reset.
func (o *Origin) noteReset(err error, now int64) {
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		o.resetAt.Store(now)
	}
}
