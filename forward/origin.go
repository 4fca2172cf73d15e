package forward

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"tenfour/pool"
	"tenfour/value/address"
)

// resolvedFor is how long an answer of the resolver is used.
const resolvedFor = 5 * time.Second

// Origin is a backend as an exchange needs it: where it is, and what it has shown of itself. Safe for use by several goroutines.
type Origin struct {
	Backend *pool.Backend  // its slots; set before the first exchange
	Name    string         // HOST:PORT, as people know it
	Host    string         // what Host says when the client named none: without a port that its scheme implies
	Header  string         // "X-Backend: HOST:PORT\r\n"
	TLS     *tls.Config    // nil for http://
	fixed   netip.AddrPort // when Name is an address; else it is looked up
	where   address.Backend

	uploads   uploads     // that their clients hold up
	http10    atomic.Bool // its last response was of HTTP/1.0
	reuses    atomic.Bool // it has served a second request on a connection, and none that was kept has died since
	staysOpen atomic.Bool // it was asked to end a connection, and did not

	resetAt atomic.Int64 // when it last reset a new connection that had a request, in the lot's time; 0 is never

	mu       sync.Mutex // guards what the resolver said
	resolved []netip.AddrPort
	until    time.Time
}

// Route is a queue to some origins. Nothing changes its exported fields afterwards.
type Route struct {
	Name     string
	Queue    *pool.Queue
	Origins  []*Origin // of the queue's backends
	Entries  []Entry   // to each of its backends alone, for races
	Settings *Settings

	turn   atomic.Uint32 // whose turn it is to be asked first
	budget budget
	recent recent
}

// Entry is a queue to one backend of a route.
type Entry struct {
	Name  string // HOST:PORT
	Queue *pool.Queue
}

// NewOrigin makes an origin of an address, and the TLS configuration for https://, which needs the host's name only.
func NewOrigin(at address.Backend, config *tls.Config) *Origin {
	name := at.HostPort()
	o := &Origin{Name: name, Host: at.Authority(), Header: "X-Backend: " + name + "\r\n", TLS: config, where: at}
	if ip, err := netip.ParseAddr(at.Host); err == nil {
		o.fixed = netip.AddrPortFrom(ip, at.Port)
	}
	return o
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

// at returns the try-th address of o, and false when there are not so many.
func (o *Origin) at(try int, most time.Duration) (netip.AddrPort, bool, error) {
	if o.fixed.IsValid() {
		return o.fixed, try == 0, nil
	}
	o.mu.Lock()
	list, fresh := o.resolved, time.Now().Before(o.until)
	o.mu.Unlock()
	if !fresh && try == 0 {
		var err error
		if list, err = o.resolve(most); err != nil {
			return netip.AddrPort{}, false, err
		}
	}
	if try >= len(list) {
		return netip.AddrPort{}, false, nil
	}
	return list[try], true, nil
}

// resolve asks the resolver. It blocks its worker: looking up the backend's name is the exchange's work.
func (o *Origin) resolve(most time.Duration) ([]netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", o.where.Host)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", o.where.Host, err)
	}
	var list []netip.AddrPort
	for _, ip := range ips {
		list = append(list, netip.AddrPortFrom(ip.Unmap(), o.where.Port))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.resolved, o.until = list, time.Now().Add(resolvedFor)
	return list, nil
}
