package lab

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// recorded makes the visit keep the first most bytes of each request. It is called before the first request is read.
func (v *visit) recorded(most size) {
	v.tape = &tape{from: v.limit.R, most: int(most)}
	v.limit.R = v.tape
}

// hear reads a request to its end, and returns it with its bytes. When it is malformed or incomplete, the error says so, and the
// bytes are all that came. The error is io.EOF when the connection ended between two requests.
func (v *visit) hear() (request, message, error) {
	ahead, _ := v.in.Peek(v.in.Buffered())
	v.tape.rewind(ahead)
	r, err := v.receive()
	if err == nil {
		return r, v.tape.message(v.in.Buffered()), nil
	}
	m := v.tape.message(0)
	if m.size == 0 {
		return request{}, m, io.EOF
	}
	return request{}, m, errors.New(v.why(err))
}

// why says what was wrong with a request that could not be read.
func (v *visit) why(err error) string {
	if v.limit.N <= 0 {
		return "its head is larger than " + size(maxHead).String()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection ended before the request was complete"
	}
	return strings.TrimPrefix(err.Error(), "net/http: ")
}

// reply is a whole response with content of any type.
type reply struct {
	status  int
	kind    string // its Content-Type
	content []byte
}

// bytes returns the response as it goes out. A request that could not be read has the number 0, and ends the connection.
func (a reply) bytes(r request) []byte {
	whole := head(r, "HTTP/1.1", a.status, a.kind, size(len(a.content)), r.Request != nil && !r.Close)
	if r.Request != nil && r.Method == http.MethodHead {
		return whole
	}
	return append(whole, a.content...)
}

// lingering is how long a backend reads on after its last byte, so that a reset does not destroy what the client has not read.
const lingering = time.Second

// endAfterReading sends the end of the connection, and waits a moment for that of the client.
func (v *visit) endAfterReading() {
	v.CloseWrite()
	v.SetReadDeadline(time.Now().Add(lingering))
	io.Copy(io.Discard, v.TCPConn)
}
