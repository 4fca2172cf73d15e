package main

import (
	"bytes"
	"errors"
	"strconv"
	"time"
)

// openConn is a connection with at most one request on it.
type openConn struct {
	fd       int
	busy     bool
	due      time.Duration
	sent     bool   // the request was sent
	head     []byte // the part of the response's head that has arrived
	body     int    // bytes of the body that are missing; -1 while the head is incomplete
	bad      bool   // the status is not 200
	finished bool   // the request was answered; the connection waits for its end
}

// take takes bytes of the response and reports whether they were the last.
func (c *openConn) take(b []byte) bool {
	if c.body < 0 {
		c.head = append(c.head, b...)
		end := bytes.Index(c.head, []byte("\r\n\r\n"))
		if end < 0 {
			return false
		}
		c.bad = !bytes.HasPrefix(c.head, []byte("HTTP/1.1 200")) && !bytes.HasPrefix(c.head, []byte("HTTP/1.0 200"))
		c.body = contentLength(c.head[:end]) - (len(c.head) - end - 4)
	} else {
		c.body -= len(b)
	}
	return c.body <= 0
}

// contentLength returns the value of Content-Length; 0 without the field.
func contentLength(head []byte) int {
	for line := range bytes.Lines(head) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && bytes.EqualFold(name, []byte("Content-Length")) {
			n, _ := strconv.Atoi(string(bytes.TrimSpace(value)))
			return n
		}
	}
	return 0
}

var errClosedEarly = errors.New("the connection ended before the answer")
