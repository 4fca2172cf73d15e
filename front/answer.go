package front

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"

	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/pool"
	"tenfour/sock"
)

// answerFailure answers an exchange whose response never began. If it found no slot in time, the answer says when to try again.
func (c *client) answerFailure(e *forward.Error) outcome {
	extra := ""
	var unserved pool.Outcome
	if e.Status == 503 || errors.As(e, &unserved) {
		extra = retryAfter
	}
	var refused *forward.Refused
	if e.Side == forward.Client && errors.As(e, &refused) { // of a body, which has streamed so far
		c.keepIfWhole(e.Status)
		return c.tell(e.Status, refused.Words(), e.Error(), extra+noSniffing, faultOf(refused))
	}
	return c.answerPlainly(e.Status, e.ForClient(), e.Error(), extra)
}

// answer prepares a response of tenfour's own, with extra field lines. The client and the log get the same words. The connection
// persists if the request was read whole and lets it. It returns goOn: the next step writes the response.
func (c *client) answer(status int, words, extra string) outcome {
	return c.answerPlainly(status, words, words, extra)
}

// answerPlainly is answer with other words for the log: the reason, which may have what only the operator should know. The request
// id joins both.
func (c *client) answerPlainly(status int, words, reason, extra string) outcome {
	c.keepIfWhole(status)
	return c.write(status, words, reason, extra)
}

// keepIfWhole lets the connection persist after an answer only if the request was read whole, and there is no doubt about it.
func (c *client) keepIfWhole(status int) {
	r := c.req
	whole := r.Head.Framing == httpparse.NoBody || r.BodyWhole
	if status == 400 || status == 405 || status == 408 || !whole || c.phase == reading && !r.hasHead() || c.front.draining.Load() {
		r.Persists = false
	}
}

// answerClosing is answer for a connection that persists only if r.Persists says so.
func (c *client) answerClosing(status int, words, extra string) outcome {
	return c.write(status, words, words, extra)
}

// write prepares the response, whose connection persists if r.Persists says so.
func (c *client) write(status int, words, reason, extra string) outcome {
	return c.tell(status, words, reason, extra, nil)
}

// tell is write for a request that breaks a rule; f is nil for another.
func (c *client) tell(status int, words, reason, extra string, f *fault) outcome {
	r := c.req
	jsonly := r.asksForJSON()
	return c.send(status, errorPage(status, words, c.front.ids.text(r.id), jsonly, f), jsonly, reason, extra)
}

// send is write with a page that is given.
func (c *client) send(status int, page []byte, jsonly bool, reason, extra string) outcome {
	r := c.req
	r.status, r.own, r.reason = status, true, reason
	out := sock.GetBuffer(1024)
	out.B = r.appendAnswerHead(out.B[:0], status, c.front.ids.text(r.id), jsonly, len(page), extra)
	if !r.isHead() {
		out.B = append(out.B, page...)
		r.bytes = int64(len(page))
	}
	return c.deliver(out, forward.Portion{})
}

// deliver ends the request with a response that is held, which counts as the portion of hold_max. The next step writes it.
func (c *client) deliver(out *sock.Buffer, counts forward.Portion) outcome {
	r := c.req
	c.since.Store(0)
	r.givenLast(out.B)
	r.log()
	c.then = lingerOn
	if r.Persists {
		c.then = nextHead
		c.keepRest()
	}
	c.endRequest()
	c.out, c.outAt, c.portion = out, 0, counts
	c.phase = flushing
	c.waiter.SetDeadline(0)
	return goOn
}

// appendAnswerHead appends the head of an answer with a page of so many bytes. If the request has reached a route, the route's edits
// apply to it, as to any other response.
func (r *request) appendAnswerHead(b []byte, status int, id string, jsonly bool, length int, extra string) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, statusText(status)...)
	b = append(b, "\r\n"...)
	own := len(b)
	b = append(b, "Server: tenfour\r\n"...)
	b = forward.AppendDate(b)
	b = append(b, "X-Request-Id: "...)
	b = append(b, id...)
	b = append(b, "\r\n"...)
	needed := len(b)
	if jsonly {
		b = append(b, "Content-Type: application/json\r\nContent-Length: "...)
	} else {
		b = append(b, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: "...)
	}
	b = strconv.AppendInt(b, int64(length), 10)
	b = append(b, "\r\n"...)
	b = append(b, extra...)
	if r.Route != nil {
		b = r.Route.Settings.Response.EditAnswer(b, own, needed)
	}
	return append(r.appendConnection(b), "\r\n"...)
}

// appendConnection appends what the client is told of its connection (RFC 9112 §9.3).
func (r *request) appendConnection(b []byte) []byte {
	switch {
	case !r.Persists:
		return append(b, "Connection: close\r\n"...)
	case r.Head.Minor == 0:
		return append(b, "Connection: keep-alive\r\n"...)
	}
	return b
}

// isHead reports whether the request's method is HEAD, also if its head was rejected.
func (r *request) isHead() bool {
	if r.hasHead() {
		return r.Head.Verb == httpparse.Head
	}
	return bytes.HasPrefix(bytes.TrimLeft(r.c.in.Rest(), "\r\n"), []byte("HEAD "))
}

// asksForJSON reports whether the client wants JSON, also if its head was rejected or is late.
func (r *request) asksForJSON() bool {
	if r.hasHead() {
		return r.Head.AcceptsJSON
	}
	return httpparse.AsksForJSON(r.c.in.Rest())
}

// errorPage returns the content of an answer of tenfour's own.
func errorPage(status int, words, id string, asJSON bool, f *fault) []byte {
	if asJSON {
		page, err := json.Marshal(struct {
			Status    int    `json:"status"`
			Title     string `json:"title"`
			Detail    string `json:"detail"`
			RequestID string `json:"request_id"`
			*fault
		}{status, statusText(status), words, id, f})
		if err == nil {
			return append(page, '\n')
		}
	}
	page := f.appendText([]byte(strconv.Itoa(status) + " " + statusText(status) + "\n\n" + words + "\n"))
	return append(page, "\ntenfour, request "+id+"\n"...)
}

// statusText returns the reason phrase of a status with which tenfour itself answers.
func statusText(status int) string {
	switch status {
	case 200:
		return "OK"
	case 202:
		return "Accepted"
	case 301:
		return "Moved Permanently"
	case 308:
		return "Permanent Redirect"
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 408:
		return "Request Timeout"
	case 409:
		return "Conflict"
	case 410:
		return "Gone"
	case 411:
		return "Length Required"
	case 413:
		return "Content Too Large"
	case 414:
		return "URI Too Long"
	case 417:
		return "Expectation Failed"
	case 422:
		return "Unprocessable Content"
	case 429:
		return "Too Many Requests"
	case 431:
		return "Request Header Fields Too Large"
	case 500:
		return "Internal Server Error"
	case 501:
		return "Not Implemented"
	case 502:
		return "Bad Gateway"
	case 503:
		return "Service Unavailable"
	case 504:
		return "Gateway Timeout"
	case 505:
		return "HTTP Version Not Supported"
	case 507:
		return "Insufficient Storage"
	case 508:
		return "Loop Detected"
	}
	return "Error"
}
