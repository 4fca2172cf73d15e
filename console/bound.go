package console

import (
	"cmp"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connectionsMost = 256       // that are served at the same time
	refusalsMost    = 32        // that are told so at the same time, and no more than are served; others are closed at once
	sendBuffer      = 128 << 10 // bytes that the kernel holds for a client that reads slowly
	tooMany         = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nRetry-After: 5\r\n\r\n" +
		"503: the console has as many connections as it serves: close some of its pages\n"
)

// boundedListener accepts connections, of which only so many are open at the same time. Further ones are answered with 503.
type boundedListener struct {
	net.Listener
	most     func() int32
	open     atomic.Int32
	refusing chan struct{} // has a value for each client that is told
	wait     time.Duration // for such a client to read it
	told     sync.WaitGroup
}

func (s *Server) bounded(l net.Listener) *boundedListener {
	most := func() int32 { return int32(cmp.Or(s.now.Load().Most, connectionsMost)) }
	return &boundedListener{Listener: l, most: most, refusing: make(chan struct{}, refusalsMost), wait: s.patience.refusal}
}

// Accept returns the next connection for which there is a place.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.most() {
			if b, ok := c.(interface{ SetWriteBuffer(int) error }); ok {
				b.SetWriteBuffer(sendBuffer)
			}
			return &placed{Conn: c, open: &l.open}, nil
		}
		l.open.Add(-1)
		l.refuse(c)
	}
}

// refuse tells a client that there is no place, without waiting for it. Each that is told has a descriptor, of which clients of tenfour may
// need all that the console does not serve with.
func (l *boundedListener) refuse(c net.Conn) {
	if len(l.refusing) >= int(l.most()) { // none is added meanwhile: one goroutine accepts
		c.Close()
		return
	}
	select {
	case l.refusing <- struct{}{}:
		l.told.Go(func() { // ends within the wait
			sayTooMany(c, l.wait)
			<-l.refusing
		})
	default:
		c.Close()
	}
}

// sayTooMany answers, and then reads for a moment: to close a connection with bytes unread would take the answer from its client.
func sayTooMany(c net.Conn, wait time.Duration) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(wait))
	if _, err := io.WriteString(c, tooMany); err != nil {
		return
	}
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	io.Copy(io.Discard, io.LimitReader(c, headMost))
}

// Close ends Accept, and returns when no client is told anything any more.
func (l *boundedListener) Close() error {
	err := l.Listener.Close()
	l.told.Wait()
	return err
}

// placed gives its place back when it is closed.
type placed struct {
	net.Conn
	open *atomic.Int32
	once sync.Once
}

// CloseWrite ends what goes to the client, which may still send: package http does so after a refusal, so that the client can read it.
func (c *placed) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *placed) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}
