package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// moody is a backend that sleeps for each request, and whose limits can change while it runs.
type moody struct {
	ln net.Listener
	is atomic.Pointer[mood]
}

type mood struct {
	each  time.Duration
	lanes chan struct{} // its capacity is how many requests it serves at a time
	any   bool          // it serves any number at a time
}

func (m *moody) listen() (err error) {
	if m.ln, err = net.Listen("tcp4", "127.0.0.1:0"); err == nil {
		go m.accept() // ends with the listener
	}
	return err
}

func (m *moody) accept() {
	for {
		c, err := m.ln.Accept()
		if err != nil {
			return
		}
		go m.serve(c) // ends with the connection
	}
}

func (m *moody) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	answer := append(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", pageSize), bytes.Repeat([]byte("x"), pageSize)...)
	for {
		if _, _, err := readRequest(in); err != nil {
			return
		}
		now := m.is.Load()
		if !now.any {
			now.lanes <- struct{}{}
		}
		time.Sleep(now.each)
		if !now.any {
			<-now.lanes
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}
