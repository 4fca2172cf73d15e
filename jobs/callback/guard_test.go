package callback

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tenfour/jobs"
	"tenfour/tests/await"
	"tenfour/tests/nameserver"
	"tenfour/value/target"
)

func TestSpecial_namesWhatIsNotOfTheInternet(t *testing.T) {
	for _, text := range []string{
		// this machine, in all forms
		"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::127.0.0.1", "::ffff:0:127.0.0.1",
		"64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:7f00:1::1", "2001:0:7f00:1::", "fe80::5efe:127.0.0.1",
		// private, of a provider, link-local
		"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "100.64.0.1", "100.127.255.255",
		"169.254.0.1", "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::", "::ffff:10.0.0.1", "::10.0.0.1",
		"fc00::1", "fd00:ec2::254", "fdff:ffff::1", "fe80::1", "fe80::1%lo", "febf::1", "fec0::1", "64:ff9b::10.0.0.1",
		// not of one machine, or of none
		"224.0.0.1", "239.255.255.255", "255.255.255.255", "240.0.0.1", "ff02::1", "ff0e::1", "192.0.0.1", "192.0.0.170", "192.0.2.1", "198.51.100.1", "203.0.113.1",
		"198.18.0.1", "198.19.255.255", "192.88.99.1", "2001:db8::1", "3fff::1", "2001:10::1", "2001:2::1", "100::1", "4000::1", "1::1", "5f00::1",
	} {
		if got := special(netip.MustParseAddr(text)); got == "" {
			t.Errorf("%s may be called", text)
		}
	}
	for _, text := range []string{
		"1.1.1.1", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.1", "172.15.255.255",
		"172.32.0.1", "192.0.1.1", "192.167.255.255", "192.169.0.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1",
		"2600::1", "2a00:1450::1", "2001:200::1", "2003::1", "2606:4700::1111",
	} {
		if got := special(netip.MustParseAddr(text)); got != "" {
			t.Errorf("%s is refused: %s", text, got)
		}
	}
}

func TestGuard_checksEachAddressWhenItConnects(t *testing.T) {
	tests := []struct {
		url, address string
		ok           bool
	}{
		{"https://h/", "1.1.1.1:443", true},
		{"https://h/", "[2606:4700::1111]:443", true},
		{"https://h/", "1.1.1.1:80", false},
		{"https://h/", "127.0.0.1:443", false},
		{"https://h/", "[::1]:443", false},
		{"https://h/", "[::ffff:127.0.0.1]:443", false},
		{"https://h/", "[fe80::1%lo]:443", false},
		{"https://h/", "h:443", false},
		{"https://h/", "/run/x", false},
		{"http://127.0.0.1:9/", "127.0.0.1:9", true},
		{"http://127.0.0.1:9/", "127.0.0.2:9", false},
		{"http://127.0.0.1:9/", "127.0.0.1:10", false},
		{"http://127.0.0.1:9/", "[::1]:9", false},
		{"http://127.0.0.1:9/", "1.1.1.1:9", false},
		{"http://[fe80::1]:9/", "[fe80::1]:9", true},
		{"http://[fe80::1]:9/", "[fe80::1%lo]:9", false},
	}
	for _, tc := range tests {
		to, err := target.Parse(tc.url)
		if err != nil {
			t.Fatal(err)
		}
		if err := (guard{to: to}).check("tcp", tc.address, nil); (err == nil) != tc.ok {
			t.Errorf("for %s it connects to %s: %v", tc.url, tc.address, err)
		}
	}
}

// TestCallback_toANameOfThisMachine: an allowed name leads to a private address, also among others, or from one look-up to the next. A
// receiver is there, and hears nothing. Its client does not learn the address.
func TestCallback_toANameOfThisMachine(t *testing.T) {
	t.Parallel()
	url, conns := raw(t, hang)
	_, port, _ := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/"))
	dns := nameserver.Start(t)
	name := "http://hooks.test:" + port + "/"
	g := newRig(t, name, "http://127.0.0.1:"+port+"/") // that the address is allowed does not make the name so
	g.c.Server = func() string { return dns.Addr }
	g.start(t)
	j := g.cancelled(t, name)
	for n, addrs := range [][]string{{"127.0.0.1"}, {"127.0.0.1", "127.0.0.2"}, {"::1", "127.0.0.1"}, {"::ffff:127.0.0.1"}, {"0.0.0.0"}} {
		dns.Set("hooks.test", addrs...)
		asked, attempts := dns.Asked(), g.callback(t, j.ID).Attempts
		if n == 0 {
			g.Due(j)
		}
		await.Until(t, "it was looked up and refused", func() bool { return dns.Asked() > asked && g.callback(t, j.ID).Attempts > attempts+1 })
		b := g.callback(t, j.ID)
		if !strings.Contains(b.Failure, "callback_allow must have as an address") || strings.Contains(b.Failure, "127.0.0") || b.State != jobs.CallbackDue {
			t.Errorf("with %v: %+v", addrs, b)
		}
		g.stopNow() // anew, so that the pauses are short
		j = g.cancelled(t, name)
		g.start(t)
	}
	if n := conns(); n != 0 {
		t.Errorf("%d connections came", n)
	}
}

func TestCallback_toANameThatIsUnknown(t *testing.T) {
	t.Parallel()
	dns := nameserver.Start(t)
	g := newRig(t, "http://hooks.test/")
	g.c.Server = func() string { return dns.Addr }
	g.c.bounds = theBounds
	g.c.bounds.Connect = 200 * time.Millisecond
	g.c.random = func() float64 { return 1 }
	unknown := g.cancelled(t, "http://hooks.test/")
	g.start(t)
	await.Until(t, "an attempt has ended", func() bool { return g.callback(t, unknown.ID).Attempts == 1 })
	if b := g.callback(t, unknown.ID); b.Failure != "its name has no address" {
		t.Errorf("got %+v", b)
	}
	dns.Mute(true)
	mute := g.cancelled(t, "http://hooks.test/")
	g.Due(mute)
	await.Until(t, "an attempt has ended", func() bool { return g.callback(t, mute.ID).Attempts == 1 })
	if b := g.callback(t, mute.ID); b.Failure == "" || strings.Contains(b.Failure, dns.Addr) {
		t.Errorf("got %+v", b)
	}
}
