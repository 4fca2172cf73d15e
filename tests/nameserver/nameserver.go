// Package nameserver answers for names as a test says: a DNS server on loopback, which can be mute.
//
//	s := nameserver.Start(t)
//	s.Set("app.test", "127.0.0.1")
//	s.Mute(true) // from now on it receives questions, and does not answer
//
// It speaks as much of RFC 1035 as a stub resolver needs: one question over UDP, and records of type A and AAAA.
package nameserver

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// Server is a DNS server. Safe for use by several goroutines.
type Server struct {
	Addr string // HOST:PORT

	conn *net.UDPConn

	mu    sync.Mutex // guards the rest
	addrs map[string][]netip.Addr
	mute  bool
	asked int // questions for A records
}

// Start starts a server that knows no name. It ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: conn.LocalAddr().String(), conn: conn, addrs: map[string][]netip.Addr{}}
	var serving sync.WaitGroup
	serving.Go(s.serve) // ends with Close
	t.Cleanup(func() {
		conn.Close()
		serving.Wait()
	})
	return s
}

// Set makes name have these addresses from now on. Without any, there is no such name.
func (s *Server) Set(name string, addrs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.addrs, name)
	for _, a := range addrs {
		s.addrs[name] = append(s.addrs[name], netip.MustParseAddr(a))
	}
}

// Mute says whether the server is not to answer.
func (s *Server) Mute(mute bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = mute
}

// Asked returns how many questions for A records have come.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *Server) serve() {
	buf := make([]byte, 1<<10)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if answer := s.answer(buf[:n]); answer != nil {
			s.conn.WriteToUDPAddrPort(answer, from)
		}
	}
}

const (
	headerLen = 12
	typeA     = 1
	typeAAAA  = 28
	noName    = 3 // RCODE
)

// answer returns the answer to a question, nil for none.
func (s *Server) answer(q []byte) []byte {
	name, end := question(q)
	if end == 0 {
		return nil
	}
	kind := binary.BigEndian.Uint16(q[end-4:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind == typeA {
		s.asked++
	}
	if s.mute {
		return nil
	}
	a := append([]byte(nil), q[:end]...)
	binary.BigEndian.PutUint16(a[2:], 0x8180) // a response, recursion desired and available
	clear(a[6:headerLen])
	addrs, known := s.addrs[name]
	if !known {
		a[3] |= noName
	}
	for _, addr := range addrs {
		if addr.Is4() != (kind == typeA) || addr.Is6() != (kind == typeAAAA) {
			continue
		}
		a[7]++                         // answers
		a = append(a, 0xc0, headerLen) // the name of the question
		a = binary.BigEndian.AppendUint16(a, kind)
		a = binary.BigEndian.AppendUint16(a, 1)   // IN
		a = binary.BigEndian.AppendUint32(a, 600) // seconds to live
		raw := addr.AsSlice()
		a = binary.BigEndian.AppendUint16(a, uint16(len(raw)))
		a = append(a, raw...)
	}
	return a
}

// question returns the name that is asked for, and where the question ends; 0 for a message that is not one question.
func question(q []byte) (name string, end int) {
	if len(q) < headerLen || q[2]&0x80 != 0 || binary.BigEndian.Uint16(q[4:]) != 1 {
		return "", 0
	}
	var labels []string
	for at := headerLen; at < len(q); {
		n := int(q[at])
		at++
		if n == 0 {
			if end = at + 4; end > len(q) {
				return "", 0
			}
			return strings.ToLower(strings.Join(labels, ".")), end
		}
		if at+n > len(q) {
			return "", 0
		}
		labels = append(labels, string(q[at:at+n]))
		at += n
	}
	return "", 0
}
