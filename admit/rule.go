package admit

import (
	"net/netip"

	"tenfour/httpparse"
)

// Rule is who may pass on a route. The zero value lets everyone. Nothing changes it.
type Rule struct {
	Allow   Networks // only whom it has; nil: anyone
	Deny    Networks // not whom it has
	Trusted Networks // proxies, whose X-Forwarded-For is believed
	Tokens  *Tokens  // clients must show one of them; nil: none
	Limits  []*Limit // all of which must admit, in this order
}

// Caller is who has sent a request.
type Caller struct {
	Addr netip.Addr // the client's, as far as proxies that are trusted tell
	Name string     // whose token it has shown; "" for none
}

// Refusal is why a request may not pass, and the answer that it earns.
type Refusal struct {
	Status int
	Words  string
	Fields string // field lines for the answer
}

// challenge is what a 401 must say (RFC 9110 §11.6.1, RFC 6750 §3).
const challenge = "WWW-Authenticate: Bearer realm=\"tenfour\"\r\n"

// Check says whose request it is that came from peer, and why it may not pass; nil: it may, as far as its limits admit it.
func (r *Rule) Check(peer netip.Addr, req *httpparse.Request, buf []byte) (who Caller, _ *Refusal) {
	who.Addr = ClientAddr(peer, r.Trusted, req, buf)
	if r.Allow != nil && !r.Allow.Has(who.Addr) || r.Deny.Has(who.Addr) {
		return who, &Refusal{Status: 403, Words: "this route is not for " + who.Addr.String()}
	}
	if r.Tokens == nil {
		return who, nil
	}
	shown, why := shownToken(req, buf)
	if why == nil {
		var ok bool
		if who.Name, ok = r.Tokens.Name(shown); ok {
			return who, nil
		}
		why = errUnknown
	}
	fields := challenge
	if why != errNoToken {
		fields = challenge[:len(challenge)-2] + ", error=\"invalid_token\"\r\n"
	}
	return who, &Refusal{Status: 401, Words: why.Error(), Fields: fields}
}
