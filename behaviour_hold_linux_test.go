package main

import (
	"fmt"
	"testing"
)

// TestHold_costsLittle: 500 exchanges that are held, with a body of 10 KB each, in a program
// without the race detector.
func TestHold_costsLittle(t *testing.T) {
	const n, body, most = 500, 10_000, 40 << 10
	p := startProcess(t, plainly, nil, "--backend", refusing(t), "--hold", "10m", "--queue-timeout", "10m")
	pid := p.cmd.Process.Pid
	before := pss(t, pid)
	var held []*client
	for i := range n {
		c := p.dial(t)
		if err := c.sendAndAwaitRead(fmt.Sprintf("PUT /%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%0*d", i, body, body, i)); err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	each := (pss(t, pid) - before) / n
	t.Logf("a held exchange with a body of %d bytes takes %d bytes", body, each)
	if each > most+body && !underRace {
		t.Errorf("a held exchange takes %d bytes, want %d and its body of %d", each, most, body)
	}
	for _, c := range held {
		c.Close()
	}
}
