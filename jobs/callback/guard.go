package callback

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"

	"tenfour/names"
	"tenfour/value/target"
)

// guard connects to one target. It looks at each address in the moment of connecting to it, after all look-ups: a name that had another
// address a moment ago gains nothing by that.
type guard struct {
	to      target.URL // callback_allow permits it
	server  string     // HOST:PORT of a DNS server; "" for the resolver of the system
	connect time.Duration
}

// errAddress is an address that may not be called. It does not say the address: a job's record shows it to the job's client.
type errAddress string

func (e errAddress) Error() string { return string(e) }

func (g guard) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	d := net.Dialer{Timeout: g.connect, Resolver: names.Resolver(g.server), Control: g.check}
	return d.DialContext(ctx, network, g.to.HostPort())
}

// check is called with each address that is about to be connected to.
func (g guard) check(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	switch {
	case err != nil || at.Port() != g.to.Port:
		return errAddress("it was about to connect to something else than was asked for")
	case g.to.Addr.IsValid():
		if at.Addr() != g.to.Addr {
			return errAddress("it was about to connect to another address than was asked for")
		}
		return nil // an entry has this very address
	}
	if kind := special(at.Addr()); kind != "" {
		return errAddress("its name has " + kind + ", which callback_allow must have as an address")
	}
	return nil
}

// nat64 has the addresses of IPv4 that a network translates to (RFC 6052 §2.1): their last four bytes.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// global is where the addresses of IPv6 are that the whole Internet reaches (RFC 4291 §2.4).
var global = netip.MustParsePrefix("2000::/3")

// special says what kind of address a is that no name may lead to, with its article; "" for one of the whole Internet. The list is IANA's, of
// addresses with a special purpose (RFC 6890). IPv6 is the other way round: what is not known as global is refused, with all forms
// that have an address of IPv4 in them.
func special(a netip.Addr) string {
	if nat64.Contains(a) {
		bytes := a.As16()
		a = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	if a.Is4In6() {
		a = a.Unmap()
	}
	for _, s := range specials {
		if s.prefix.Contains(a) {
			return s.kind
		}
	}
	if a.Is6() && !global.Contains(a.WithZone("")) {
		return "an address that is not of the Internet"
	}
	return ""
}

// specials are the addresses that no name may lead to.
var specials = []struct {
	prefix netip.Prefix
	kind   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "an address of this machine"},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address"},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address"},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address"},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address"},
	{netip.MustParsePrefix("100.64.0.0/10"), "a private address of a provider"}, // RFC 6598
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address"},           // where clouds give credentials away
	{netip.MustParsePrefix("192.0.0.0/24"), "an address for protocols"},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("198.51.100.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for measurements"},
	{netip.MustParsePrefix("192.88.99.0/24"), "an address of 6to4"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address"}, // and the broadcast address
	{netip.MustParsePrefix("::/128"), "an address of this machine"},
	{netip.MustParsePrefix("::1/128"), "a loopback address"},
	{netip.MustParsePrefix("fc00::/7"), "a private address"},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address"},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address"},
	{netip.MustParsePrefix("2001::/23"), "an address for protocols"}, // Teredo among them, which has one of IPv4 in it
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation"},
	{netip.MustParsePrefix("3fff::/20"), "an address for documentation"},
	{netip.MustParsePrefix("2002::/16"), "an address of 6to4"}, // it has one of IPv4 in it (RFC 7526: historic)
}
