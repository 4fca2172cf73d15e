package admit

import (
	"net/netip"

	"tenfour/httpparse"
	"tenfour/value/choice"
)

// Rule says which clients may pass on a route. The zero value admits every client. It never changes.
type Rule struct {
	Allow   Networks // only clients in them may pass; nil: any
	Deny    Networks // clients in them may not pass
	Trusted Networks // proxies whose X-Forwarded-For is believed
	Tokens  *Tokens  // a client must show one of them; nil: none is needed
	Limits  []*Limit // all of them must admit; they are asked in this order
}

// Caller is the client of a request.
type Caller struct {
	Addr netip.Addr // its address, see ClientAddr
	Name string     // the name of the token that it has shown; "" for none
}

// Refusal says why a request may not pass, and how it is answered.
type Refusal struct {
	Status int    // 400, 401, 403 or 429
	Words  string // the reason, for the client
	Log    string // the reason, with what only the operator should know; "" if Words is all
	Fields string // field lines for the answer, each with its CRLF
	Offset int    // with 400, the byte of the head that is wrong; Words begin with the rule's section
}

// Reason returns why the request may not pass, for the log.
func (r *Refusal) Reason() string {
	if r.Log != "" {
		return r.Log
	}
	return r.Words
}

// challenge is the field line that a 401 must have (RFC 9110 §11.6.1, RFC 6750 §3).
const challenge = "WWW-Authenticate: Bearer realm=\"tenfour\"\r\n"

// Check returns the client of a request that came from peer, and why the request may not pass. nil means that it may pass
// if its limits admit it, which Check does not ask.
func (r *Rule) Check(peer netip.Addr, req *httpparse.Request, buf []byte) (who Caller, _ *Refusal) {
	who.Addr = ClientAddr(peer, r.Trusted, req, buf)
	if r.Allow != nil && !r.Allow.Has(who.Addr) || r.Deny.Has(who.Addr) {
		return who, &Refusal{Status: 403, Words: "this route is not for your address", Log: "this route is not for " + who.Addr.String()}
	}
	if name, at := r.repeated(req, buf); name != "" {
		return who, &Refusal{Status: 400, Words: "RFC 9110 §5.3: there is more than one " + name + ", and this route decides by it: send one", Offset: at}
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

// Knows reports whether a token lets a request pass: it is one of the rule's, or the rule asks for none.
func (r *Rule) Knows(token []byte) bool {
	if r.Tokens == nil {
		return true
	}
	_, known := r.Tokens.Name(token)
	return known
}

// repeated returns the name of a field that the route decides by and that stands in several lines of the request; "" for
// none. Two servers could go by different ones (RFC 9110 §5.3). at is where in the head its second line begins.
func (r *Rule) repeated(req *httpparse.Request, buf []byte) (name string, at int) {
	for _, l := range r.Limits {
		if l.By != choice.ByHeader {
			continue
		}
		if _, lines := l.counted(req, buf); lines > 1 {
			return l.Header, secondLine(req, buf, l.Header)
		}
	}
	if r.Tokens != nil && authorizations(req) > 1 {
		return "Authorization", secondLine(req, buf, "Authorization")
	}
	return "", 0
}

// secondLine returns where the second line of a field begins.
func secondLine(req *httpparse.Request, buf []byte, name string) int {
	lines := 0
	for i := range req.Fields {
		if f := &req.Fields[i]; httpparse.SameField(f.Name.In(buf), name) {
			if lines++; lines == 2 {
				return int(f.Name.Start)
			}
		}
	}
	return 0
}
