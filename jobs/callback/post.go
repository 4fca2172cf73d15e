package callback

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tenfour/jobs"
	"tenfour/value/target"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// bounds are what a receiver may cost.
type bounds struct {
	Connect time.Duration // looking up its name and connecting; as long again for TLS
	Whole   time.Duration // an attempt in all
	Rest    time.Duration // the body of its answer, which is thrown away
	Head    int64         // bytes of the head of its answer, with those of 1xx
	Body    int64         // bytes of the body of its answer
}

var theBounds = bounds{Connect: 10 * time.Second, Whole: 30 * time.Second, Rest: 5 * time.Second, Head: 16 << 10, Body: 64 << 10}

// failureMost is how many bytes of a failure are kept. A receiver may have written some of them.
const failureMost = 200

// post sends a message to a target that callback_allow permits.
func (s *Sender) post(to target.URL, m message, keys [][]byte) jobs.Answer {
	ctx, cancel := context.WithTimeout(s.ctx, s.c.bounds.Whole)
	defer cancel()
	r, err := s.request(ctx, to, m, keys)
	if err != nil {
		return jobs.Answer{Failure: cutShort(err.Error())}
	}
	transport := s.transport(to)
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r) // not a Client: that would follow redirects, and keep cookies
	if err != nil {
		return jobs.Answer{Failure: s.failure(err)}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSwitchingProtocols { // its body is the connection, which no context ends
		s.throwAway(answer.Body, cancel)
	}
	a := jobs.Answer{Status: answer.StatusCode}
	if a.Status/100 == 3 {
		a.Failure = fmt.Sprintf("the receiver answered %d, and redirects are not followed", a.Status)
	}
	if text := answer.Header.Get("Retry-After"); text != "" && a.Status/100 != 2 {
		a.RetryAfter = jobs.RetryAfter(text, s.c.now())
	}
	return a
}

// request is the POST: a signature for each key (Standard Webhooks).
func (s *Sender) request(ctx context.Context, to target.URL, m message, keys [][]byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(m.body))
	if err != nil {
		return nil, err
	}
	if r.URL.Scheme+"://"+r.URL.Host != to.Origin() || r.URL.RequestURI() != to.Path+to.Query {
		return nil, errors.New("its URL has two readings") // net/http would ask for something else than was permitted
	}
	now := s.c.now()
	signatures, err := sign(m, now, keys)
	if err != nil {
		return nil, err
	}
	r.Header = http.Header{
		"Content-Type":                          {"application/json"},
		"User-Agent":                            {"tenfour"},
		standardwebhooks.HeaderWebhookID:        {m.id},
		standardwebhooks.HeaderWebhookTimestamp: {strconv.FormatInt(now.Unix(), 10)},
		standardwebhooks.HeaderWebhookSignature: {signatures},
	}
	return r, nil
}

// sign returns a signature for each key, with a space between two.
func sign(m message, at time.Time, keys [][]byte) (string, error) {
	var all []byte
	for _, key := range keys {
		hook, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return "", err
		}
		one, err := hook.Sign(m.id, at, m.body)
		if err != nil {
			return "", err
		}
		if len(all) > 0 {
			all = append(all, ' ')
		}
		all = append(all, one...)
	}
	return string(all), nil
}

// transport is for one POST: nothing of it is used again. It knows no proxy, also none of the environment.
func (s *Sender) transport(to target.URL) *http.Transport {
	return &http.Transport{
		DialContext:            guard{to, s.c.Server(), s.c.bounds.Connect}.dial,
		TLSClientConfig:        s.c.TLS.Clone(),
		TLSHandshakeTimeout:    s.c.bounds.Connect,
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{}, // no HTTP/2
		MaxResponseHeaderBytes: s.c.bounds.Head,
		DisableKeepAlives:      true,
		DisableCompression:     true, // an answer is not to grow on its way
	}
}

// throwAway reads the rest of an answer, so that its receiver is not reset while it writes. Its status has been read, so nothing that
// happens here matters.
func (s *Sender) throwAway(body io.Reader, cancel context.CancelFunc) {
	late := time.AfterFunc(s.c.bounds.Rest, cancel)
	defer late.Stop()
	_, _ = io.CopyN(io.Discard, body, s.c.bounds.Body)
}

// failure says why there was no answer. It has no address, and nothing of the URL: a job's record shows it to the job's client.
func (s *Sender) failure(err error) string {
	address, dns, op, cert := errAddress(""), (*net.DNSError)(nil), (*net.OpError)(nil), (*tls.CertificateVerificationError)(nil)
	host, authority := x509.HostnameError{}, x509.UnknownAuthorityError{}
	switch {
	case errors.As(err, &address):
		return address.Error()
	case errors.As(err, &dns) && dns.IsNotFound:
		return "its name has no address"
	case errors.As(err, &dns) && !errors.Is(err, context.DeadlineExceeded):
		return "its name was not looked up: " + cutShort(dns.Err)
	case errors.As(err, &host):
		return "its certificate is for another name"
	case errors.As(err, &authority):
		return "its certificate is of an authority that this machine does not know"
	case errors.As(err, &cert):
		return "its certificate does not do: " + cutShort(cert.Err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %v", s.c.bounds.Whole)
	case errors.As(err, &op) && op.Timeout():
		return fmt.Sprintf("no connection within %v", s.c.bounds.Connect)
	case errors.As(err, &op):
		return cutShort(op.Err.Error())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the receiver closed the connection without an answer"
	}
	return cutShort(err.Error())
}

// cutShort is a text of at most failureMost bytes.
func cutShort(text string) string {
	if len(text) <= failureMost {
		return text
	}
	return strings.ToValidUTF8(text[:failureMost], "") + "…"
}
