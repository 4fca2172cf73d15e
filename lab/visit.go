package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"time"
)

// visit is one connection to a misbehaving backend. It belongs to the goroutine that serves it; others may only abort it.
//
// It has no deadline, because such backends wait for a silent client for ever. Close of the backend ends it.
type visit struct {
	*net.TCPConn
	backend *Faulty
	number  int              // counted over all connections of the backend, from 1
	limit   io.LimitedReader // bounds the bytes of a head
	in      *bufio.Reader    // reads limit
	tape    *tape            // what limit reads is kept here; nil for most kinds
}

// request is a request that has arrived whole. Its body is read and dropped.
type request struct {
	*http.Request
	number int // counted over all requests of the backend, from 1
}

const maxHead = 1 << 20

func newVisit(b *Faulty, c *net.TCPConn, number int) *visit {
	v := &visit{TCPConn: c, backend: b, number: number, limit: io.LimitedReader{R: c}}
	v.in = bufio.NewReader(&v.limit)
	return v
}

// next reads a request to its end. It is not ok if the connection ends, or the request is malformed.
func (v *visit) next() (request, bool) {
	r, err := v.receive()
	return r, err == nil
}

// receive reads a request to its end, and counts it.
func (v *visit) receive() (request, error) {
	v.limit.N = maxHead
	r, err := http.ReadRequest(v.in)
	if err != nil {
		return request{}, err
	}
	v.limit.N = math.MaxInt64
	if r.ContentLength != 0 && r.Header.Get("Expect") == "100-continue" {
		io.WriteString(v, "HTTP/1.1 100 Continue\r\n\r\n")
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return request{}, err
	}
	return request{r, v.backend.count(r)}, nil
}

// answer sends a whole response, and reports whether the connection can be used for another request.
func (v *visit) answer(r request, status int) bool {
	return v.say(r, "HTTP/1.1", status, !r.Close) && !r.Close
}

// answerLast sends a whole response as a server does that serves one request on each connection.
func (v *visit) answerLast(r request) { v.say(r, "HTTP/1.0", http.StatusOK, false) }

// say sends a response with a line of text. A status always has the same line, because ab counts another length as a failure.
func (v *visit) say(r request, version string, status int, keep bool) bool {
	text := http.StatusText(status) + "\n"
	whole := append(head(r, version, status, "text/plain", size(len(text)), keep), text...)
	if r.Method == http.MethodHead {
		whole = whole[:len(whole)-len(text)]
	}
	_, err := v.Write(whole)
	return err == nil
}

// begin sends the head of a response with n bytes of body.
func (v *visit) begin(r request, n size) bool {
	_, err := v.Write(head(r, "HTTP/1.1", http.StatusOK, "text/plain", n, !r.Close))
	return err == nil
}

// head returns the head of a response. Lab-Request is the number of the request, which shows in which order the backend read
// the requests.
func head(r request, version string, status int, kind string, n size, keep bool) []byte {
	connection := "close"
	if keep {
		connection = "keep-alive" // HTTP/1.0 clients need the field
	}
	return fmt.Appendf(nil, "%s %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nLab-Request: %d\r\nConnection: %s\r\n\r\n",
		version, status, http.StatusText(status), time.Now().UTC().Format(http.TimeFormat), kind, n, r.number, connection)
}

// filling is repeated to make large bodies.
var filling = bytes.Repeat([]byte("This is a backend of tenfour's lab: a line of sixty-four bytes.\n"), 4096)

// fill sends n bytes of body.
func (v *visit) fill(n size) bool {
	for n > 0 {
		sent, err := v.Write(filling[:min(n, size(len(filling)))])
		if err != nil {
			return false
		}
		n -= size(sent)
	}
	return true
}

// paced sends n bytes by calls of send, with pauses that give the rate in bytes a second: twenty pieces a second, or less often a
// single byte. The rate 0 is all at once.
func (v *visit) paced(n, rate size, send func(size) bool) bool {
	if rate == 0 {
		return send(n)
	}
	piece := max(rate/20, 1)
	every := time.Duration(float64(piece) / float64(rate) * float64(time.Second))
	for left := n; left > 0; left -= piece {
		if !send(min(piece, left)) || !v.backend.pause(every) {
			return false
		}
	}
	return true
}

// abort ends the connection with a reset.
func (v *visit) abort() {
	v.SetLinger(0)
	v.TCPConn.Close()
}

// Close ends the connection and removes it from the backend.
func (v *visit) Close() error {
	v.backend.forget(v)
	return v.TCPConn.Close()
}
