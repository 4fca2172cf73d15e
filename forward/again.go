package forward

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"syscall"

	"tenfour/pool"
)

// giveUp ends the attempt at a backend that cannot be reached. Nothing was sent, so it may be asked of one once more.
func (x *Exchange) giveUp(err error) bool {
	if mayPass(err) {
		x.slot.Down(downWords(err), true)
		x.askAgain = x.entry == nil
	} else {
		x.slot.Failed("failed its TLS handshakes")
	}
	return x.fail(Backend, 502, fmt.Errorf("%s: no connection: %w", x.backend, err))
}

// unanswered ends the attempt at a backend that has ended the connection before a byte came back. What is safe to
// repeat, and still at hand, may be asked of one once more.
func (x *Exchange) unanswered(err error) bool {
	x.slot.Down(downWords(err), false)
	x.askAgain = x.entry == nil && !x.heard && (x.up.given == 0 && x.intact() || x.repeats())
	return false
}

// downWords says what a backend did that is down, behind its name.
func downWords(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused connections"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset connections without an answer"
	case errors.Is(err, io.EOF), errors.Is(err, errIncomplete):
		return "closed connections without an answer"
	}
	return fmt.Sprintf("could not be reached (%v)", err)
}

// mayPass reports whether a backend that could not be reached may be by and by: nobody who speaks TLS with another
// certificate, or none at all, will.
func mayPass(err error) bool {
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return !errors.As(err, &cert) && !errors.As(err, &record) && !errors.As(err, &alert)
}

// intact reports whether all of the request is still there from its first byte.
func (x *Exchange) intact() bool { return x.up.given == 0 && x.up.content == 0 || x.whole() }

// goAgain gives x back to its route's queue. Once it has reported true x may be another worker's.
func (x *Exchange) goAgain() bool {
	unreached, failure, keep, surplus := x.lender, x.failure, x.persists, x.surplus
	if x.lent {
		x.lent = false
		x.lender.Return()
	}
	x.calm()
	x.unlist()
	x.closeLink()
	x.askAgain, x.failure, x.heard = false, nil, false
	x.Res.Reset()
	x.down = flow{out: x.down.out}
	x.persists, x.surplus = x.Persists, false
	x.At.Left = x.clientLeft()
	o := x.Route.Queue.Again(x, unreached)
	if !o.Unserved() {
		return true
	}
	x.failure, x.persists, x.surplus = failure, keep, surplus
	switch o.State {
	case pool.HeldOut:
		failure.Err = o
	case pool.Gone, pool.Late:
		x.refuse(o)
	}
	return false
}

// tellLoss tells the pool of an exchange that was lost to a backend which could be reached.
func (x *Exchange) tellLoss() {
	if f := x.failure; f != nil && f.Side == Backend && f.Step > Connect && x.slot != nil {
		x.slot.Failed("failed")
	}
}
