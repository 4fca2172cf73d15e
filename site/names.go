package site

import (
	"net"
	"net/netip"
	"time"

	"tenfour/names"
	"tenfour/sock"
)

// nameKey has everything that distinguishes two names that are looked up.
type nameKey struct {
	host, server string
	every        time.Duration
}

// nameOf takes the addresses of a backend's host, nil if it is an address itself. A name begins to be looked up, once for all backends
// that have it.
func (s *Site) nameOf(host string) (*names.Name, error) {
	if _, err := netip.ParseAddr(host); err == nil {
		return nil, nil
	}
	key := nameKey{host, s.Config.Resolver, s.Config.ResolveEvery}
	return share(s, key, func() (*names.Name, func(), error) {
		n := names.Follow(host, names.Options{
			Server: serverAt(key.server), Every: key.every, Room: s.b.makeRoom, Told: s.b.hear,
		})
		s.names = append(s.names, n)
		return n, n.Close, nil
	})
}

// Resolver returns HOST:PORT of the DNS server that names are asked of; "" for the system's.
func (s *Site) Resolver() string {
	if s.Config.Resolver == "" {
		return ""
	}
	return serverAt(s.Config.Resolver)
}

// serverAt returns HOST:PORT of a DNS server.
func serverAt(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil {
		return netip.AddrPortFrom(ip, 53).String()
	}
	return address
}

// firstMost is how long all first look-ups together may take before tenfour goes on without their answers.
const firstMost = time.Second

// awaitNames waits for the first look-ups, so that the first request finds an address also on a route that holds no request.
func (s *Site) awaitNames() {
	until := time.Now().Add(firstMost)
	for _, n := range s.names {
		n.AwaitFirst(until)
	}
	s.names = nil
}

// makeRoom closes a descriptor that is not needed, if a look-up has failed for want of one.
func (b *Builder) makeRoom(err error) bool {
	return sock.OutOfDescriptors(err) && (sock.GivePipes() || b.workers.GiveUpKept())
}

// hear logs what has changed about a name, and closes idle connections that may lead to addresses that it has no more.
func (b *Builder) hear(news names.News) {
	line := b.log.Info()
	switch {
	case news.Err != nil:
		line = b.log.Warn().Err(news.Err)
	case len(news.Gone) > 0 && news.Kept: // large services answer with a part of their addresses, another one each time
		line = b.log.Debug()
	}
	line = line.Str("name", news.Host).Strs("addresses", texts(news.Addrs))
	switch {
	case news.Err != nil && len(news.Addrs) > 0:
		line.Msg(news.Host + " could not be looked up: its last addresses are used until it can")
	case news.Err != nil:
		line.Msg(news.Host + " could not be looked up, and has no address: is the name right, and does the DNS server answer?")
	case len(news.Gone) > 0:
		line.Msg(news.Host + " has other addresses")
	default:
		line.Msg(news.Host + " can be looked up again")
	}
	if len(news.Gone) > 0 {
		b.dropIdle(news.Host)
	}
}

// dropIdle closes the idle connections to the backends of a host.
func (b *Builder) dropIdle(host string) {
	for _, backend := range b.workers.Backends() {
		if h, _, err := net.SplitHostPort(backend.Name); err == nil && h == host {
			backend.DropIdle()
		}
	}
}

func texts(addrs []netip.Addr) (all []string) {
	for _, a := range addrs {
		all = append(all, a.String())
	}
	return all
}
