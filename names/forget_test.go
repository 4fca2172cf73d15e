package names

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestTake_forgetsANameThatDoesNotExistForLong: a resolver that does not answer takes no address away, however long that lasts.
func TestTake_forgetsANameThatDoesNotExistForLong(t *testing.T) {
	at := netip.MustParseAddr("127.0.0.1")
	missing, mute := &net.DNSError{Err: "no such host", IsNotFound: true}, errors.New("timeout")
	begun := time.Unix(1e9, 0)
	tests := map[string]struct {
		errs []error // one look-up every 15 s
		want bool    // the address is there in the end
	}{
		"it does not exist for less than 30 s":  {[]error{missing, missing}, true},
		"it does not exist for 30 s":            {[]error{missing, missing, missing}, false},
		"it was there in between":               {[]error{missing, missing, nil, missing, missing}, true},
		"the resolver did not answer between":   {[]error{missing, missing, mute, missing, missing}, true},
		"the resolver does not answer for 75 s": {[]error{mute, mute, mute, mute, mute, mute}, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			n := Known("app.test")
			n.take([]netip.Addr{at}, nil, begun)
			for i, err := range tc.errs {
				var addrs []netip.Addr
				if err == nil {
					addrs = []netip.Addr{at}
				}
				n.take(addrs, err, begun.Add(time.Duration(i+1)*15*time.Second))
			}
			if n.Has(at) != tc.want {
				t.Errorf("after %v its address is there: %t, want %t", tc.errs, n.Has(at), tc.want)
			}
		})
	}
}
